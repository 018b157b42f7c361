"""The driver's round: what is shown, what a tap does, and what it refuses to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cart.actions import Buyer
from deliveries.actions import mark_picked_up
from deliveries.models import Delivery, Driver, Route
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import Event
from milkdelivery.core.money import Money
from orders.actions import cancel_order, pack_order
from orders.models import Order
from payments.models import Payment
from tests.cart.shopping import buy
from tests.concurrency.threads import in_threads
from tests.factories.accounts import UserFactory
from tests.factories.deliveries import DriverFactory
from tests.factories.world import World, small_world
from tests.payments.books import filled_wallet

pytestmark = pytest.mark.django_db

EVENING = "2026-01-30T20:00+05:30"
DAWN = "2026-01-31T04:30+05:30"
STAFF = Actor.system("tests")
ROUND = "/driver/"
PICK_UP = "/driver/pick-up/"


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at(EVENING)
    made = small_world()
    at(DAWN)
    return made


@pytest.fixture
def driver(world: World, client: Client) -> Driver:
    """The world's driver, signed in."""
    client.force_login(world.driver.user)
    return world.driver


def ordered(world: World, *, packed: bool = True, **buyer: Any) -> Delivery:
    with clock.override(datetime.fromisoformat(EVENING)):
        order = buy(world, buyer=Buyer(**{"name": "Asha Rao", "email": "asha@example.com", **buyer})).order
    if packed:
        pack_order(order.pk, by=STAFF)
    return Delivery.objects.select_related("order").get(order=order)


def deliver_path(delivery: Delivery) -> str:
    return reverse("deliveries:deliver", args=[delivery.pk])


def words(html: bytes) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.decode()))


def test_only_what_is_packed_can_be_picked_up(world: World, driver: Driver, client: Client) -> None:
    packed, waiting = ordered(world), ordered(world, packed=False)
    page = client.get(ROUND)
    text = words(page.content)
    assert packed.order.number in text
    assert waiting.order.number in text
    assert text.count("Not packed yet") == 1
    assert f'name="delivery" value="{packed.pk}"' in page.content.decode()
    assert f'name="delivery" value="{waiting.pk}"' not in page.content.decode()


def test_nothing_leaves_before_its_day(
    world: World, driver: Driver, client: Client, at: Callable[[str], datetime]
) -> None:
    """By the clock of the region: at 23:50 in India it is still the day before, whatever day it is in UTC."""
    delivery = ordered(world)
    at("2026-01-30T23:50+05:30")
    page = client.get(ROUND, {"on": "2026-01-31"}).content.decode()
    assert 'name="delivery"' not in page
    assert "Packed" in words(page.encode())
    refused = client.post(PICK_UP, {"delivery": delivery.pk, "on": "2026-01-31"})
    assert refused.status_code == 409
    assert f"Order {delivery.order.number} is for Saturday, 31 January." in words(refused.content)
    delivery.refresh_from_db()
    assert delivery.status == "ASSIGNED"
    at("2026-01-31T00:05+05:30")
    assert client.post(PICK_UP, {"delivery": delivery.pk, "on": "2026-01-31"}).status_code == 302


def test_one_tap_takes_all_that_is_packed(world: World, driver: Driver, client: Client) -> None:
    first, second, waiting = ordered(world), ordered(world), ordered(world, packed=False)
    response = client.post(PICK_UP, {"delivery": [first.pk, second.pk], "on": "2026-01-31"})
    assert (response.status_code, response["Location"]) == (302, "/driver/?on=2026-01-31")
    statuses = dict(Delivery.objects.values_list("pk", "status"))
    assert statuses == {first.pk: "PICKED_UP", second.pk: "PICKED_UP", waiting.pk: "ASSIGNED"}
    assert set(Order.objects.filter(pk__in=[first.order_id, second.order_id]).values_list("status", flat=True)) == {
        "OUT_FOR_DELIVERY"
    }


def test_the_next_stop_says_all_that_is_needed_at_the_door(world: World, driver: Driver, client: Client) -> None:
    delivery = ordered(world, phone="+919845012345")
    mark_picked_up(delivery.pk, by=STAFF)
    page = client.get(ROUND).content.decode()
    text = words(page.encode())
    for told in ("Next stop", "4, 80 Feet Road", "Floor 1", "Toned milk", "₹76.00", "Asha Rao"):
        assert told in text
    assert 'href="tel:+919845012345"' in page
    assert "destination=12+1%2C+4%2C+80+Feet+Road%2C+Bengaluru+560034" in page
    assert 'name="cash_collected" value="76.00"' in page
    assert '<meta name="robots" content="noindex">' in page


def test_the_driver_sees_no_phone_once_it_is_done(world: World, driver: Driver, client: Client) -> None:
    delivery = ordered(world, phone="+919845012345")
    mark_picked_up(delivery.pk, by=STAFF)
    client.post(deliver_path(delivery), {"cash_collected": "76.00"})
    page = client.get("/driver/?on=2026-01-31").content.decode()
    assert delivery.order.number in page
    assert "+919845012345" not in page
    assert "Asha Rao" not in page


def test_cash_is_collected_with_the_hand_over(world: World, driver: Driver, client: Client) -> None:
    delivery = ordered(world)
    mark_picked_up(delivery.pk, by=STAFF)
    response = client.post(deliver_path(delivery), {"cash_collected": "76.00"})
    assert (response.status_code, response["Location"]) == (302, "/driver/?on=2026-01-31")
    delivery.refresh_from_db()
    assert (delivery.status, delivery.cash_collected) == ("DELIVERED", Money(7600, "INR"))
    assert Payment.objects.get().status == "SUCCEEDED"
    assert "₹76.00" in words(client.get("/driver/?on=2026-01-31").content)


def test_what_is_paid_already_asks_for_no_cash(world: World, driver: Driver, client: Client) -> None:
    filled_wallet(world.customer, 500)
    with clock.override(datetime.fromisoformat(EVENING)):
        order = buy(world, buyer=Buyer(user_id=world.customer.pk), payment_method="WALLET").order
    pack_order(order.pk, by=STAFF)
    delivery = Delivery.objects.get(order=order)
    mark_picked_up(delivery.pk, by=STAFF)
    answer = client.get(ROUND)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert deliver_path(delivery) in page
    assert "cash_collected" not in page


@pytest.mark.parametrize(
    ("typed", "status", "told"),
    [
        ("70.00", 409, "₹76.00 is to be collected."),
        ("", 422, "Enter what you were given."),
        ("two", 422, "Enter an amount, like 236."),
        ("-76", 422, "At least 0"),
        ("7600000000000000000000", 422, "Use at most 14 digits"),
        ("76\x00", 422, "Enter an amount, like 236."),
    ],
)
def test_a_wrong_sum_is_told_at_the_field_and_stays_typed(
    world: World, driver: Driver, client: Client, typed: str, status: int, told: str
) -> None:
    delivery = ordered(world)
    mark_picked_up(delivery.pk, by=STAFF)
    response = client.post(deliver_path(delivery), {"cash_collected": typed})
    assert response.status_code == status
    assert told in words(response.content)
    if typed and "\x00" not in typed:
        assert f'value="{typed}"' in response.content.decode()
    delivery.refresh_from_db()
    assert delivery.status == "PICKED_UP"
    assert Payment.objects.get().status == "PENDING"


def test_a_second_tap_changes_nothing(world: World, driver: Driver, client: Client) -> None:
    delivery = ordered(world)
    for _ in range(2):
        assert client.post(PICK_UP, {"delivery": delivery.pk}).status_code == 302
    for _ in range(2):
        assert client.post(deliver_path(delivery), {"cash_collected": "76.00"}).status_code == 302
    assert Event.objects.filter(name="delivery.updated").count() == 1
    assert Event.objects.filter(name="delivery.completed").count() == 1
    assert client.post(PICK_UP, {"delivery": delivery.pk}).status_code == 302, "a late first tap does no harm"
    delivery.refresh_from_db()
    assert delivery.status == "DELIVERED"


@pytest.mark.django_db(transaction=True)
def test_two_taps_at_once_deliver_once(world: World, driver: Driver, client: Client) -> None:
    delivery = ordered(world)
    answers: list[int] = []

    def tap(path: str, data: dict[str, object]) -> Callable[[], None]:
        own = Client()
        own.force_login(driver.user)
        return lambda: answers.append(own.post(path, data).status_code)

    assert in_threads(*[tap(PICK_UP, {"delivery": delivery.pk}) for _ in range(3)]) == []
    assert in_threads(*[tap(deliver_path(delivery), {"cash_collected": "76.00"}) for _ in range(3)]) == []
    assert answers == [302] * 6
    for name in ("delivery.updated", "delivery.completed", "payment.succeeded", "order.delivered"):
        assert Event.objects.filter(name=name).count() == 1
    assert Order.objects.get().payment_status == "PAID"


def test_an_order_cancelled_meanwhile_is_told_where_it_was_tapped(
    world: World, driver: Driver, client: Client, drain: Callable[[], int]
) -> None:
    delivery, other = ordered(world), ordered(world)
    cancel_order(delivery.order_id, by=STAFF, reason="changed my mind")
    response = client.post(PICK_UP, {"delivery": [delivery.pk, other.pk]})
    assert response.status_code == 409
    assert f"Order {delivery.order.number} was cancelled. It stays at the hub." in words(response.content)
    other.refresh_from_db()
    assert other.status == "PICKED_UP", "the others are not kept back"


@pytest.mark.django_db(transaction=True)
def test_so_is_one_that_is_off_the_round_already(
    world: World, driver: Driver, client: Client, drain: Callable[[], int]
) -> None:
    delivery = ordered(world)
    cancel_order(delivery.order_id, by=STAFF, reason="changed my mind")
    drain()
    response = client.post(PICK_UP, {"delivery": delivery.pk})
    assert response.status_code == 409
    assert f"Order {delivery.order.number} was cancelled. It stays at the hub." in words(response.content)


def test_what_is_not_packed_stays(world: World, driver: Driver, client: Client) -> None:
    delivery = ordered(world, packed=False)
    response = client.post(PICK_UP, {"delivery": delivery.pk})
    assert response.status_code == 409
    assert f"Order {delivery.order.number} is not packed yet." in words(response.content)
    delivery.refresh_from_db()
    assert delivery.status == "ASSIGNED"


def test_nothing_is_delivered_before_it_is_picked_up(world: World, driver: Driver, client: Client) -> None:
    delivery = ordered(world)
    response = client.post(deliver_path(delivery), {"cash_collected": "76.00"})
    assert response.status_code == 409
    assert "Mark it picked up first." in words(response.content)
    assert Payment.objects.get().status == "PENDING"


def test_another_drivers_stop_does_not_exist(world: World, driver: Driver, client: Client) -> None:
    delivery = ordered(world)
    Route.objects.update(driver=DriverFactory(hub=world.hub))
    assert client.post(PICK_UP, {"delivery": delivery.pk}).status_code == 404
    assert client.post(deliver_path(delivery), {"cash_collected": "76.00"}).status_code == 404
    assert delivery.order.number not in client.get(ROUND).content.decode()
    delivery.refresh_from_db()
    assert delivery.status == "ASSIGNED"


@pytest.mark.parametrize("value", ["0", "two", "-1", "99999999999999999999999", "²", ""])
def test_ids_that_are_none(world: World, driver: Driver, client: Client, value: str) -> None:
    assert client.post(PICK_UP, {"delivery": value}).status_code == 404


@pytest.mark.parametrize("query", ["on=tomorrow", "on=2026-02-31", "on=2026-13-99", "stop=x", "stop=9", "on="])
def test_nonsense_in_the_address_shows_the_round(world: World, driver: Driver, client: Client, query: str) -> None:
    delivery = ordered(world)
    page = client.get(f"{ROUND}?{query}")
    assert page.status_code == 200
    assert delivery.order.number in page.content.decode()


def test_the_day_with_something_to_do_comes_first(
    world: World, driver: Driver, client: Client, at: Callable[[str], datetime]
) -> None:
    delivery = ordered(world)
    assert delivery.order.number in client.get(ROUND).content.decode(), "the next round, the evening before"
    mark_picked_up(delivery.pk, by=STAFF)
    at("2026-02-01T04:30+05:30")
    page = words(client.get(ROUND).content)
    assert "Next stop" in page, "what is still in the van is not forgotten over midnight"


def test_a_chosen_stop_comes_first(world: World, driver: Driver, client: Client) -> None:
    first, second = ordered(world), ordered(world)
    for delivery in (first, second):
        mark_picked_up(delivery.pk, by=STAFF)
    assert deliver_path(first) in client.get(ROUND).content.decode()
    assert deliver_path(second) in client.get(f"{ROUND}?on=2026-01-31&stop={second.pk}").content.decode()


def test_the_same_number_of_queries_for_any_round(
    world: World, driver: Driver, client: Client, django_assert_num_queries: Callable[..., object]
) -> None:
    def fill(number: int) -> None:
        for _ in range(number):
            ordered(world)
            ordered(world, packed=False)
            mark_picked_up(ordered(world).pk, by=STAFF)

    fill(1)
    with django_assert_num_queries(9):  # type: ignore[attr-defined]
        client.get(ROUND)
    fill(5)
    with django_assert_num_queries(9):  # type: ignore[attr-defined]
        client.get(ROUND)


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.VENDOR, Role.MANAGER, Role.ADMIN])
def test_others_are_told_that_it_is_not_theirs(world: World, client: Client, role: Role) -> None:
    delivery = ordered(world)
    client.force_login(UserFactory(role=role))
    for response in (
        client.get(ROUND),
        client.post(PICK_UP, {"delivery": delivery.pk}),
        client.post(deliver_path(delivery), {"cash_collected": "76.00"}),
    ):
        assert response.status_code == 403
        assert "This door is not yours" in words(response.content)
    delivery.refresh_from_db()
    assert delivery.status == "ASSIGNED"
    assert Event.objects.filter(name="access.denied").count() == 3


def test_a_guest_signs_in_first(world: World, client: Client) -> None:
    response = client.get(ROUND)
    assert (response.status_code, response["Location"]) == (302, "/accounts/login/?next=/driver/")


def test_a_driver_without_a_hub_is_told_so(world: World, client: Client) -> None:
    client.force_login(UserFactory(role=Role.DRIVER))
    response = client.get(ROUND)
    assert response.status_code == 200
    assert "No hub yet" in words(response.content)


def test_pages_are_only_read_by_get(world: World, driver: Driver, client: Client) -> None:
    assert client.get(PICK_UP).status_code == 405
    assert client.post(ROUND).status_code == 405
