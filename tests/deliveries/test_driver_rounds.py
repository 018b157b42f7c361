"""The driver's page, as far as it is about what can't be handed over and about the round as a whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from deliveries.actions import add_route, mark_picked_up
from deliveries.models import Delivery, Driver, DriverAction, FailedAttempt, Route
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from orders.actions import pack_order
from orders.models import Order
from orders.rules.status import GoodsInVan
from tests.cart.shopping import buy
from tests.factories.deliveries import DriverFactory
from tests.factories.world import World, small_world
from tests.shop.visitor import text_of

pytestmark = pytest.mark.django_db

EVENING = "2026-01-30T20:00+05:30"
DAWN = "2026-01-31T04:30+05:30"
STAFF = Actor.system("tests")
PAGE = "/driver/?on=2026-01-31"


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at(EVENING)
    made = small_world()
    at(DAWN)
    return made


@pytest.fixture
def driver(world: World, client: Client) -> Driver:
    client.force_login(world.driver.user)
    return world.driver


def loaded(world: World) -> Delivery:
    with clock.override(datetime.fromisoformat(EVENING)):
        order = buy(world).order
    pack_order(order.pk, by=STAFF)
    delivery = Delivery.objects.get(order=order)
    mark_picked_up(delivery.pk, by=STAFF)
    return delivery


def test_a_reason_is_one_tap(world: World, driver: Driver, client: Client) -> None:
    delivery = loaded(world)
    page = client.get(PAGE).content.decode()
    assert 'name="reason" value="NOBODY_THERE"' in page
    path = f"/driver/stops/{delivery.pk}/fail/"
    asked = client.post(path, {"reason": "REFUSED", "note": "Too late, she says", "key": "abcdefgh-f"})
    assert "This ends the order" in text_of(asked)
    assert 'name="note" value="Too late, she says"' in asked.content.decode()
    delivery.refresh_from_db()
    assert delivery.status == "PICKED_UP", "one tap ends no order"
    for _ in range(2):
        assert client.post(path, {"reason": "REFUSED", "sure": "on", "key": "abcdefgh-f"})["Location"] == PAGE
    delivery.refresh_from_db()
    assert (delivery.status, delivery.failure_reason) == ("FAILED", "REFUSED")
    assert Order.objects.get().status == "RETURNED"
    assert FailedAttempt.objects.count() == 1
    assert "1 order to take back in" in text_of(client.get(PAGE))


@pytest.mark.parametrize("reason", ["", "BORED", "refused"])
def test_a_reason_that_is_none_changes_nothing(world: World, driver: Driver, client: Client, reason: str) -> None:
    delivery = loaded(world)
    answer = client.post(f"/driver/stops/{delivery.pk}/fail/", {"reason": reason})
    assert answer.status_code == 422
    assert "Choose why it could not be handed over." in text_of(answer)
    delivery.refresh_from_db()
    assert delivery.status == "PICKED_UP"


def test_a_round_from_the_gate_to_its_end(world: World, driver: Driver, client: Client) -> None:
    first, second = loaded(world), loaded(world)
    route = Route.objects.get()
    assert "Leave the hub" in text_of(client.get(PAGE))
    assert client.post(f"/driver/rounds/{route.pk}/start/", {"on": "2026-01-31"})["Location"] == PAGE
    page = text_of(client.get(PAGE))
    assert "Leave the hub" not in page
    assert "2 orders were not brought." in page
    client.post(f"/driver/stops/{first.pk}/deliver/", {"cash_collected": "76.00", "empties": "2"})
    client.post(f"/driver/stops/{second.pk}/fail/", {"reason": "DAMAGED", "sure": "on"})
    page = text_of(client.get(PAGE))
    for told in (f"Close the {world.morning.label} round", "2 empty bottles", "1 order to take back in", "₹76.00"):
        assert told in page
    client.post(f"/driver/rounds/{route.pk}/close/", {"on": "2026-01-31"})
    page = text_of(client.get(PAGE))
    assert "Round closed: 1 delivered, 1 not handed over, 0 not reached." in page
    assert f"Close the {world.morning.label} round" not in page
    route.refresh_from_db()
    assert route.status == "CLOSED"


def test_what_is_in_the_van_at_the_end_was_not_reached(
    world: World, driver: Driver, client: Client, at: Callable[[str], datetime]
) -> None:
    tried, _unseen = loaded(world), loaded(world)
    route = Route.objects.get()
    client.post(f"/driver/rounds/{route.pk}/start/", {"on": "2026-01-31"})
    client.post(f"/driver/stops/{tried.pk}/fail/", {"reason": "DAMAGED", "sure": "on"})
    at("2026-01-31T08:30+05:30")
    client.post(f"/driver/rounds/{route.pk}/close/", {"on": "2026-01-31"})
    assert "Round closed: 0 delivered, 1 not handed over, 1 not reached." in text_of(client.get(PAGE))


@pytest.mark.parametrize("typed", ["-1", "many", "501"])
def test_empties_that_can_not_be(world: World, driver: Driver, client: Client, typed: str) -> None:
    delivery = loaded(world)
    answer = client.post(f"/driver/stops/{delivery.pk}/deliver/", {"cash_collected": "76.00", "empties": typed})
    assert answer.status_code == 422
    delivery.refresh_from_db()
    assert delivery.status == "PICKED_UP"


def test_another_drivers_round_does_not_exist(world: World, client: Client) -> None:
    delivery = loaded(world)
    client.force_login(DriverFactory(hub=world.hub).user)
    route = Route.objects.get()
    paths = [
        f"/driver/stops/{delivery.pk}/fail/",
        *(f"/driver/rounds/{route.pk}/{verb}/" for verb in ("start", "close")),
    ]
    for path in paths:
        assert client.post(path, {"reason": "REFUSED"}).status_code == 404
    route.refresh_from_db()
    assert route.status == "PLANNED"


def test_a_round_that_was_called_off_says_so(world: World, driver: Driver, client: Client) -> None:
    loaded(world)
    Route.objects.update(status="CALLED_OFF")
    answer = client.post(f"/driver/rounds/{Route.objects.get().pk}/close/", {"on": "2026-01-31"})
    assert answer.status_code == 409
    assert "This round was called off." in text_of(answer)


@pytest.mark.parametrize(
    ("verb", "data"), [("deliver", {"cash_collected": "76.00"}), ("fail", {"reason": "NO_ACCESS"})]
)
def test_a_wrong_tap_is_taken_back_for_five_minutes(
    world: World, driver: Driver, client: Client, at: Callable[[str], datetime], verb: str, data: dict[str, str]
) -> None:
    delivery = loaded(world)
    assert "Take back" not in text_of(client.get(PAGE))
    client.post(f"/driver/stops/{delivery.pk}/{verb}/", data)
    page = client.get(PAGE)
    assert "Take back until 04:35" in text_of(page)
    assert 'data-countdown="300"' in page.content.decode()
    answer = client.post(f"/driver/stops/{delivery.pk}/undo/")
    assert answer["Location"] == f"{PAGE}&stop={delivery.pk}"
    assert "is taken back: it is in your van." in text_of(client.get(answer["Location"]))
    delivery.refresh_from_db()
    assert delivery.status == "PICKED_UP"
    client.post(f"/driver/stops/{delivery.pk}/{verb}/", data)
    at("2026-01-31T04:36+05:30")
    assert "Take back" not in text_of(client.get(PAGE))
    late = client.post(f"/driver/stops/{delivery.pk}/undo/")
    assert late.status_code == 409
    assert "more than five minutes ago" in text_of(late)


def test_a_form_sent_twice_taps_once(world: World, driver: Driver, client: Client) -> None:
    delivery = loaded(world)
    for _ in range(2):
        told = {"cash_collected": "76.00", "key": "00ff00ff-d"}
        assert client.post(f"/driver/stops/{delivery.pk}/deliver/", told).status_code == 302
    assert list(DriverAction.objects.filter(kind="DELIVERED").values_list("key", "result")) == [("00ff00ff-d", "DONE")]


def test_two_rounds_on_the_road_are_told_apart(world: World, driver: Driver, client: Client) -> None:
    loaded(world)
    with clock.override(datetime.fromisoformat(EVENING)):
        later = buy(world, slot=world.evening).order
    pack_order(later.pk, by=STAFF)
    mark_picked_up(Delivery.objects.get(order=later).pk, by=STAFF)
    for route in Route.objects.all():
        client.post(f"/driver/rounds/{route.pk}/start/", {"on": "2026-01-31"})
    page = text_of(client.get(PAGE))
    assert f"End the {world.morning.label} round early" in page
    assert f"End the {world.evening.label} round early" in page


def test_a_second_round_after_the_first_is_closed(world: World, driver: Driver, client: Client) -> None:
    first = loaded(world)
    route = Route.objects.get()
    client.post(f"/driver/rounds/{route.pk}/start/", {"on": "2026-01-31"})
    client.post(f"/driver/stops/{first.pk}/deliver/", {"cash_collected": "76.00"})
    client.post(f"/driver/rounds/{route.pk}/close/", {"on": "2026-01-31"})
    again = add_route(
        world.hub.pk, on=route.date, slot_id=route.slot_id, driver_id=driver.pk, vehicle_id=None, by=STAFF
    )
    second = loaded(world)
    assert second.stop is not None
    assert second.stop.route == again
    page = text_of(client.get(PAGE))
    assert "Leave the hub" in page
    assert f"Round {world.morning.label}, closed 04:30" in page
    assert "All done" not in page
    assert page.index(second.order.number) < page.index("closed 04:30") < page.index(first.order.number)
    client.post(f"/driver/rounds/{again.pk}/start/", {"on": "2026-01-31"})
    client.post(f"/driver/stops/{second.pk}/deliver/", {"cash_collected": "76.00"})
    page = text_of(client.get(PAGE))
    assert "1/1 All done Cash to hand in ₹76.00" in page, "what was handed in once is not asked for again"
    client.post(f"/driver/rounds/{again.pk}/close/", {"on": "2026-01-31"})
    assert set(Route.objects.values_list("status", flat=True)) == {"CLOSED"}
    assert "2/2 All done Cash to hand in ₹152.00" in text_of(client.get(PAGE)), "the day as a whole"


def test_goods_in_the_van_can_not_be_packed_again(world: World, driver: Driver, client: Client) -> None:
    delivery = loaded(world)
    client.post(f"/driver/stops/{delivery.pk}/fail/", {"reason": "NOBODY_THERE"})
    with pytest.raises(GoodsInVan, match="still in the van"):
        pack_order(delivery.order_id, by=STAFF)
    client.post(f"/driver/rounds/{Route.objects.get().pk}/start/")
    client.post(f"/driver/rounds/{Route.objects.get().pk}/close/")
    assert pack_order(delivery.order_id, by=STAFF).status == "PACKED"


def test_words_instead_of_codes(world: World, driver: Driver, client: Client) -> None:
    delivery = loaded(world)
    client.post(f"/driver/stops/{delivery.pk}/fail/", {"reason": "NOBODY_THERE"})
    answer = client.post(f"/driver/stops/{delivery.pk}/deliver/", {"cash_collected": "76.00"})
    assert answer.status_code == 409
    assert "This was noted as not handed over." in text_of(answer)
    assert "FAILED" not in text_of(answer)
