"""Every write about people."""

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.events import UserRegistered, UserUpdated
from accounts.models import Address, User
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import InvalidInput, NotFound
from milkdelivery.core.eventlog import emit


class ContactMissing(InvalidInput):
    code = "contact_missing"


def register_contact(*, name: str, email: str = "", phone: str = "", by: Actor) -> User:
    """A new person known only by what they typed at checkout: nothing proven, no password, no sign-in.

    Never looks whether somebody else has that contact: the answer must be the same. Emits UserRegistered.
    Raises ContactMissing without an e-mail address or phone.
    """
    if not (email or phone):
        raise ContactMissing(_("Enter an e-mail address or a phone number."), field="contact")
    with transaction.atomic():
        user = User(name=name, contact_email=email.lower(), contact_phone=phone, last_active_at=clock.now())
        user.set_unusable_password()
        user.save()
        emit(UserRegistered(user.pk, via="checkout"), actor=by)
    return user


def update_profile(user_id: int, *, by: Actor, **changes: Any) -> User:
    """Change what a person may change of themselves: name, contact_email, contact_phone. Emits UserUpdated."""
    allowed = {"name", "contact_email", "contact_phone"}
    with transaction.atomic():
        user = User.objects.locked(user_id)
        changed = [field for field in sorted(allowed & set(changes)) if getattr(user, field) != changes[field]]
        if not changed:
            return user
        for field in changed:
            setattr(user, field, changes[field])
        user.save(update_fields=[*changed, "updated_at"])
        emit(UserUpdated(user.pk, tuple(changed)), actor=by)
    return user


def save_address(address: Address, *, by: Actor) -> Address:
    """Keep a new or changed address. The first one becomes the default; a new default replaces the old one.

    Emits UserUpdated.
    """
    with transaction.atomic():
        User.objects.select_for_update(of=("self",)).only("pk").get(pk=address.user_id)
        others = Address.objects.of(address.user_id).exclude(pk=address.pk)
        if address.is_default:
            others.filter(is_default=True).update(is_default=False)
        elif not others.filter(is_default=True).exists():
            address.is_default = True
        address.save()
        emit(UserUpdated(address.user_id, ("addresses",)), actor=by)
    return address


def delete_address(address_id: int, *, user_id: int, by: Actor) -> None:
    """Forget an address; past orders keep their snapshot. Another becomes the default. Safe to repeat.

    Raises NotFound for somebody else's. Emits UserUpdated.
    """
    with transaction.atomic():
        User.objects.select_for_update(of=("self",)).only("pk").get(pk=user_id)
        address = Address.objects.of(user_id).filter(pk=address_id).first()
        if address is None:
            raise NotFound(_("There is no such address."))
        was_default = address.is_default
        address.is_deleted, address.is_default = True, False
        address.save(update_fields=["is_deleted", "is_default", "updated_at"])
        heir = Address.objects.of(user_id).order_by("-updated_at").first() if was_default else None
        if heir is not None:
            heir.is_default = True
            heir.save(update_fields=["is_default", "updated_at"])
        emit(UserUpdated(user_id, ("addresses",)), actor=by)


def remember_address(user_id: int, address_id: int) -> None:
    """The address chosen last, pre-selected next time. Part of the caller's transaction and told by its event."""
    User.objects.filter(pk=user_id).update(last_selected_address_id=address_id)


def count_delivered_order(user_id: int) -> None:
    """One more order arrived. Part of the delivery's transaction and told by its event."""
    User.objects.filter(pk=user_id).update(order_count=F("order_count") + 1)
