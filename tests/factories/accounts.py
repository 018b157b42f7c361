"""People for tests. A person made here has proven their contact and signs in with PASSWORD."""

from __future__ import annotations

from typing import Any

import factory
from django.contrib.auth.models import Group
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import Address, Device, Preferences, User
from milkdelivery.core.actors import Role

PASSWORD = "milk-at-dawn"


class UserFactory(DjangoModelFactory[User]):
    """A household with a proven e-mail address. ``UserFactory(role=Role.DRIVER)`` gives another role."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        by_phone = factory.Trait(
            email=None,
            phone=factory.Sequence(lambda number: f"+9198{number:08d}"),
        )
        # Known from a checkout only: nothing proven, no password.
        contact_only = factory.Trait(
            email=None,
            contact_email=factory.Sequence(lambda number: f"contact{number}@example.com"),
            password=None,
        )

    email: Any = factory.Sequence(lambda number: f"person{number}@example.com")
    name: Any = factory.Sequence(lambda number: f"Asha Rao {number}")
    password = PASSWORD
    role: Any = None

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> User:
        password, role = kwargs.pop("password"), kwargs.pop("role")
        user = model_class(*args, **kwargs)
        user.set_password(password)
        user.save()
        if user.email:
            user.emailaddress_set.create(email=user.email, verified=True, primary=True)
        if role is not None and role != Role.CUSTOMER:
            user.groups.add(Group.objects.get(name=role))
        return user


class DriverUserFactory(UserFactory):
    role = Role.DRIVER


class VendorUserFactory(UserFactory):
    role = Role.VENDOR


class ManagerFactory(UserFactory):
    role = Role.MANAGER


class AdminFactory(UserFactory):
    role = Role.ADMIN


class AddressFactory(DjangoModelFactory[Address]):
    class Meta:
        model = Address

    user = factory.SubFactory(UserFactory)
    label = "Home"
    society = "Green Meadows"
    flat = "4B"
    line1 = "12 Temple Road"
    city = "Bengaluru"
    state = "Karnataka"
    pincode = "560038"
    is_default = True


class PreferencesFactory(DjangoModelFactory[Preferences]):
    class Meta:
        model = Preferences

    user = factory.SubFactory(UserFactory)


class DeviceFactory(DjangoModelFactory[Device]):
    class Meta:
        model = Device

    user = factory.SubFactory(UserFactory)
    os = "Android"
    browser = "Chrome Mobile"
    ip = "203.0.113.7"
    first_seen_at: Any = factory.LazyFunction(timezone.now)
    last_seen_at: Any = factory.LazyFunction(timezone.now)
