"""Roles, proofs, devices and profiles, below the pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts import actions, queries
from accounts.forms.fields import contact_of
from accounts.models import Address, Device, User
from accounts.reference import sync
from accounts.rules import NEEDED, NotAPhone, device_labels, e164, permitted
from milkdelivery.core.actors import Actor, RequestFacts, Role
from milkdelivery.core.errors import InvalidInput, NotAllowed, NotFound
from milkdelivery.core.models import Event, Region
from milkdelivery.core.text import seen
from tests.factories.accounts import (
    PASSWORD,
    AddressFactory,
    AdminFactory,
    DeviceFactory,
    ManagerFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

SYSTEM = Actor.system("tests")
ADMIN = Actor.user(1, Role.ADMIN)
DEVICE = "7f0c6a34-9a5e-4b57-8a62-1f3f6a1d2b3c"


def on_device(user: User, *, device: str = DEVICE, ip: str = "203.0.113.7") -> Actor:
    return Actor.user(user.pk, user.role, RequestFacts("request-1", ip=ip, device_id=device, user_agent="okhttp/4.12"))


# -- roles -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "permission", "expected"),
    [
        (Role.ADMIN, "accounts.change_user", True),
        (Role.ADMIN, "sessions.delete_session", True),
        (Role.MANAGER, "accounts.view_user", True),
        (Role.MANAGER, "accounts.change_user", False),
        (Role.MANAGER, "auth.change_group", False),
        (Role.MANAGER, "auth.view_group", False),
        (Role.MANAGER, "sessions.view_session", False),
        (Role.MANAGER, "catalog.change_variant", False),
        (Role.MANAGER, "catalog.view_variant", True),
        (Role.MANAGER, "orders.change_order", True),
        (Role.MANAGER, "orders.delete_order", False),
        (Role.MANAGER, "payments.change_payment", True),
        (Role.MANAGER, "inventory.add_stockmovement", True),
        (Role.VENDOR, "orders.view_order", False),
        (Role.DRIVER, "deliveries.view_delivery", False),
        (Role.CUSTOMER, "catalog.view_product", False),
        (Role.GUEST, "catalog.view_product", False),
    ],
)
def test_table_of_permissions(role: Role, permission: str, expected: bool) -> None:
    assert permitted(role, permission) is expected


def test_groups_hold_what_the_table_says_and_stay_so() -> None:
    sync()
    manager, admin = ManagerFactory(), AdminFactory()
    assert manager.has_perm("orders.change_order")
    assert not manager.has_perm("accounts.change_user")
    assert admin.has_perm("accounts.change_user")
    admin.groups.get().permissions.clear()
    call_command("sync", verbosity=0)
    assert User.objects.get(pk=admin.pk).has_perm("accounts.change_user")
    assert (manager.is_staff, admin.is_staff, UserFactory().is_staff) == (True, True, False)


def test_granting_a_role(events: Any) -> None:
    user = UserFactory()
    assert actions.grant_role(user.pk, role=Role.DRIVER, by=ADMIN).role == Role.DRIVER
    actions.grant_role(user.pk, role=Role.DRIVER, by=ADMIN)
    assert events(user.pk) == ["user.role_changed"]
    assert Event.objects.about(f"user:{user.pk}").get().data["roles"] == ["DRIVER"]
    with pytest.raises(NotAllowed):
        actions.grant_role(user.pk, role=Role.ADMIN, by=Actor.user(user.pk, Role.MANAGER))
    with pytest.raises(InvalidInput):
        actions.grant_role(user.pk, role=Role.GUEST, by=ADMIN)


def test_last_admin_stays() -> None:
    first, second = AdminFactory(), AdminFactory()
    actions.grant_role(first.pk, role=Role.CUSTOMER, by=ADMIN)
    with pytest.raises(actions.LastAdmin):
        actions.grant_role(second.pk, role=Role.MANAGER, by=ADMIN)
    with pytest.raises(actions.LastAdmin):
        actions.deactivate_user(second.pk, by=ADMIN)
    assert User.objects.get(pk=second.pk).role == Role.ADMIN


def test_superuser_is_an_admin_until_given_another_role() -> None:
    AdminFactory()
    owner = User.objects.create_superuser("owner@example.com", PASSWORD, name="Owner")
    assert (owner.role, owner.is_staff) == (Role.ADMIN, True)
    assert actions.grant_role(owner.pk, role=Role.CUSTOMER, by=ADMIN).role == Role.CUSTOMER


def test_person_made_by_a_command_signs_in(client: Client) -> None:
    User.objects.create_user(" Owner@Example.com ", PASSWORD)
    response = client.post(reverse("account_login"), {"login": "owner@example.com", "password": PASSWORD})
    assert response.status_code == 302


# -- contacts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("98123 45678", "+919812345678"),
        ("098123-45678", "+919812345678"),
        ("+91 (98123) 45678", "+919812345678"),
        ("0091 98123 45678", "+919812345678"),
        ("९८१२३४५६७८", "+919812345678"),
        ("+44 20 7946 0018", "+442079460018"),
    ],
)
def test_phone_numbers_as_people_type_them(typed: str, stored: str) -> None:
    assert e164(typed, country="IN") == stored


@pytest.mark.parametrize("typed", ["", "12", "abc", "98123", "+999 1234567890", "9" * 100, "98123 45678 ext 5", "\0"])
def test_what_is_no_phone_number(typed: str) -> None:
    with pytest.raises(NotAPhone):
        e164(typed, country="IN")


def test_proof_of_an_address_another_proved() -> None:
    owner, other = UserFactory(), UserFactory()
    with pytest.raises(actions.ContactTaken):
        actions.prove_email(other.pk, email=owner.email.upper(), by=SYSTEM)
    owner.refresh_from_db()
    other.refresh_from_db()
    assert owner.email != other.email
    assert other.emailaddress_set.get().email == other.email


def test_proof_of_a_phone_another_proved() -> None:
    owner, other = UserFactory(by_phone=True), UserFactory()
    with pytest.raises(actions.ContactTaken):
        actions.prove_phone(other.pk, phone=owner.phone, by=SYSTEM)
    other.refresh_from_db()
    assert other.phone is None


def test_proofs_are_told_once(events: Any) -> None:
    user = UserFactory(contact_only=True)
    for _time in range(2):
        actions.prove_email(user.pk, email="asha@example.com", by=SYSTEM)
        actions.prove_phone(user.pk, phone="+919812345678", by=SYSTEM)
    assert events(user.pk) == ["user.updated", "user.updated"]


def test_database_keeps_a_contact_for_everybody() -> None:
    for fields in ({}, {"email": ""}, {"phone": ""}, {"email": "Upper@example.com"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create(name="Nobody", **fields)


def test_who_may_come_in_over_a_mailbox() -> None:
    proven = UserFactory()
    typed = UserFactory(contact_only=True)
    typed.emailaddress_set.create(email="typed@example.com", verified=False)
    phone = UserFactory(by_phone=True)
    phone.emailaddress_set.create(email="slip@example.com", verified=False)
    closed = UserFactory(is_active=False)
    rival = UserFactory(contact_only=True)
    rival.emailaddress_set.create(email=proven.email, verified=False)
    assert queries.reader_of_email(proven.email) == proven
    assert queries.reader_of_email("typed@example.com") == typed
    assert queries.reader_of_email("slip@example.com") is None
    assert queries.reader_of_email(closed.email) is None
    assert queries.reader_of_email(typed.contact_email) is None
    assert queries.reader_of_email("nobody@example.com") is None


def test_password_is_tried_on_few(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        actions.register_person(
            name=f"Asha {number}",
            email="asha@example.com",
            password_hash=make_password(f"secret-{number}"),
            via="email",
            by=SYSTEM,
        )
    assert len(queries.sign_in_candidates(email="asha@example.com")) == queries.CANDIDATES


def test_registering_without_a_contact() -> None:
    with pytest.raises(actions.ContactMissing):
        actions.register_person(name="Asha", password_hash="", via="email", by=SYSTEM)
    with pytest.raises(actions.ContactMissing):
        actions.register_contact(name="Asha", by=SYSTEM)


# -- devices ---------------------------------------------------------------------------------------------------------


def test_device_is_added_once_and_seen_again(events: Any) -> None:
    user = UserFactory()
    for ip in ("203.0.113.7", "203.0.113.9"):
        actions.record_sign_in(user.pk, by=on_device(user, ip=ip))
    device = Device.objects.get(user=user)
    assert (device.ip, device.browser) == ("203.0.113.9", "okhttp")
    assert device.first_seen_at < device.last_seen_at
    assert events(user.pk) == ["user.device_added", "user.logged_in", "user.logged_in"]
    user.refresh_from_db()
    assert user.last_login is not None
    assert user.history.count() == 1  # signing in is no change of the person


def test_two_people_share_a_device() -> None:
    for user in (UserFactory(), UserFactory()):
        actions.record_sign_in(user.pk, by=on_device(user))
    assert Device.objects.filter(key=DEVICE).count() == 2


def test_device_without_a_name_is_let_in() -> None:
    user = UserFactory()
    assert actions.record_sign_in(user.pk, by=SYSTEM) is None


def test_revoked_device_is_new_when_it_comes_back(events: Any) -> None:
    user = UserFactory()
    device = actions.record_sign_in(user.pk, by=on_device(user))
    assert device is not None
    for _time in range(2):
        actions.revoke_device(device.pk, user_id=user.pk, by=SYSTEM)
    assert list(queries.devices_of(user.pk)) == []
    actions.record_sign_in(user.pk, by=on_device(user))
    assert events(user.pk).count("user.device_added") == 2
    assert events(user.pk).count("user.device_revoked") == 1
    with pytest.raises(NotFound):
        actions.revoke_device(device.pk, user_id=UserFactory().pk, by=SYSTEM)


@pytest.mark.parametrize("user_agent", ["", "\0", "x" * 4000, "Mozilla/5.0", "🥛"])
def test_odd_browsers_have_labels_that_fit(user_agent: str) -> None:
    labels = device_labels(user_agent)
    assert max(len(labels.os), len(labels.browser)) <= 40


# -- profiles --------------------------------------------------------------------------------------------------------


def test_gaps_of_a_profile(home_region: Region) -> None:
    user = UserFactory(name="")
    assert [gap.code for gap in queries.profile_gaps(user)] == ["name", "address"]
    actions.update_profile(user.pk, name="Asha", by=SYSTEM)
    address = AddressFactory(user=user, pincode="560001")
    user.refresh_from_db()
    assert [gap.code for gap in queries.profile_gaps(user)] == ["address"]
    address.pincode = "560038"
    actions.save_address(address, by=SYSTEM)
    assert queries.is_profile_complete(user)
    actions.delete_address(address.pk, user_id=user.pk, by=SYSTEM)
    assert not queries.is_profile_complete(user)


def test_one_address_is_the_default() -> None:
    user = UserFactory()
    addresses = [
        actions.save_address(Address(user=user, line1="x", city="y", pincode="560038"), by=SYSTEM) for _n in range(3)
    ]
    assert [address.is_default for address in addresses] == [True, False, False]
    actions.make_default(addresses[2].pk, user_id=user.pk, by=SYSTEM)
    assert Address.objects.get(user=user, is_default=True) == addresses[2]
    actions.delete_address(addresses[2].pk, user_id=user.pk, by=SYSTEM)
    assert Address.objects.filter(user=user, is_default=True, is_deleted=False).count() == 1
    with pytest.raises(NotFound):
        actions.save_address(Address.objects.get(pk=addresses[2].pk), by=SYSTEM)
    with pytest.raises(NotFound):
        actions.make_default(addresses[0].pk, user_id=UserFactory().pk, by=SYSTEM)


def test_nudge_goes_for_good_on_every_device(client: Client, home_region: Region) -> None:
    user = UserFactory(name="")
    client.force_login(user)
    assert "Before the first bottle" in client.get(reverse("account")).content.decode()
    response = client.post(reverse("profile_nudge_dismiss"), {"next": "/account/"})
    assert response["Location"] == "/account/"
    phone = Client()
    phone.force_login(user)
    assert "Before the first bottle" not in phone.get(reverse("account")).content.decode()
    assert not queries.shows_profile_nudge(ManagerFactory(name=""))


DOOR = {"flat": "3", "line1": "12 Temple Road", "city": "Bengaluru", "pincode": "560038"}


@pytest.mark.parametrize("part", ["flat", "line1", "city", "pincode"])
def test_the_account_asks_for_the_same_parts_of_a_door_as_the_checkout(client: Client, part: str) -> None:
    client.force_login(UserFactory(name="Asha"))
    page = client.post(reverse("address_new"), {**DOOR, part: " "})
    assert page.status_code == 422
    assert str(NEEDED[part]) in page.content.decode()


def test_a_new_address_begins_where_the_person_shops(client: Client, home_region: Region) -> None:
    client.force_login(UserFactory(name="Asha"))
    page = client.get(reverse("address_new"), {"pincode": "560038"}).content.decode()
    assert 'value="560038"' in page
    assert f'value="{home_region.name}"' in page


def test_what_nobody_sees_is_taken_out_of_names_and_doors(client: Client, home_region: Region) -> None:
    person = UserFactory(name="")
    client.force_login(person)
    client.post(reverse("address_new"), {**DOOR, "name": "A\u202esha\u0007", "landmark": "Be\u2066hind\u200f it"})
    person.refresh_from_db()
    assert (person.name, person.addresses.get().landmark) == ("Asha", "Behind it")
    kept = "क्\u200dष"
    assert seen(kept) == kept, "joiners are letters of Indian scripts"
    with pytest.raises(ValidationError):
        contact_of("asha@exam\u202eple.com")


def test_address_page_asks_the_name_and_warns_where_we_do_not_deliver(client: Client, home_region: Region) -> None:
    user = UserFactory(name="")
    client.force_login(user)
    missing = client.post(reverse("address_new"), DOOR)
    assert missing.status_code == 422
    assert 'value="12 Temple Road"' in missing.content.decode()
    response = client.post(reverse("address_new"), {**DOOR, "name": "Asha", "pincode": "560 001"}, follow=True)
    user.refresh_from_db()
    assert (user.name, user.addresses.get().pincode) == ("Asha", "560001")
    html = response.content.decode()
    assert "deliver to 560001 yet" in html
    assert "not served yet" in html
    wrong = client.post(reverse("address_new"), {**DOOR, "pincode": "12"})
    assert "six digits" in wrong.content.decode()
    assert user.addresses.count() == 1


def test_address_page_goes_back_to_where_the_person_came_from(client: Client, home_region: Region) -> None:
    client.force_login(UserFactory())
    page = client.get(reverse("address_new") + "?next=/checkout/").content.decode()
    assert 'name="next" value="/checkout/"' in page
    assert client.post(reverse("address_new"), {**DOOR, "next": "/checkout/"})["Location"] == "/checkout/"
    evil = client.post(reverse("address_new"), {**DOOR, "next": "https://evil.example"})
    assert evil["Location"] == reverse("addresses")


@pytest.mark.parametrize("name", ["address", "address_delete", "address_default"])
def test_page_of_somebody_elses_address_does_not_exist(client: Client, home_region: Region, name: str) -> None:
    address = AddressFactory()
    client.force_login(UserFactory())
    assert client.post(reverse(name, args=[address.pk]), DOOR).status_code == 404
    address.refresh_from_db()
    assert not address.is_deleted


def test_preferences_page(client: Client) -> None:
    user = UserFactory()
    client.force_login(user)
    chosen = {
        "slot": "EVENING",
        "payment_method": "COD",
        "language": "hi",
        "quiet_from": "22:00",
        "quiet_until": "06:00",
    }
    response = client.post(reverse("preferences"), chosen)
    assert response.cookies["milk_language"].value == "hi"
    assert queries.preferences_of(user).slot == "EVENING"
    half = client.post(reverse("preferences"), {**chosen, "quiet_until": ""}, headers={"Accept-Language": "en"})
    assert half.status_code == 422


def test_devices_page_signs_a_device_out(client: Client) -> None:
    user = UserFactory()
    other = Client()
    for browser in (client, other):
        browser.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    mine, theirs = client.session["device_id"], other.session["device_id"]
    assert mine != theirs
    assert client.post(reverse("device_revoke", args=[theirs]))["Location"] == reverse("account_security")
    assert other.get(reverse("account")).status_code == 302
    assert client.get(reverse("account")).status_code == 200
    assert client.post(reverse("device_revoke", args=[DeviceFactory().pk])).status_code == 404
    assert client.post(reverse("device_revoke", args=[mine]))["Location"] == reverse("account_login")
    assert client.get(reverse("account")).status_code == 302


# -- taking over -----------------------------------------------------------------------------------------------------


def test_what_a_closed_account_ordered_is_not_handed_over() -> None:
    """Closed is not empty: whoever set a password or proved a contact keeps their orders and addresses."""
    person = UserFactory()
    address = AddressFactory(user=person)
    actions.deactivate_user(person.pk, by=ADMIN)
    with pytest.raises(actions.NotToBeTakenOver):
        actions.take_over_contact(person.pk, by_user_id=UserFactory().pk, by=SYSTEM)
    assert Address.objects.get(pk=address.pk).user == person


def test_of_a_deleted_address_the_door_is_erased_and_the_place_is_left() -> None:
    user = UserFactory()
    door = AddressFactory(user=user, instructions="Ring twice", landmark="Opposite the temple", latitude="12.9")
    User.objects.filter(pk=user.pk).update(last_selected_address=door)
    actions.delete_address(door.pk, user_id=user.pk, by=SYSTEM)
    door.refresh_from_db()
    user.refresh_from_db()
    assert {getattr(door, name) for name in Address.OF_A_DOOR} == {""}
    assert (door.latitude, door.is_deleted, user.last_selected_address_id) == (None, True, None)
    assert door.pincode
