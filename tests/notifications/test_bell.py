"""The bell: who hears what where, what is left to read, and pushes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.actions import deactivate_user, revoke_device
from accounts.models import Preferences, User
from cart.actions import Buyer
from cart.events import CheckoutCompleted
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, RequestFacts, Role
from milkdelivery.core.eventlog import Envelope, pump
from notifications import handlers
from notifications.actions import mark_read, subscribe_push
from notifications.channels.push import MemoryBackend
from notifications.models import Notification, PushSubscription
from notifications.rules import MOST_SUBSCRIPTIONS, is_push_endpoint
from notifications.tasks import send_queued
from orders.actions import hold_order
from orders.models import Order
from tests.api.calls import Caller
from tests.cart.shopping import buy
from tests.concurrency.threads import in_threads
from tests.factories.accounts import AddressFactory, DeviceFactory, UserFactory
from tests.factories.vendors import VendorMemberFactory
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db(transaction=True)

EVENING = "2026-01-30T20:00+05:30"
STAFF = Actor.system("tests")
KEYS = {"p256dh": "BA" + "A" * 85, "auth": "A" * 22}
ENDPOINT = "https://fcm.googleapis.com/fcm/send/abc"


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at(EVENING)
    MemoryBackend.outbox.clear()
    MemoryBackend.gone.clear()
    return small_world()


@pytest.fixture
def person(world: World) -> User:
    found: User = UserFactory(email="meera@example.com", phone="+919845011111")
    AddressFactory(user=found, pincode=world.pincode.code)
    return found


def ordered(world: World, person: User) -> Order:
    order: Order = buy(world, buyer=Buyer(user_id=person.pk), address=person.addresses.get()).order
    return order


def tell(world: World, person: User) -> Order:
    order = ordered(world, person)
    pump.drain()
    send_queued()
    return order


def shop(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="accounts.signin.backend.ContactBackend")
    return client


def api(person: User) -> Caller:
    client = APIClient()
    client.force_login(person, backend="accounts.signin.backend.ContactBackend")
    return Caller(client)


def unread(person: User) -> int:
    person.refresh_from_db()
    return person.unread_count


def channels(kind: str) -> list[str]:
    return sorted(Notification.objects.filter(kind=kind).values_list("channel", flat=True))


def note(person: User, number: int, **fields: Any) -> Notification:
    values = {
        "recipient": person, "role": "CUSTOMER", "kind": "delivered", "channel": "IN_APP", "status": "SENT",
        "subject": f"Told {number}", "body": f"Told {number}.", "link": "/orders/", "dedupe_key": f"note-{number}",
        "created_at": clock.now(), "sent_at": clock.now(),
    }  # fmt: skip
    return Notification.objects.create(**(values | fields))


# -- who hears where -------------------------------------------------------------------------------------------------


def test_a_household_is_mailed_and_finds_it_in_its_bell(world: World, person: User) -> None:
    order = tell(world, person)
    assert channels("order_confirmed") == ["EMAIL", "IN_APP"]
    told = Notification.objects.get(kind="order_confirmed", channel="IN_APP")
    assert (told.status, told.address, told.link) == ("SENT", "", f"/orders/{order.number}/")
    assert told.body.startswith(f"Order {order.number} is confirmed: Sat 31 Jan, 5–7:30 am. Total ₹76.00.")
    assert "http" not in told.body
    assert unread(person) == 1


def test_a_guest_has_no_bell(world: World) -> None:
    buy(world)
    pump.drain()
    assert channels("order_confirmed") == ["EMAIL"]


def test_what_a_person_chose_is_kept_to(world: World, person: User) -> None:
    Preferences.objects.create(user=person, channels={"ORDERS": [], "MONEY": ["SMS"]})
    order = tell(world, person)
    assert channels("order_confirmed") == ["IN_APP", "SMS"]
    hold_order(order.pk, reason="looks odd", by=STAFF)
    pump.drain()
    assert channels("order_held") == ["IN_APP"], "a household may switch off all but its bell"


def test_money_reaches_whoever_switched_everything_off(world: World, person: User) -> None:
    Preferences.objects.create(user=person, channels={"ORDERS": [], "DELIVERIES": [], "MONEY": []})
    tell(world, person)
    assert channels("order_confirmed") == ["EMAIL", "IN_APP"]
    User.objects.filter(pk=person.pk).update(email=None)
    tell(world, User.objects.get(pk=person.pk))
    assert channels("order_confirmed") == ["EMAIL", "IN_APP", "IN_APP", "SMS"]


def test_a_dairy_and_staff_find_it_in_their_bells(world: World, person: User) -> None:
    member = VendorMemberFactory(vendor=world.vendor, user=UserFactory(role=Role.VENDOR)).user
    VendorMemberFactory(user=UserFactory(role=Role.VENDOR))
    manager, admin = UserFactory(role=Role.MANAGER), UserFactory(role=Role.ADMIN)
    UserFactory(role=Role.ADMIN, is_active=False)
    order = tell(world, person)
    hold_order(order.pk, reason="looks odd", by=STAFF)
    pump.drain()
    send_queued()
    told = Notification.objects.filter(channel="IN_APP").exclude(recipient=person)
    assert {(row.kind, row.recipient_id, row.role) for row in told} == {
        ("vendor_assignment", member.pk, "VENDOR"),
        ("held_order", manager.pk, "ADMIN"),
        ("held_order", admin.pk, "ADMIN"),
    }
    assert {row.link for row in told} == {"/vendor/", f"/admin/orders/order/{order.pk}/change/"}
    assert (unread(member), unread(manager), unread(admin)) == (1, 1, 1)


def test_an_event_heard_again_tells_nobody_twice(world: World, person: User) -> None:
    order = tell(world, person)
    before = Notification.objects.count()
    event_id = Notification.objects.filter(kind="order_confirmed")[0].event_id or 0
    again = Envelope(event_id, CheckoutCompleted(order.pk, person.pk), STAFF, clock.now())
    with transaction.atomic():
        handlers.on_checkout_completed([again])
    send_queued()
    assert (Notification.objects.count(), unread(person)) == (before, 1)


def test_many_are_told_with_the_same_number_of_queries(world: World, person: User) -> None:
    def statements(orders: int) -> int:
        for _ in range(orders):
            ordered(world, person)
        with CaptureQueriesContext(connection) as context:
            pump.drain()
        return sum("notifications_" in q["sql"] or "accounts_preferences" in q["sql"] for q in context.captured_queries)

    statements(1)
    assert statements(4) <= statements(1) + 1


# -- reading it ------------------------------------------------------------------------------------------------------


def test_the_bell_counts_on_every_page_without_a_query_more(world: World, person: User) -> None:
    visitor = shop(person)
    visitor.get("/shop/")
    with CaptureQueriesContext(connection) as before:
        assert 'class="count">' not in visitor.get("/shop/").content.decode().partition("cart-count")[0]
    User.objects.filter(pk=person.pk).update(unread_count=120)
    with CaptureQueriesContext(connection) as after:
        page = visitor.get("/shop/").content.decode()
    assert len(after) == len(before)
    assert '<b class="count">99+' in page


def test_opening_one_reads_it_and_leads_on(world: World, person: User) -> None:
    order = tell(world, person)
    tell(world, person)
    visitor = shop(person)
    page = visitor.get("/notifications/").content.decode()
    assert page.count("told__item--new") == 2
    assert order.number in page
    told = Notification.objects.filter(channel="IN_APP").earliest("pk")
    answer = visitor.post(f"/notifications/{told.pk}/open/")
    assert (answer.status_code, answer["Location"]) == (302, f"/orders/{order.number}/")
    assert unread(person) == 1
    visitor.post(f"/notifications/{told.pk}/open/")
    assert unread(person) == 1, "a second look reads nothing more"
    assert visitor.post("/notifications/read/").status_code == 302
    assert unread(person) == 0
    page = visitor.get("/notifications/").content.decode()
    assert "told__item--new" not in page
    assert order.number in page, "what was told stays readable"


def test_what_was_told_stays_as_it_was_told(world: World, person: User) -> None:
    order = tell(world, person)
    Order.objects.filter(pk=order.pk).update(number="ZZZZZZ")
    assert order.number in shop(person).get("/notifications/").content.decode()


def test_a_link_never_leads_off_the_site(world: World, person: User) -> None:
    bad = note(person, 1, link="//evil.example/")
    assert shop(person).post(f"/notifications/{bad.pk}/open/")["Location"] == "/notifications/"


def test_another_persons_is_not_there(world: World, person: User) -> None:
    other: User = UserFactory()
    theirs = note(other, 1)
    assert shop(person).post(f"/notifications/{theirs.pk}/open/").status_code == 404
    assert api(person).post(f"notifications/{theirs.pk}/read/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.read_at is None


def test_pages_of_the_bell_ask_the_same_number_of_queries(world: World, person: User) -> None:
    visitor = shop(person)

    def count() -> int:
        with CaptureQueriesContext(connection) as context:
            assert visitor.get("/notifications/").status_code == 200
        return len(context)

    assert "No messages yet" in visitor.get("/notifications/").content.decode()
    note(person, 0)
    count()
    one = count()
    for number in range(1, 25):
        note(person, number)
    assert count() == one
    page = visitor.get("/notifications/?page=2").content.decode()
    assert len(re.findall(r"told__text", page)) == 5
    assert "Nothing older" in visitor.get("/notifications/?page=9").content.decode()


def test_whoever_has_two_roles_sees_where_each_belongs(world: World) -> None:
    driver = world.driver.user
    note(driver, 1)
    note(driver, 2, role="DRIVER", kind="held_order")
    page = shop(driver).get("/notifications/").content.decode()
    assert "Your household" in page
    assert "Your round" in page


def test_the_app_reads_the_same(world: World, person: User) -> None:
    order = tell(world, person)
    note(person, 1)
    mark_read(person.pk, only=Notification.objects.get(dedupe_key="note-1").pk, by=STAFF)
    app = api(person)
    found = app.get("notifications/").json()
    assert [row["kind"] for row in found["results"]] == ["delivered", "order_confirmed"]
    assert found["unread"] == 1
    first = found["results"][1]
    assert (first["link"], first["role"], first["read_at"]) == (f"/orders/{order.number}/", "CUSTOMER", None)
    kinds = [row["kind"] for row in app.get("notifications/?unread=true").json()["results"]]
    assert kinds == ["order_confirmed"]
    assert app.get("notifications/?kind=delivered").json()["results"][0]["title"] == "Told 1"
    assert app.get("notifications/?kind=nonsense").status_code == 400
    assert app.post(f"notifications/{first['id']}/read/").json() == {"unread": 0}
    assert app.post("notifications/read-all/").json() == {"unread": 0}


def test_the_count_is_right_whoever_reads_and_writes_at_once(world: World, person: User) -> None:
    for number in range(30):
        note(person, number)
    one = Notification.objects.earliest("pk")

    def told_meanwhile() -> None:
        for number in range(10):
            row = note(person, 100 + number, status="QUEUED", next_attempt_at=clock.real_now(), sent_at=None)
            Notification.objects.filter(pk=row.pk).update(kind="welcome", data={"user_id": person.pk})

    works = [lambda: mark_read(person.pk, only=one.pk, by=STAFF), lambda: mark_read(person.pk, by=STAFF)]
    assert in_threads(*works, told_meanwhile, *works) == []
    left = Notification.objects.in_bell(person.pk).unread().count()
    assert unread(person) == left == 0


# -- pushes ----------------------------------------------------------------------------------------------------------


def test_a_push_goes_to_every_device_that_listens(world: World, person: User) -> None:
    app = api(person)
    body = {"endpoint": ENDPOINT, "keys": KEYS}
    assert app.post("push-subscriptions/", body).status_code == 201
    assert app.post("push-subscriptions/", body).status_code == 201
    app.post("push-subscriptions/", {"endpoint": f"{ENDPOINT}d", "keys": KEYS})
    found = app.get("push-subscriptions/").json()["results"]
    assert [row["endpoint"] for row in found] == [f"{ENDPOINT}d", ENDPOINT], "stored once"
    assert "keys" not in found[0]
    MemoryBackend.gone.add(ENDPOINT)
    order = tell(world, person)
    [(endpoint, push)] = MemoryBackend.outbox
    assert (endpoint, push.url) == (f"{ENDPOINT}d", f"/orders/{order.number}/")
    assert order.number in push.title
    assert list(PushSubscription.objects.values_list("endpoint", flat=True)) == [f"{ENDPOINT}d"], "410 ends one"
    assert app.delete(f"push-subscriptions/{found[0]['id']}/").status_code == 204
    tell(world, person)
    assert len(MemoryBackend.outbox) == 1


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/fcm/send/abc",
        "https://localhost/x",
        "https://169.254.169.254/latest/meta-data",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evil.example/?fcm.googleapis.com",
        "https://user@fcm.googleapis.com/x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com:x/x",
        "https://fcm.googleapis.com/",
        "https://fcm.googleapis.com/a\nb",
        "https://[::1/x",
        "https://fcm.googleapis.com/" + "x" * 500,
    ],
)
def test_nobody_gets_us_to_call_an_address_of_their_choice(world: World, person: User, endpoint: str) -> None:
    assert not is_push_endpoint(endpoint)
    answer = api(person).post("push-subscriptions/", {"endpoint": endpoint, "keys": KEYS})
    assert (answer.status_code, "endpoint" in answer.json()["errors"]) == (400, True)


@pytest.mark.parametrize("keys", [{}, {"p256dh": "short", "auth": "A" * 22}, {"p256dh": "BA" + "A" * 85, "auth": "%%"}])
def test_keys_that_are_none_are_refused(world: World, person: User, keys: dict[str, str]) -> None:
    answer = api(person).post("push-subscriptions/", {"endpoint": ENDPOINT, "keys": keys})
    assert answer.status_code == 400


def subscribe(person: User, number: int = 0, device_id: int | None = None) -> PushSubscription:
    return subscribe_push(person.pk, endpoint=f"{ENDPOINT}{number}", **KEYS, device_id=device_id, by=STAFF)


def test_a_person_has_so_many_and_a_browser_one_person(world: World, person: User) -> None:
    for number in range(MOST_SUBSCRIPTIONS + 2):
        subscribe(person, number)
    mine = PushSubscription.objects.filter(user=person).order_by("pk")
    assert [row.endpoint.removeprefix(ENDPOINT) for row in mine][:1] == ["2"], "the oldest went"
    assert len(mine) == MOST_SUBSCRIPTIONS
    other: User = UserFactory()
    subscribe(other, 5)
    assert PushSubscription.objects.get(endpoint=f"{ENDPOINT}5").user_id == other.pk


def test_a_sign_out_ends_the_pushes_of_that_browser(world: World, person: User) -> None:
    here, there = DeviceFactory(user=person), DeviceFactory(user=person)
    subscribe(person, 1, here.pk)
    subscribe(person, 2, there.pk)
    subscribe(person, 3)
    visitor = shop(person)
    visitor.cookies["milk_device"] = str(here.key)
    visitor.post("/accounts/logout/")
    assert [row.device_id for row in PushSubscription.objects.all()] == [there.pk], "one of no known device ends too"
    facts = RequestFacts(request_id="x")
    revoke_device(there.pk, user_id=person.pk, by=Actor.user(person.pk, Role.CUSTOMER, facts))
    assert not PushSubscription.objects.alive().exists(), "at once, whenever its row goes"
    pump.drain()
    assert not PushSubscription.objects.exists()


def test_closing_an_account_ends_its_pushes_everywhere(world: World, person: User) -> None:
    subscribe(person, 1, DeviceFactory(user=person).pk)
    subscribe(person, 2)
    subscribe(UserFactory(), 3)
    deactivate_user(person.pk, by=Actor.user(UserFactory(role=Role.ADMIN).pk, Role.ADMIN))
    pump.drain()
    assert [row.endpoint for row in PushSubscription.objects.all()] == [f"{ENDPOINT}3"]


def test_a_push_waits_for_nobody_who_closed_their_account(world: World, person: User) -> None:
    subscribe(person)
    ordered(world, person)
    pump.drain()
    User.objects.filter(pk=person.pk).update(is_active=False)
    send_queued()
    assert MemoryBackend.outbox == []
    assert Notification.objects.get(channel="PUSH").status == "SKIPPED"


# -- when ------------------------------------------------------------------------------------------------------------


def test_quiet_hours_hold_back_what_can_wait(world: World, person: User, at: Callable[[str], datetime]) -> None:
    Preferences.objects.create(user=person)
    subscribe(person)
    order = ordered(world, person)
    at("2026-01-30T23:30+05:30")
    pump.drain()
    send_queued()
    assert set(Notification.objects.filter(kind="order_confirmed").values_list("status", flat=True)) == {"SENT"}
    Order.objects.filter(pk=order.pk).update(status="DELIVERED")
    Notification.objects.all().delete()
    due: dict[str, Any] = {
        "status": "QUEUED",
        "next_attempt_at": clock.real_now(),
        "sent_at": None,
        "data": {"order_id": order.pk},
    }
    held = note(person, 1, channel="EMAIL", address="meera@example.com", subject="", **due)
    bell = note(person, 2, **due)
    send_queued()
    held.refresh_from_db()
    bell.refresh_from_db()
    assert (held.status, held.attempts, bell.status) == ("QUEUED", 0, "SENT")
    assert held.next_attempt_at is not None
    until_six = timedelta(hours=6, minutes=30)
    assert abs(held.next_attempt_at - clock.real_now() - until_six) < timedelta(minutes=1)
    at("2026-01-31T06:00+05:30")
    Notification.objects.filter(pk=held.pk).update(next_attempt_at=clock.real_now())
    send_queued()
    held.refresh_from_db()
    assert held.status == "SENT"


def test_what_is_too_old_is_not_told(world: World, person: User, at: Callable[[str], datetime]) -> None:
    order = ordered(world, person)
    Order.objects.filter(pk=order.pk).update(status="OUT_FOR_DELIVERY")
    due: dict[str, Any] = {
        "status": "QUEUED",
        "kind": "out_for_delivery",
        "data": {"order_id": order.pk},
        "sent_at": None,
    }
    due["next_attempt_at"] = clock.real_now()
    late = note(person, 1, channel="EMAIL", address="meera@example.com", **due)
    at("2026-01-30T22:00:01+05:30")
    at_night = note(person, 2, channel="EMAIL", address="meera@example.com", **(due | {"created_at": clock.now()}))
    send_queued()
    late.refresh_from_db()
    at_night.refresh_from_db()
    assert (late.status, late.last_error) == ("SKIPPED", "too late to be worth telling")
    assert (at_night.status, "sleeps" in at_night.last_error) == ("SKIPPED", True)
