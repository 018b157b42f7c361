"""The page of a person: all about them on one screen, and what staff do from there."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import actions
from accounts.models import Device, StaffNote, User
from deliveries.models import Driver
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.errors import InvalidInput, NotAllowed
from milkdelivery.core.models import Event
from milkdelivery.core.money import Money
from notifications.models import Notification
from orders.models import Order
from payments.actions import top_up
from tests.backoffice.conftest import client_of
from tests.backoffice.rows import _like
from tests.factories.accounts import AddressFactory, DeviceFactory, UserFactory
from tests.factories.orders import confirmed_order, placed_order
from tests.factories.vendors import VendorFactory
from tests.factories.world import World
from vendors.models import VendorMember

pytestmark = pytest.mark.django_db

SYSTEM = Actor.system("tests")


def page(person: User) -> str:
    return reverse("admin:accounts_user_change", args=(person.pk,))


def button(person: User, name: str) -> str:
    return reverse(f"admin:accounts_user_{name}", args=(person.pk,))


@pytest.fixture
def household(world: World) -> User:
    """With something of everything."""
    person = UserFactory(name="Lakshmi Menon", phone="+919845011122", contact_email="typed@example.com")
    AddressFactory(user=person, society="Prestige Lakeside", pincode="560034")
    DeviceFactory(user=person, browser="Firefox", os="Linux")
    confirmed_order(customer=person, basket=[(world.milk, 1)], slot=world.morning)
    top_up(person.pk, Money(5000, "INR"), key="t1", reference="gift", by=SYSTEM)
    Notification.objects.create(
        recipient=person,
        role="CUSTOMER",
        kind="order_confirmed",
        channel="EMAIL",
        address="somewhere@example.com",
        status="FAILED",
        dedupe_key="x",
        body="secret words",
        created_at=clock.now(),
    )
    return person


def test_one_screen_tells_it_all(manager_client: Client, household: User) -> None:
    text = manager_client.get(page(household)).content.decode()
    order = Order.objects.get(customer=household)
    for wanted in (
        "+919845011122", "typed@example.com", "Typed, not proven", "Prestige Lakeside", str(order.number),
        "Firefox Linux", "50.00", "Order confirmed", "Failed", "Next delivery",
        reverse("admin:orders_order_change", args=(order.pk,)),
    ):  # fmt: skip
        assert wanted in text, wanted
    assert "secret words" not in text


def test_every_link_of_the_page_opens_and_lists_this_person_alone(manager_client: Client, household: User) -> None:
    placed_order()
    context = manager_client.get(page(household)).context
    counts = {
        name: manager_client.get(context[f"{name}_url"]).context["cl"].result_count
        for name in ("orders", "claims", "payments", "devices", "told")
    }
    assert counts == {"orders": 1, "claims": 0, "payments": 0, "devices": 1, "told": 1}


def test_a_person_of_several_roles(admin_client: Client, world: World) -> None:
    person = UserFactory(role=Role.DRIVER)
    Driver.objects.create(user=person, hub=world.hub)
    VendorMember.objects.create(user=person, vendor=VendorFactory(name="Two Hats Dairy"))
    text = admin_client.get(page(person)).content.decode()
    assert f"Drives from {world.hub}" in text
    assert "Works for Two Hats Dairy" in text


def test_the_page_asks_as_much_for_500_orders_as_for_one(manager_client: Client, household: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert manager_client.get(page(household)).status_code == 200
        return len(asked)

    queries()
    few = queries()
    first = Order.objects.get(customer=household)
    Order.objects.bulk_create(_like(first, household) for _ in range(500))
    Device.objects.bulk_create(
        Device(user=household, os="A", browser="B", first_seen_at=clock.now(), last_seen_at=clock.now())
        for _ in range(50)
    )
    for number in range(10):
        write(household, f"Note {number}")
    assert queries() <= few + 2, "one for the notes' writers, and one for what they have"


def test_a_manager_has_no_form_and_an_admin_one(manager_client: Client, admin_client: Client, household: User) -> None:
    assert 'id="user_form"' not in manager_client.get(page(household)).content.decode()
    text = admin_client.get(page(household)).content.decode()
    assert 'id="user_form"' in text
    assert reverse("admin:accounts_user_change_role", args=(household.pk,)) in text
    assert (
        reverse("admin:accounts_user_change_role", args=(household.pk,))
        not in manager_client.get(page(household)).content.decode()
    )


def test_an_order_for_them_begins_on_the_page_for_callers(manager_client: Client, household: User) -> None:
    answer = manager_client.get(button(household, "order_for"))
    assert answer["Location"] == reverse("admin:orders_order_call", query={"person": household.pk})
    assert manager_client.get(answer["Location"]).context["person"] == household


# -- notes -------------------------------------------------------------------------------------------------------------


def write(person: User, text: str, by: Actor | None = None) -> StaffNote:
    return actions.write_note(person.pk, text=text, key=uuid.uuid4(), by=by or staff())


def staff(role: Role = Role.MANAGER) -> Actor:
    user = UserFactory(role=role)
    return Actor(kind="user", user_id=user.pk, role=role)


def test_a_note_is_kept_once_however_often_it_is_sent(manager_client: Client, household: User) -> None:
    form = {"text": "Ring twice <b>", "key": str(uuid.uuid4())}
    for _ in range(2):
        assert manager_client.post(button(household, "note"), form).status_code == 302
    text = manager_client.get(page(household)).content.decode()
    assert StaffNote.objects.get().text == "Ring twice <b>"
    assert "Ring twice &lt;b&gt;" in text
    assert Event.objects.named("user.noted").count() == 1


def test_an_empty_note_is_refused_at_its_field_and_a_long_one_too(manager_client: Client, household: User) -> None:
    for text in ("  ", "x" * (StaffNote.LONGEST + 1)):
        answer = manager_client.post(button(household, "note"), {"text": text, "key": str(uuid.uuid4())})
        assert "text" in answer.context["form"].errors
        with pytest.raises(InvalidInput):
            write(household, text)
    assert not StaffNote.objects.exists()


def test_a_struck_note_stays_to_be_read(manager_client: Client, household: User) -> None:
    manager_client.post(button(household, "note"), {"text": "Away in May", "key": str(uuid.uuid4())})
    note = StaffNote.objects.get()
    url = reverse("admin:accounts_staffnote_strike", args=(note.pk,))
    assert manager_client.post(url).status_code == 302
    note.refresh_from_db()
    assert note.struck_at is not None
    assert '<del class="bo-struck">Away in May</del>' in manager_client.get(page(household)).content.decode()
    assert manager_client.post(url).status_code in {302, 403}
    assert Event.objects.named("user.note_struck").count() == 1


def test_a_colleagues_note_is_struck_out_by_an_admin_alone(manager_client: Client, household: User) -> None:
    note = write(household, "Owes a bottle")
    url = reverse("admin:accounts_staffnote_strike", args=(note.pk,))
    assert manager_client.post(url).status_code == 403
    assert url not in manager_client.get(page(household)).content.decode()
    with pytest.raises(NotAllowed):
        actions.strike_note(note.pk, by=staff())
    assert client_of(Role.ADMIN).post(url).status_code == 302
    note.refresh_from_db()
    assert (note.text, bool(note.struck_at)) == ("Owes a bottle", True)


def test_nobody_but_staff_writes_notes(household: User) -> None:
    with pytest.raises(NotAllowed):
        write(household, "hello", by=Actor(kind="user", user_id=household.pk, role=Role.CUSTOMER))


# -- devices -----------------------------------------------------------------------------------------------------------


def test_an_admin_signs_somebody_out_everywhere(admin_client: Client, household: User, world: World) -> None:
    DeviceFactory(user=household, is_trusted=True)
    assert admin_client.post(button(household, "sign_out")).status_code == 302
    assert not Device.objects.filter(user=household, revoked_at=None).exists()
    assert Event.objects.named("user.device_revoked").count() == 2
    assert admin_client.post(button(household, "sign_out")).status_code == 302
    assert Event.objects.named("user.device_revoked").count() == 2


def test_a_manager_does_not(manager_client: Client, household: User) -> None:
    assert manager_client.post(button(household, "sign_out")).status_code == 403
    assert Device.objects.filter(user=household, revoked_at=None).exists()


def test_a_device_is_trusted_no_more_and_stays_signed_in(admin_client: Client, household: User) -> None:
    device = DeviceFactory(user=household, is_trusted=True)
    url = reverse("admin:accounts_device_distrust", args=(device.pk,))
    for _ in range(2):
        assert admin_client.post(url).status_code == 302
    device.refresh_from_db()
    assert (device.is_trusted, device.revoked_at) == (False, None)
    assert Event.objects.named("user.device_distrusted").count() == 1


def test_a_refused_form_comes_first(admin_client: Client, household: User) -> None:
    answer: Any = admin_client.post(page(household), {"name": "x"})
    text = answer.content.decode()
    assert text.index('id="user_form"') < text.index('id="last-orders"')
