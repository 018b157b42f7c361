"""Words to those who work here, each once per cause; and the two that households get besides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

from accounts.actions import prove_email, register_person
from accounts.models import User
from cart.actions import Buyer
from deliveries.actions import call_off_route, mark_delivered, mark_picked_up, start_route
from deliveries.models import Delivery, Route
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import pump
from milkdelivery.core.models import EventDelivery
from notifications.models import Notification
from notifications.queries import second_doors
from notifications.rules import KINDS, OWN_WORDS, Audience, Kind
from notifications.tasks import send_queued, tell_demand, tell_troubles
from orders.actions import cancel_order, pack_order
from payments.models import Webhook
from tests.cart.shopping import buy
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db(transaction=True)

EVENING = "2026-01-30T20:00+05:30"
CLOSED = "2026-01-30T22:00+05:30"
STAFF = Actor.system("tests")


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at(EVENING)
    return small_world()


def told(kind: str, **which: Any) -> list[Notification]:
    send_queued()
    return list(Notification.objects.filter(kind=kind, **which).exclude(channel="IN_APP").order_by("pk"))


# -- the table and its templates -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in OWN_WORDS])
def test_every_kind_has_its_words(kind: str) -> None:
    """In HTML and text; as a text message too where its reader may have no more than a phone."""
    wanted = ["subject.txt", "txt", "html"]
    if KINDS[kind].audience in (Audience.HOUSEHOLD, Audience.DRIVER) and kind != Kind.WAITLIST_JOINED:
        wanted.append("sms.txt")
    missing = []
    for ending in wanted:
        try:
            get_template(f"mail/{kind}.{ending}")
        except TemplateDoesNotExist:
            missing.append(ending)
    assert missing == []


# -- dairies ---------------------------------------------------------------------------------------------------------


def test_a_dairy_hears_once_what_to_bring_when_nobody_can_change_it(
    world: World, at: Callable[[str], datetime]
) -> None:
    buy(world, (world.milk, 2))
    kept = buy(world, (world.milk, 3), (world.variants[2], 1)).order
    gone = buy(world, (world.milk, 7)).order
    pump.drain()
    tell_demand()
    assert told("vendor_demand") == [], "until the cut-off it may change"
    at(CLOSED)
    tell_demand()
    tell_demand()
    cancel_order(gone.pk, by=STAFF, reason="called")
    [letter] = told("vendor_demand")
    assert (letter.address, letter.subject) == (world.vendor.email, "To bring for Sat 31 Jan, Morning: 6 pieces")
    assert "5 x Toned milk" in letter.body
    assert f"To {world.hub.name}" in letter.body
    assert "Pack by Sat 31 Jan, 3:30 am" in letter.body
    assert kept.number not in letter.body
    at("2026-01-31T04:01+05:30")
    Notification.objects.all().delete()
    tell_demand()
    assert told("vendor_demand") == [], "too late to be news"


def test_a_dairy_with_nothing_to_bring_hears_nothing(world: World, at: Callable[[str], datetime]) -> None:
    order = buy(world).order
    at(CLOSED)
    tell_demand()
    cancel_order(order.pk, by=STAFF, reason="called")
    assert [row.status for row in told("vendor_demand")] == ["SKIPPED"]
    Notification.objects.all().delete()
    tell_demand()
    assert told("vendor_demand") == []


# -- drivers ---------------------------------------------------------------------------------------------------------


def test_a_driver_hears_of_a_round_and_of_what_joins_it(world: World) -> None:
    buy(world)
    pump.drain()
    assert told("driver_round") == [], "stops gather; nothing is planned yet"
    Route.objects.update(planned_at=clock.now())
    buy(world, buyer=Buyer(name="Ravi", email="ravi@example.com"))
    pump.drain()
    [letter] = told("driver_round")
    stops = Route.objects.get().stops.count()
    assert letter.recipient == world.driver.user
    assert letter.subject == f"Your round Sat 31 Jan, Morning: {stops} stop{'s' if stops != 1 else ''}"
    assert Notification.objects.get(kind="driver_round", channel="IN_APP").link == "/driver/"


def test_a_driver_hears_that_a_round_is_called_off(world: World) -> None:
    buy(world)
    pump.drain()
    call_off_route(Route.objects.get().pk, reason="Storm", by=STAFF)
    pump.drain()
    [letter] = told("driver_called_off")
    assert "Storm" in letter.body
    assert letter.recipient == world.driver.user


# -- staff -----------------------------------------------------------------------------------------------------------


def test_staff_hear_once_a_day_of_each_trouble(world: World, at: Callable[[str], datetime]) -> None:
    tell_troubles()
    assert Notification.objects.count() == 0
    buy(world)
    pump.drain()
    Route.objects.update(driver=None)
    letter = EventDelivery.objects.latest("pk")
    EventDelivery.objects.filter(pk=letter.pk).update(status="DEAD")
    Webhook.objects.create(
        gateway="demo", event_id="e", kind="k", body="{}", status="FAILED", received_at=clock.real_now()
    )
    for _ in range(2):
        tell_troubles()
    assert told("nobody_drives") == [], "until the cut-off there is time"
    at(CLOSED)
    for _ in range(2):
        tell_troubles()
    [words], [dead], [loose] = told("gateway_words"), told("dead_letters"), told("nobody_drives")
    assert loose.subject == f"{world.hub.name}, Sat 31 Jan, Morning: nobody drives 1 order"
    assert (dead.subject, words.subject) == ("1 dead letter", "1 word of a gateway not understood")
    assert letter.subscriber in dead.body
    at("2026-01-31T10:00+05:30")
    tell_troubles()
    assert len(told("dead_letters")) == 2, "the next day again, while it lasts"
    assert len(told("nobody_drives")) == 1, "the delivery is over"


def test_trouble_that_is_over_is_not_told(world: World, at: Callable[[str], datetime]) -> None:
    buy(world)
    pump.drain()
    Route.objects.update(driver=None)
    at(CLOSED)
    tell_troubles()
    Route.objects.update(driver=world.driver)
    assert [row.status for row in told("nobody_drives")] == ["SKIPPED"]


# -- households ------------------------------------------------------------------------------------------------------


def test_whoever_proves_a_contact_is_welcome_once(world: World) -> None:
    person = register_person(name="Meera Iyer", email="meera@example.com", password_hash="!", via="email", by=STAFF)
    pump.drain()
    assert told("welcome") == [], "a stranger may have typed it"
    for _ in range(2):
        prove_email(person.pk, email="meera@example.com", by=STAFF)
        pump.drain()
    [letter] = told("welcome")
    assert (letter.address, letter.status) == ("meera@example.com", "SENT")
    assert "Welcome, Meera" in letter.body


def test_who_has_been_here_long_is_not_welcomed_again(world: World, at: Callable[[str], datetime]) -> None:
    person: User = UserFactory(email=None, contact_email="meera@example.com")
    at("2026-03-01T10:00+05:30")
    prove_email(person.pk, email="meera@example.com", by=STAFF)
    pump.drain()
    assert told("welcome") == []


def test_the_second_door_hears_that_the_driver_is_near(world: World, at: Callable[[str], datetime]) -> None:
    orders = []
    for number in range(4):
        person: User = UserFactory(email=f"door{number}@example.com")
        door = AddressFactory(user=person, pincode=world.pincode.code, flat=str(number))
        orders.append(buy(world, buyer=Buyer(user_id=person.pk), address=door).order)
    for order in orders:
        pack_order(order.pk, by=STAFF)
    at("2026-01-31T06:10+05:30")
    drops = sorted((Delivery.objects.get(order=order) for order in orders), key=lambda drop: drop.sequence or 0)
    for drop in drops:
        mark_picked_up(drop.pk, by=STAFF)
    start_route(Route.objects.get().pk, by=STAFF)
    pump.drain()
    mark_delivered(drops[0].pk, by=STAFF)
    pump.drain()
    [letter] = told("near")
    assert letter.data == {"order_id": drops[2].order_id}
    assert letter.subject.endswith("is two doors away")
    mark_delivered(drops[1].pk, by=STAFF)
    mark_delivered(drops[2].pk, by=STAFF)
    pump.drain()
    assert [row.data["order_id"] for row in told("near", status="SENT")] == [drops[2].order_id]
    assert second_doors(drops[2].pk) == []
