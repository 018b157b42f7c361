"""What is not handed over: tried again, or given back its money; rounds started, closed and called off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from cart.actions import Buyer
from deliveries.actions import (
    call_off_route,
    call_off_slot,
    close_route,
    give_up_missed,
    mark_delivered,
    mark_failed,
    mark_picked_up,
    place_loose,
    start_route,
)
from deliveries.actions import rounds as rounds_module
from deliveries.models import Delivery, Driver, FailedAttempt, Route
from deliveries.queries.summary import Summary
from deliveries.rules import NotPickedUp
from deliveries.rules.failures import Retrying, is_tried_again, next_round
from deliveries.rules.status import NothingLoaded, RoundNotStarted, RoundOver, RoundTooEarly
from deliveries.tasks import close_forgotten_rounds
from inventory.actions import BatchFacts, receive
from inventory.models import Batch, StockMovement
from inventory.queries import recount as recount_stock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.errors import InvalidInput, NotFound
from milkdelivery.core.models import Event
from milkdelivery.core.money import Money
from notifications.letters import write
from notifications.models import Notification
from orders.actions import pack_order
from orders.models import Order
from payments.actions import top_up
from payments.models import LedgerAccount, Payment, Refund
from payments.queries.recount import recount as recount_books
from tests.cart.shopping import buy
from tests.factories.deliveries import DriverFactory
from tests.factories.world import World, small_world
from tests.payments.paying import try_card, unpaid

pytestmark = pytest.mark.django_db

STAFF = Actor.system("tests")
EVENING = "2026-01-30T20:00+05:30"
DAWN = "2026-01-31T04:30+05:30"
SIX = "2026-01-31T06:00+05:30"
TODAY = date(2026, 1, 31)


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at(EVENING)
    return small_world()


def ordered(world: World, at: Callable[[str], datetime], *, method: str = "COD", loaded: bool = True) -> Delivery:
    """An order of the evening before; packed and in the van at dawn."""
    at(EVENING)
    buyer = Buyer(user_id=world.customer.pk) if method == "WALLET" else Buyer(name="Asha Rao", email="a@example.com")
    order = buy(world, buyer=buyer, payment_method=method).order
    at(DAWN)
    pack_order(order.pk, by=STAFF)
    delivery = Delivery.objects.get(order=order)
    if loaded:
        mark_picked_up(delivery.pk, by=STAFF)
    at(SIX)
    return delivery


def fail(delivery: Delivery, reason: str = "NOBODY_THERE") -> Delivery:
    return mark_failed(delivery.pk, reason=reason, by=STAFF)


def standing(delivery: Delivery) -> tuple[str, str, str]:
    """Of delivery, order and its payment."""
    delivery = Delivery.objects.select_related("order").get(pk=delivery.pk)
    payment = Payment.objects.filter(order=delivery.order_id).latest("pk")
    return delivery.status, delivery.order.status, payment.status


def all_agrees(world: World) -> bool:
    return not list(recount_books("INR")) and not list(recount_stock(world.region.pk))


# -- one that was not handed over --------------------------------------------------------------------------------------


def test_nobody_there_is_tried_again_in_the_next_slot(world: World, at: Callable[[str], datetime]) -> None:
    delivery = ordered(world, at)
    fail(delivery)
    assert standing(delivery) == ("FAILED", "CONFIRMED", "PENDING")
    order = Order.objects.get()
    assert (order.delivery_date, order.slot) == (TODAY, world.evening)
    event = Event.objects.get(name="delivery.failed")
    assert (event.data["reason"], event.data["retried_on"]) == ("NOBODY_THERE", "2026-01-31")
    close_route(Route.objects.get().pk, by=STAFF)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.slot, delivery.driver) == ("ASSIGNED", world.evening, world.driver)
    at("2026-01-31T16:40+05:30")
    pack_order(order.pk, by=STAFF)
    mark_picked_up(delivery.pk, by=STAFF)
    mark_delivered(delivery.pk, by=STAFF)
    assert standing(delivery) == ("DELIVERED", "DELIVERED", "SUCCEEDED")
    assert all_agrees(world)


def test_goods_are_on_the_shelf_again_only_when_they_are_back(world: World, at: Callable[[str], datetime]) -> None:
    delivery = ordered(world, at)
    fail(delivery)
    assert not StockMovement.objects.filter(kind="RETURN").exists(), "they are in the van"
    route = Route.objects.get()
    for _ in range(2):
        close_route(route.pk, by=STAFF)
    kinds = list(StockMovement.objects.order_by("pk").values_list("kind", "on_hand_change", "reserved_change"))
    assert kinds[-2:] == [("RETURN", 2, 0), ("RESERVE", 0, 2)]
    assert kinds.count(("RETURN", 2, 0)) == 1
    assert all_agrees(world)


def test_the_second_time_its_money_goes_back(world: World, at: Callable[[str], datetime]) -> None:
    delivery = ordered(world, at)
    fail(delivery)
    close_route(Route.objects.get().pk, by=STAFF)
    at("2026-01-31T16:40+05:30")
    pack_order(delivery.order_id, by=STAFF)
    mark_picked_up(delivery.pk, by=STAFF)
    fail(delivery)
    assert standing(delivery) == ("FAILED", "RETURNED", "FAILED")
    assert FailedAttempt.objects.count() == 2
    close_route(Route.objects.latest("pk").pk, by=STAFF)
    assert StockMovement.objects.filter(kind="RETURN").count() == 2
    assert all_agrees(world)


@pytest.mark.parametrize("reason", ["REFUSED", "WRONG_ADDRESS", "NO_TIME", "DAMAGED"])
def test_what_a_second_try_would_not_mend_is_returned(world: World, at: Callable[[str], datetime], reason: str) -> None:
    delivery = ordered(world, at)
    fail(delivery, reason)
    assert standing(delivery) == ("FAILED", "RETURNED", "FAILED")
    assert Payment.objects.get().failure_code == "not_delivered"
    assert set(Order.objects.get().lines.values_list("status", flat=True)) == {"RETURNED"}
    assert Event.objects.filter(name="order.undelivered").count() == 1


def test_what_was_damaged_is_thrown_away(world: World, at: Callable[[str], datetime]) -> None:
    delivery = ordered(world, at)
    fail(delivery, "DAMAGED")
    close_route(Route.objects.get().pk, by=STAFF)
    close_route(Route.objects.get().pk, by=STAFF)
    moved = list(StockMovement.objects.order_by("pk").values_list("kind", "on_hand_change"))
    assert moved[-2:] == [("RETURN", 2), ("SPOIL", -2)]
    assert all_agrees(world)


def test_wallet_money_is_free_in_the_same_transaction(world: World, at: Callable[[str], datetime]) -> None:
    top_up(world.customer.pk, Money(50_000, "INR"), key="t", reference="t", by=STAFF)
    delivery = ordered(world, at, method="WALLET")
    wallet = LedgerAccount.objects.get(owner=world.customer, kind="WALLET")
    assert wallet.balance < Money(50_000, "INR")
    fail(delivery, "REFUSED")
    wallet.refresh_from_db()
    assert wallet.balance == Money(50_000, "INR")
    assert standing(delivery) == ("FAILED", "RETURNED", "FAILED")
    assert all_agrees(world)


def test_card_money_is_sent_back_once(world: World, at: Callable[[str], datetime]) -> None:
    at(EVENING)
    order = Order.objects.get(pk=try_card(unpaid(world), "success").order_id or 0)
    at(DAWN)
    pack_order(order.pk, by=STAFF)
    delivery = Delivery.objects.get(order=order)
    mark_picked_up(delivery.pk, by=STAFF)
    for _ in range(2):
        fail(delivery, "REFUSED")
    refund = Refund.objects.get()
    assert (refund.amount, refund.reason) == (order.grand_total, "not_delivered")
    close_route(Route.objects.get().pk, by=STAFF)
    assert Refund.objects.count() == 1
    assert all_agrees(world)


def test_goods_that_do_not_keep_are_not_promised_again(
    world: World, at: Callable[[str], datetime], settings: Any
) -> None:
    """In the evening they would be good; the next day they are not."""
    at(EVENING)
    facts = BatchFacts("B1", produced_on=date(2026, 1, 30), expires_on=TODAY)
    receive(vendor_id=world.vendor.pk, variant_id=world.milk.pk, quantity=500, batch=facts, by=STAFF)
    settings.DELIVERY_RETRY_NEXT_DAY = True
    delivery = ordered(world, at)
    if Batch.objects.get(code="B1").remaining < 500:  # first expired, first out
        fail(delivery)
        assert standing(delivery) == ("FAILED", "RETURNED", "FAILED")
    else:
        pytest.fail("the batch was not used")


def test_before_it_was_picked_up_nothing_fails(world: World, at: Callable[[str], datetime]) -> None:
    delivery = ordered(world, at, loaded=False)
    with pytest.raises(NotPickedUp):
        fail(delivery)
    mark_picked_up(delivery.pk, by=STAFF)
    with pytest.raises(NotFound):
        mark_failed(delivery.pk, reason="REFUSED", by=STAFF, driver_id=DriverFactory(hub=world.hub).pk)


# -- whole rounds ------------------------------------------------------------------------------------------------------


def test_a_start_takes_along_what_is_loaded(world: World, at: Callable[[str], datetime]) -> None:
    first, left = ordered(world, at), ordered(world, at, loaded=False)
    route = Route.objects.get()
    for _ in range(2):
        start_route(route.pk, by=STAFF, driver_id=world.driver.pk)
    assert dict(Delivery.objects.values_list("pk", "status")) == {first.pk: "IN_TRANSIT", left.pk: "ASSIGNED"}
    mark_picked_up(left.pk, by=STAFF)
    left.refresh_from_db()
    assert left.status == "IN_TRANSIT", "a late one is on the way at once"
    assert Event.objects.filter(name="route.started").count() == 1
    with pytest.raises(NotFound):
        start_route(route.pk, by=STAFF, driver_id=DriverFactory(hub=world.hub).pk)


def test_nobody_leaves_with_an_empty_van(world: World, at: Callable[[str], datetime]) -> None:
    ordered(world, at, loaded=False)
    with pytest.raises(NothingLoaded):
        start_route(Route.objects.get().pk, by=STAFF)


def test_an_order_after_the_start_gets_another_round(world: World, at: Callable[[str], datetime]) -> None:
    ordered(world, at)
    start_route(Route.objects.get().pk, by=STAFF)
    late = ordered(world, at, loaded=False)
    assert (late.status, late.stop) == ("SCHEDULED", None)
    other = DriverFactory(hub=world.hub)
    assert place_loose(late.pk, by=STAFF).driver == other


def test_a_close_gives_back_what_was_missed(world: World, at: Callable[[str], datetime]) -> None:
    done, missed, in_van = ordered(world, at), ordered(world, at, loaded=False), ordered(world, at)
    route = Route.objects.get()
    start_route(route.pk, by=STAFF)
    mark_delivered(done.pk, by=STAFF, empties=3)
    by_driver = Actor.user(world.driver.user_id, Role.DRIVER)
    summary = close_route(route.pk, by=by_driver, driver_id=world.driver.pk)
    total = Order.objects.get(pk=done.order_id).grand_total
    assert summary == Summary(delivered=1, failed=0, missed=2, left=0, cash=total, empties=3)
    assert standing(missed) == ("CANCELLED", "CANCELLED", "FAILED")
    assert standing(in_van) == ("FAILED", "RETURNED", "FAILED")
    assert close_route(route.pk, by=by_driver) == summary
    assert Event.objects.filter(name="route.closed").count() == 1
    assert all_agrees(world)
    with pytest.raises(RoundOver):
        start_route(route.pk, by=STAFF)


@pytest.mark.parametrize(
    ("reason", "kind", "words"),
    [
        ("NOBODY_THERE", "order_rescheduled", ["Nobody there and no safe place.", "We bring it again"]),
        ("REFUSED", "order_undelivered", ["Refused at the door.", "It is not brought again, and you owe nothing"]),
    ],
)
def test_a_household_hears_that_its_order_was_not_handed_over(
    world: World, at: Callable[[str], datetime], drain: Callable[[], int], reason: str, kind: str, words: list[str]
) -> None:
    delivery = ordered(world, at)
    start_route(Route.objects.get().pk, by=STAFF)
    mark_failed(delivery.pk, reason=reason, by=STAFF)
    drain()
    told = Notification.objects.filter(role="CUSTOMER").latest("pk")
    assert told.kind == kind
    letter = write(told)
    for each in words:
        assert each in letter.text
        assert each in letter.html


def test_a_driver_does_not_end_a_round_before_its_slot_while_somebody_waits(
    world: World, at: Callable[[str], datetime]
) -> None:
    waiting = ordered(world, at, loaded=True)
    route = Route.objects.get()
    start_route(route.pk, by=STAFF)
    by_driver = Actor.user(world.driver.user_id, Role.DRIVER)
    at("2026-01-31T04:59+05:30")
    with pytest.raises(RoundTooEarly, match="not due before 05:00"):
        close_route(route.pk, by=by_driver, driver_id=world.driver.pk)
    mark_delivered(waiting.pk, by=by_driver)
    assert close_route(route.pk, by=by_driver, driver_id=world.driver.pk).delivered == 1


def test_a_round_that_has_not_left_is_not_closed_by_its_driver(world: World, at: Callable[[str], datetime]) -> None:
    waiting = ordered(world, at, loaded=False)
    route = Route.objects.get()
    by_driver = Actor.user(world.driver.user_id, Role.DRIVER)
    with pytest.raises(RoundNotStarted):
        close_route(route.pk, by=by_driver, driver_id=world.driver.pk)
    Route.objects.update(date=TODAY + timedelta(days=1))
    with pytest.raises(RoundNotStarted):
        close_route(route.pk, by=STAFF)
    waiting.refresh_from_db()
    assert waiting.status == "ASSIGNED"


def test_a_storm_calls_a_hubs_slot_off(world: World, at: Callable[[str], datetime]) -> None:
    top_up(world.customer.pk, Money(50_000, "INR"), key="t", reference="t", by=STAFF)
    held, cash = ordered(world, at, method="WALLET", loaded=False), ordered(world, at)
    Driver.objects.update(is_active=False)
    loose = ordered(world, at, loaded=False)
    with pytest.raises(InvalidInput):
        call_off_slot(world.hub.pk, on=TODAY, slot_id=world.morning.pk, reason=" ", by=STAFF)
    for wanted in (3, 0):
        count = call_off_slot(world.hub.pk, on=TODAY, slot_id=world.morning.pk, reason="Storm", by=STAFF)
        assert count == wanted
    assert standing(held) == ("CANCELLED", "CANCELLED", "FAILED")
    assert standing(cash) == ("FAILED", "RETURNED", "FAILED")
    assert standing(loose) == ("CANCELLED", "CANCELLED", "FAILED")
    assert LedgerAccount.objects.get(owner=world.customer, kind="WALLET").balance == Money(50_000, "INR")
    route = Route.objects.get()
    assert (route.status, route.call_off_reason) == ("CALLED_OFF", "Storm")
    assert Event.objects.filter(name="route.called_off").count() == 1
    assert all_agrees(world)
    with pytest.raises(RoundOver):
        close_route(route.pk, by=STAFF)


def test_the_command_calls_a_slot_off(world: World, at: Callable[[str], datetime]) -> None:
    delivery = ordered(world, at, loaded=False)
    told = StringIO()
    facts = {"hub": world.hub.name, "date": TODAY, "slot": "MORNING"}
    call_command("call_off", **facts, reason="Storm", stdout=told)
    assert told.getvalue().strip() == f"{world.hub} Morning: 1 orders called off"
    assert standing(delivery) == ("CANCELLED", "CANCELLED", "FAILED")
    for wrong in ({**facts, "hub": "Nowhere", "reason": "Storm"}, {**facts, "reason": ""}):
        with pytest.raises(CommandError):
            call_command("call_off", **wrong)


def test_goods_that_are_gone_end_the_second_try(at: Callable[[str], datetime], settings: Any) -> None:
    """They broke, and they were the last: money back, and no round that nobody can load."""
    at(EVENING)
    settings.DELIVERY_RETRY_REASONS = ["DAMAGED"]
    world = small_world(on_hand=2)
    delivery = ordered(world, at)
    fail(delivery, "DAMAGED")
    assert Order.objects.get().status == "CONFIRMED"
    close_route(Route.objects.get().pk, by=STAFF)
    order = Order.objects.get()
    assert order.status == "CANCELLED"
    assert order.status_changes.latest("pk").reason == "goods_gone"
    assert all_agrees(world)


def test_a_round_that_its_driver_forgot_is_closed(world: World, at: Callable[[str], datetime]) -> None:
    delivery = ordered(world, at)
    start_route(Route.objects.get().pk, by=STAFF)
    at("2026-01-31T13:29+05:30")
    assert close_forgotten_rounds() == 0
    at("2026-01-31T13:31+05:30")
    assert close_forgotten_rounds() == 1
    assert standing(delivery) == ("FAILED", "RETURNED", "FAILED")


def test_a_closed_round_is_not_called_off(world: World, at: Callable[[str], datetime]) -> None:
    mark_delivered(ordered(world, at).pk, by=STAFF)
    route = Route.objects.get()
    close_route(route.pk, by=STAFF)
    with pytest.raises(RoundOver):
        call_off_route(route.pk, reason="Storm", by=STAFF)


def test_a_close_that_was_broken_off_goes_on(
    world: World, at: Callable[[str], datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever dies between two deliveries: a second close ends where one close does."""
    drops = [ordered(world, at, loaded=bool(n % 2)) for n in range(3)]
    failed = ordered(world, at)
    fail(failed)
    route = Route.objects.get()
    real = give_up_missed
    calls = []

    def dying(delivery_id: int, **kwargs: object) -> object:
        calls.append(delivery_id)
        if len(calls) == 2:
            raise ConnectionError("cut off")
        return real(delivery_id, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(rounds_module, "give_up_missed", dying)
    with pytest.raises(ConnectionError):
        close_route(route.pk, by=STAFF)
    assert Route.objects.get(pk=route.pk).status != "CLOSED"
    summary = close_route(route.pk, by=STAFF)
    assert (summary.failed, summary.missed, summary.left) == (1, 3, 0)
    assert all(standing(drop)[2] == "FAILED" for drop in drops)
    assert Order.objects.get(pk=failed.order_id).status == "CONFIRMED"
    assert all_agrees(world)


# -- the rules ---------------------------------------------------------------------------------------------------------


class OnPaper:
    cutoff_days_before, cutoff_time, pack_time, is_active = 1, time(22), time(4), True

    def __init__(self, starts: int, weekdays: list[int]) -> None:
        self.starts_at, self.ends_at, self.open_weekdays = time(starts), time(starts + 2), weekdays


POLICY = Retrying(tries=2, reasons=("NOBODY_THERE",), next_day=False)
weekdays = st.lists(st.integers(0, 6), unique=True, max_size=7)


def test_a_reason_and_a_number_of_tries_decide() -> None:
    assert is_tried_again("NOBODY_THERE", tries=1, policy=POLICY)
    assert not is_tried_again("NOBODY_THERE", tries=2, policy=POLICY)
    assert not is_tried_again("REFUSED", tries=1, policy=POLICY)


@given(weekdays, weekdays, st.integers(0, 364), st.booleans(), st.booleans())
def test_the_next_round_is_after_this_one_and_open(
    morning: list[int], evening: list[int], day_of_year: int, in_the_evening: bool, next_day: bool
) -> None:
    day = date(2026, 1, 1) + timedelta(days=day_of_year)
    slots = [OnPaper(5, morning), OnPaper(17, evening)]
    slot = slots[in_the_evening]
    policy = Retrying(tries=2, reasons=(), next_day=next_day)
    found = next_round(slot, day, slots, holidays=set(), policy=policy)
    if found is None:
        assert not (slot.open_weekdays if next_day else morning + evening)
        return
    again, on = found
    assert (on, again.starts_at) > (day, slot.starts_at)
    assert on.weekday() in again.open_weekdays
    if next_day:
        assert again is slot
