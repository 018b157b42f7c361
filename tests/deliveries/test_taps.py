"""What a driver's phone sends: once, late, twice, in any order, with a wrong clock; and what is taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import User
from cart.actions import Buyer
from deliveries.actions import (
    Sent,
    close_route,
    look_at_action,
    mark_delivered,
    mark_picked_up,
    take_back,
    tap,
    tap_all,
)
from deliveries.models import Delivery, Driver, DriverAction, FailedAttempt, Route
from deliveries.rules.taps import Tap, happened_at, read
from inventory.queries import recount as recount_stock
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import Event
from milkdelivery.core.money import Money
from notifications.letters import NoLongerSo, write
from notifications.models import Notification
from orders.actions import cancel_order, pack_order
from orders.models import Order, OrderLine
from payments.actions import issue_invoices, save_seller, top_up
from payments.models import LedgerAccount, LedgerTransfer, Payment, Refund, RefundMovement, Seller
from payments.queries.recount import recount as recount_books
from payments.tasks import issue_invoice
from tests.cart.shopping import buy
from tests.factories.deliveries import DriverFactory
from tests.factories.world import World, small_world
from tests.payments.books import counted
from tests.payments.paying import try_card, unpaid, worker

pytestmark = pytest.mark.django_db

STAFF = Actor.user(902, Role.MANAGER)
EVENING = "2026-01-30T20:00+05:30"
DAWN = "2026-01-31T04:30+05:30"
SIX = "2026-01-31T06:00+05:30"
TODAY = date(2026, 1, 31)


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at(EVENING)
    return small_world()


def ordered(world: World, *, method: str = "COD", packed: bool = True) -> Delivery:
    """An order of the evening before, packed at dawn; it stays six o'clock after."""
    with clock.override(datetime.fromisoformat(EVENING)):
        if method == "CARD":
            run = unpaid(world, buyer=Buyer(name="Asha Rao", email="a@example.com"))
            try_card(run, "success")
            order = Order.objects.get(pk=run.order_id)
        elif method == "WALLET":
            key = f"t{Order.objects.count()}"
            top_up(world.customer.pk, Money(50_000, "INR"), key=key, reference="t", by=STAFF)
            order = buy(world, buyer=Buyer(user_id=world.customer.pk), payment_method="WALLET").order
        else:
            order = buy(world, buyer=Buyer(name="Asha Rao", email="a@example.com")).order
    if packed:
        with clock.override(datetime.fromisoformat(DAWN)):
            pack_order(order.pk, by=STAFF)
    return Delivery.objects.get(order=order)


class Phone:
    """A driver's phone, whose clock may be wrong. What it taps it keeps until it is sent."""

    def __init__(self, driver: Driver, *, ahead: timedelta = timedelta(0), name: str = "a") -> None:
        self.driver, self.ahead, self.name = driver, ahead, name
        self.by = Actor.user(driver.user_id, Role.DRIVER)
        self.made = 0

    def makes(self, kind: str, subject: int, at: str, **payload: Any) -> Sent:
        self.made += 1
        shown = datetime.fromisoformat(f"2026-01-31T{at}+05:30") + self.ahead
        return Sent(f"{self.name}{self.made}", kind, subject, device_at=shown, payload=payload)

    def sends(self, *taps: Sent) -> list[DriverAction]:
        stamped = [replace(each, sent_at=clock.now() + self.ahead) for each in taps]
        done = tap_all(stamped, driver=self.driver, by=self.by)
        return [each.action for each in done]  # type: ignore[union-attr]


@pytest.fixture
def phone(world: World, at: Callable[[str], datetime]) -> Phone:
    at(SIX)
    return Phone(world.driver)


def standing(delivery: Delivery) -> tuple[str, str, str]:
    """Of delivery, order and its payment."""
    delivery = Delivery.objects.select_related("order").get(pk=delivery.pk)
    payment = Payment.objects.filter(order=delivery.order_id).latest("pk")
    return delivery.status, delivery.order.status, payment.status


def results(actions: Sequence[DriverAction]) -> list[tuple[str, str]]:
    found = DriverAction.objects.in_bulk([each.pk for each in actions])
    return [(found[each.pk].result, found[each.pk].code) for each in actions]


def agrees(world: World) -> bool:
    return not list(recount_books("INR")) and not list(recount_stock(world.region.pk))


# -- what taps come to -------------------------------------------------------------------------------------------------

BASE = datetime.fromisoformat("2026-01-31T06:00+05:30")


def taps_of(*told: tuple[str, float]) -> list[Tap]:
    return [
        Tap(number, kind, BASE + timedelta(minutes=minute), BASE, BASE) for number, (kind, minute) in enumerate(told)
    ]


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ([("PICKED_UP", 0), ("DELIVERED", 1)], "DELIVERED"),
        ([("DELIVERED", 1)], None),
        ([("DELIVERED", 0), ("PICKED_UP", 1)], None),
        ([("PICKED_UP", 0), ("FAILED", 1), ("DELIVERED", 2)], "FAILED"),
        ([("PICKED_UP", 0), ("DELIVERED", 1), ("UNDO", 6)], None),
        ([("PICKED_UP", 0), ("DELIVERED", 1), ("UNDO", 6.1)], "DELIVERED"),
        ([("PICKED_UP", 0), ("DELIVERED", 1), ("UNDO", 2), ("FAILED", 3)], "FAILED"),
        ([("PICKED_UP", 0), ("DELIVERED", 1), ("UNDO", 2), ("UNDO", 3), ("DELIVERED", 4)], "DELIVERED"),
        ([("PICKED_UP", 0), ("UNDO", 1), ("DELIVERED", 2)], "DELIVERED"),
    ],
)
def test_the_first_word_stands_until_it_is_taken_back(told: list[tuple[str, float]], word: str | None) -> None:
    taps = taps_of(*told)
    for order in (taps, taps[::-1]):
        found = read(order, out_since=None)
        assert (found.word.kind if found.word else None) == word


def test_a_time_is_put_right_by_what_the_phone_showed_when_it_sent() -> None:
    hour, day = timedelta(hours=1), timedelta(days=1)
    facts: dict[str, Any] = {"received_at": BASE, "not_before": BASE - 12 * hour}
    assert happened_at(BASE - hour, sent_at=BASE, **facts) == BASE - hour
    for off in (day, -day):
        assert happened_at(BASE - hour + off, sent_at=BASE + off, **facts) == BASE - hour
    assert happened_at(BASE + hour, sent_at=BASE, **facts) == BASE, "nothing happens in the future"
    assert happened_at(BASE - day, sent_at=BASE, **facts) == BASE - 12 * hour, "nor before its round was there"
    assert happened_at(None, sent_at=None, **facts) == BASE
    first, last = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    assert happened_at(last, sent_at=first, **facts) == BASE, "a clock that was lost breaks nothing"
    assert happened_at(first, sent_at=last, **facts) == BASE - 12 * hour


# -- late, repeated, reordered -----------------------------------------------------------------------------------------


def test_a_round_of_an_offline_phone_lands_in_one_go(world: World, phone: Phone, at: Callable[[str], datetime]) -> None:
    first, second = ordered(world), ordered(world)
    route = Route.objects.get()
    taps = [
        phone.makes("PICKED_UP", first.pk, "05:00"),
        phone.makes("PICKED_UP", second.pk, "05:01"),
        phone.makes("START", route.pk, "05:02"),
        phone.makes("DELIVERED", first.pk, "05:10", cash=7600, currency="INR", empties=2),
        phone.makes("FAILED", second.pk, "05:20", reason="NOBODY_THERE", note="Gate shut"),
        phone.makes("CLOSE", route.pk, "05:40", after=["a1", "a2", "a3", "a4", "a5"]),
    ]
    at("2026-01-31T07:30+05:30")
    assert {each.result for each in phone.sends(*taps[::-1])} == {"DONE"}
    first.refresh_from_db()
    assert first.delivered_at == datetime.fromisoformat("2026-01-31T05:10+05:30"), "when it was, not when it came"
    assert (first.cash_collected, first.empties_collected) == (Money(7600, "INR"), 2)
    assert FailedAttempt.objects.get().note == "Gate shut"
    assert Route.objects.get(pk=route.pk).status == "CLOSED"
    again = phone.sends(*taps)
    assert {each.result for each in again} == {"DONE"}, "a repeat is answered as the first was"
    assert DriverAction.objects.count() == 6
    assert agrees(world)


def test_a_close_waits_for_what_was_tapped_before_it(world: World, phone: Phone) -> None:
    delivery = ordered(world)
    route = Route.objects.get()
    taps = [
        phone.makes("PICKED_UP", delivery.pk, "05:00"),
        phone.makes("START", route.pk, "05:02"),
        phone.makes("DELIVERED", delivery.pk, "05:10"),
        phone.makes("CLOSE", route.pk, "05:40", after=["a1", "a2", "a3"]),
    ]
    (close,) = phone.sends(taps[3])
    assert close.result == "WAITING"
    phone.sends(taps[1])
    phone.sends(taps[2])
    assert Route.objects.get().status == "PLANNED"
    phone.sends(taps[0])
    assert Route.objects.get().status == "CLOSED"
    assert standing(delivery) == ("DELIVERED", "DELIVERED", "SUCCEEDED")
    assert results([close]) == [("DONE", "")]


@pytest.mark.parametrize("off", [timedelta(days=1), timedelta(days=-1)])
def test_a_clock_that_is_a_day_off(world: World, at: Callable[[str], datetime], off: timedelta) -> None:
    at(SIX)
    phone = Phone(world.driver, ahead=off)
    delivery = ordered(world)
    phone.sends(phone.makes("PICKED_UP", delivery.pk, "05:00"), phone.makes("DELIVERED", delivery.pk, "05:10"))
    delivery.refresh_from_db()
    assert delivery.delivered_at == datetime.fromisoformat("2026-01-31T05:10+05:30")


def test_two_phones(world: World, phone: Phone) -> None:
    """One says delivered, the other that nobody was there a minute later: the first word stands, however they come."""
    one, two = ordered(world), ordered(world)
    other = Phone(world.driver, name="b")
    for delivery, late in ((one, False), (two, True)):
        picked = phone.makes("PICKED_UP", delivery.pk, "05:00")
        good = phone.makes("DELIVERED", delivery.pk, "05:10")
        bad = other.makes("FAILED", delivery.pk, "05:11", reason="NOBODY_THERE")
        phone.sends(picked)
        for each, sender in [(bad, other), (good, phone)] if late else [(good, phone), (bad, other)]:
            sender.sends(each)
        assert standing(delivery) == ("DELIVERED", "DELIVERED", "SUCCEEDED")
        found = DriverAction.objects.get(key=bad.key)
        assert (found.result, found.code) == ("REFUSED", "delivery_already_delivered")
        assert "noted as delivered" in found.said
    assert agrees(world)


def test_another_drivers_stop_is_refused_and_kept(world: World, phone: Phone) -> None:
    delivery = ordered(world)
    stranger = Phone(DriverFactory(hub=world.hub), name="s")
    for subject in (delivery.pk, 9_999_999):
        (action,) = stranger.sends(stranger.makes("DELIVERED", subject, "05:10"))
        assert (action.result, action.code) == ("REFUSED", "not_found")
    assert standing(delivery)[0] == "ASSIGNED"
    assert Event.objects.filter(name="driver.action_refused").count() == 2


def test_a_cancelled_order(world: World, phone: Phone, drain: Callable[[], int]) -> None:
    delivery, other = ordered(world), ordered(world)
    cancel_order(delivery.order_id, by=STAFF, reason="changed my mind")
    drain()
    actions = phone.sends(
        phone.makes("PICKED_UP", delivery.pk, "05:00"),
        phone.makes("DELIVERED", delivery.pk, "05:10"),
        phone.makes("PICKED_UP", other.pk, "05:01"),
    )
    assert [each.code for each in actions] == ["delivery_called_off", "delivery_called_off", ""]
    assert [each.needs_look for each in actions] == [False, True, False]
    assert other.pk in Delivery.objects.filter(status="PICKED_UP").values_list("pk", flat=True)


def test_a_wrong_sum_is_refused_and_the_right_one_lands(world: World, phone: Phone) -> None:
    delivery = ordered(world)
    phone.sends(phone.makes("PICKED_UP", delivery.pk, "05:00"))
    wrong = phone.makes("DELIVERED", delivery.pk, "05:10", cash=7000, currency="INR")
    right = phone.makes("DELIVERED", delivery.pk, "05:12", cash=7600, currency="INR")
    assert results(phone.sends(wrong, right)) == [("REFUSED", "payment_wrong_amount"), ("DONE", "")]
    assert standing(delivery) == ("DELIVERED", "DELIVERED", "SUCCEEDED")


def test_a_late_word_about_a_closed_round_is_shown_to_staff(world: World, phone: Phone) -> None:
    delivery, brought = ordered(world), ordered(world)
    route = Route.objects.get()
    for each in (delivery, brought):
        phone.sends(phone.makes("PICKED_UP", each.pk, "05:00"))
    phone.sends(phone.makes("DELIVERED", brought.pk, "05:05"))
    late = phone.makes("DELIVERED", delivery.pk, "05:10")
    close_route(route.pk, by=STAFF)
    said = [*phone.sends(late), *phone.sends(phone.makes("DELIVERED", brought.pk, "05:06"))]
    assert results(said) == [("REFUSED", "round_over"), ("ALREADY", "")]
    assert standing(delivery)[1] == "RETURNED"
    assert [each.pk for each in DriverAction.objects.to_look_at()] == [said[0].pk]
    told = Event.objects.get(name="driver.action_refused")
    assert (told.data["code"], told.data["needs_look"]) == ("round_over", True)
    for _ in range(2):
        look_at_action(said[0].pk, by=STAFF)
    assert not DriverAction.objects.to_look_at().exists()
    assert Event.objects.filter(name="driver.action_looked_at").count() == 1


def test_a_late_word_lands_on_the_round_it_was_tapped_on(
    world: World, phone: Phone, at: Callable[[str], datetime]
) -> None:
    """The order goes out again in the evening; what was tapped in the morning says nothing about that."""
    delivery = ordered(world)
    morning = Route.objects.get()
    phone.sends(phone.makes("PICKED_UP", delivery.pk, "05:00"))
    phone.sends(phone.makes("FAILED", delivery.pk, "05:10", reason="NOBODY_THERE"))
    late = phone.makes("DELIVERED", delivery.pk, "05:30")
    close_route(morning.pk, by=STAFF)
    at("2026-01-31T16:40+05:30")
    pack_order(delivery.order_id, by=STAFF)
    phone.sends(phone.makes("PICKED_UP", delivery.pk, "16:40"))
    (action,) = phone.sends(late)
    assert (action.result, action.code, action.route_id, action.needs_look) == (
        "REFUSED",
        "round_over",
        morning.pk,
        True,
    )
    assert standing(delivery)[0] == "PICKED_UP"


def test_a_key_belongs_to_one_tap(world: World, phone: Phone) -> None:
    delivery = ordered(world)
    (_first, second) = tap_all(
        [Sent("k", "PICKED_UP", delivery.pk), Sent("k", "DELIVERED", delivery.pk)], driver=world.driver, by=phone.by
    )
    assert second.code == "key_reused"  # type: ignore[union-attr]
    assert standing(delivery)[0] == "PICKED_UP"


def test_the_database_keeps_what_was_tapped(world: World, phone: Phone) -> None:
    delivery = ordered(world)
    phone.sends(phone.makes("PICKED_UP", delivery.pk, "05:00"))
    for change in (
        lambda: DriverAction.objects.all().delete(),
        lambda: DriverAction.objects.update(kind="DELIVERED"),
        lambda: DriverAction.objects.update(happened_at=clock.now()),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


# -- taken back --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["COD", "WALLET", "CARD"])
@pytest.mark.parametrize(
    ("wrong", "facts"),
    [("DELIVERED", {}), ("FAILED", {"reason": "NOBODY_THERE"}), ("FAILED", {"reason": "REFUSED"})],
)
def test_a_wrong_tap_leaves_nothing_behind(
    world: World, phone: Phone, method: str, wrong: str, facts: dict[str, str]
) -> None:
    delivery = ordered(world, method=method)
    phone.sends(phone.makes("PICKED_UP", delivery.pk, "05:00"))

    def all_there_is() -> list[Any]:
        return [
            standing(delivery),
            counted(),
            list(
                LedgerAccount.objects.filter(owner__isnull=False).order_by("pk").values_list("owner", "kind", "balance")
            ),
            list(OrderLine.objects.values_list("status", "delivered_quantity")),
            Order.objects.values_list("delivery_date", "slot", "payment_status").get(),
            list(Delivery.objects.values_list("delivered_at", "failed_at", "failure_reason", "cash_collected")),
            User.objects.filter(pk=delivery.order.customer_id).values_list("order_count").get(),
            list(Payment.objects.values_list("status", "failure_code", "refunded", "expires_at", "settled_at")),
        ]

    before = all_there_is()
    for minute in (10, 20):
        phone.sends(phone.makes(wrong, delivery.pk, f"05:{minute}", **facts))
        assert all_there_is() != before
        (undone,) = phone.sends(phone.makes("UNDO", delivery.pk, f"05:{minute + 4}"))
        assert undone.result == "DONE"
        assert all_there_is() == before
        assert agrees(world)
    phone.sends(phone.makes("DELIVERED", delivery.pk, "05:30"))
    assert standing(delivery) == ("DELIVERED", "DELIVERED", "SUCCEEDED")
    assert counted().get("PAID_AHEAD") is None
    assert agrees(world)
    close_route(Route.objects.get().pk, by=STAFF)
    assert agrees(world)


def test_five_minutes_and_no_longer(world: World, phone: Phone, at: Callable[[str], datetime]) -> None:
    delivery = ordered(world)
    phone.sends(phone.makes("PICKED_UP", delivery.pk, "05:00"), phone.makes("DELIVERED", delivery.pk, "05:10"))
    (late,) = phone.sends(phone.makes("UNDO", delivery.pk, "05:15:01"))
    assert (late.result, late.code) == ("REFUSED", "undo_too_late")
    assert standing(delivery)[0] == "DELIVERED"
    take_back(delivery.pk, by=STAFF)
    assert standing(delivery) == ("PICKED_UP", "OUT_FOR_DELIVERY", "PENDING")
    (again,) = phone.sends(phone.makes("FAILED", delivery.pk, "05:50", reason="REFUSED"))
    assert again.result == "DONE", "what staff took back does not come back by itself"
    assert standing(delivery)[0] == "FAILED"


def test_what_staff_said_no_driver_takes_back(world: World, phone: Phone) -> None:
    delivery = ordered(world)
    phone.sends(phone.makes("PICKED_UP", delivery.pk, "05:00"))
    mark_delivered(delivery.pk, by=STAFF)
    undo, fail, same = phone.sends(
        phone.makes("UNDO", delivery.pk, "05:11"),
        phone.makes("FAILED", delivery.pk, "05:12", reason="REFUSED"),
        phone.makes("DELIVERED", delivery.pk, "05:13"),
    )
    assert [undo.result, fail.result, same.result] == ["REFUSED", "REFUSED", "ALREADY"]
    assert standing(delivery)[0] == "DELIVERED"


def test_an_invoice_is_not_taken_back(world: World, phone: Phone) -> None:
    names = {"name": "Bhor", "address": "14 Richmond Road", "invoice_series": "BLR", "credit_series": "BLC"}
    save_seller(Seller(region=world.region, **names, invoices_from=TODAY), by=STAFF)
    delivery = ordered(world)
    phone.sends(phone.makes("PICKED_UP", delivery.pk, "05:00"), phone.makes("DELIVERED", delivery.pk, "05:56"))
    issue_invoices([delivery.order_id])
    (refused,) = phone.sends(phone.makes("UNDO", delivery.pk, "05:58"))
    assert (refused.result, refused.code) == ("REFUSED", "not_undoable")
    assert "invoice" in refused.said
    assert standing(delivery)[0] == "DELIVERED"


def test_nothing_is_invoiced_of_a_sale_that_was_taken_back(world: World, phone: Phone) -> None:
    names = {"name": "Bhor", "address": "14 Richmond Road", "invoice_series": "BLR", "credit_series": "BLC"}
    save_seller(Seller(region=world.region, **names, invoices_from=TODAY), by=STAFF)
    refused, twice = ordered(world), ordered(world)
    for delivery, kind, facts in ((refused, "FAILED", {"reason": "REFUSED"}), (twice, "DELIVERED", {})):
        phone.sends(
            phone.makes("PICKED_UP", delivery.pk, "05:00"),
            phone.makes("DELIVERED", delivery.pk, "05:55"),
            phone.makes("UNDO", delivery.pk, "05:56"),
            phone.makes(kind, delivery.pk, "05:57", **facts),
        )
    assert standing(refused)[1] == "RETURNED"
    issued = issue_invoices([refused.order_id, twice.order_id])
    assert [invoice.order_id for invoice in issued] == [twice.order_id]
    assert agrees(world)


def test_money_that_has_gone_back_stays_there(world: World, phone: Phone, drain: Callable[[], int]) -> None:
    delivery = ordered(world, method="CARD")
    phone.sends(
        phone.makes("PICKED_UP", delivery.pk, "05:00"), phone.makes("FAILED", delivery.pk, "05:56", reason="REFUSED")
    )
    movement = RefundMovement.objects.get()
    waits = (movement.next_attempt_at or clock.real_now()) - clock.real_now()
    assert timedelta(minutes=4) < waits <= timedelta(minutes=5), "it waits as long as it can be taken back"
    worker(drain)
    (refused,) = phone.sends(phone.makes("UNDO", delivery.pk, "05:58"))
    assert (refused.result, refused.code) == ("REFUSED", "not_undoable")
    assert standing(delivery) == ("FAILED", "RETURNED", "REFUNDED")
    assert agrees(world)


def test_money_that_was_spent_is_not_taken(world: World, phone: Phone) -> None:
    delivery = ordered(world, method="WALLET")
    phone.sends(
        phone.makes("PICKED_UP", delivery.pk, "05:00"), phone.makes("FAILED", delivery.pk, "05:56", reason="REFUSED")
    )
    with clock.override(datetime.fromisoformat("2026-01-31T05:57+05:30")):
        milk = (world.milk, 17)
        buy(world, milk, buyer=Buyer(user_id=world.customer.pk), payment_method="WALLET")
    (refused,) = phone.sends(phone.makes("UNDO", delivery.pk, "05:58"))
    assert (refused.result, refused.code) == ("REFUSED", "not_undoable")
    assert "spent" in refused.said
    assert standing(delivery)[1] == "RETURNED"
    assert agrees(world)


def test_nothing_is_told_of_what_was_taken_back(
    world: World, phone: Phone, drain: Callable[[], int], at: Callable[[str], datetime]
) -> None:
    delivery = ordered(world)
    drain()
    phone.sends(phone.makes("PICKED_UP", delivery.pk, "05:00"), phone.makes("DELIVERED", delivery.pk, "05:56"))
    drain()
    first = Notification.objects.get(kind="delivered")
    assert first.next_attempt_at is not None
    assert first.next_attempt_at > clock.real_now() + timedelta(minutes=4)
    at("2026-01-31T06:01+05:30")
    phone.sends(phone.makes("UNDO", delivery.pk, "06:00"))
    with pytest.raises(NoLongerSo):
        write(first)
    at("2026-01-31T06:03+05:30")
    phone.sends(phone.makes("DELIVERED", delivery.pk, "06:02"))
    drain()
    second = Notification.objects.filter(kind="delivered").latest("pk")
    with pytest.raises(NoLongerSo, match="another message"):
        write(first)
    assert write(second).text
    issue_invoice(delivery.order_id)  # the call of the first delivery: the second may still be taken back


def test_a_refund_taken_back_is_shown_nowhere(world: World, phone: Phone) -> None:
    delivery = ordered(world, method="CARD")
    phone.sends(
        phone.makes("PICKED_UP", delivery.pk, "05:00"),
        phone.makes("FAILED", delivery.pk, "05:56", reason="REFUSED"),
        phone.makes("UNDO", delivery.pk, "05:58"),
    )
    assert Refund.objects.count() == 1
    assert not Refund.objects.standing().exists()
    assert RefundMovement.objects.get().status == "UNDONE"
    assert LedgerTransfer.objects.filter(kind="REFUND").count() == 0


@pytest.mark.parametrize("tapped_at", ["0001-01-01T00:00:00+00:00", "2026-01-31T03:00:00+05:30"])
@pytest.mark.parametrize(("kind", "facts"), [("DELIVERED", {}), ("FAILED", {"reason": "NOBODY_THERE"})])
def test_no_tap_is_earlier_than_the_pick_up_it_follows(
    world: World, phone: Phone, at: Callable[[str], datetime], tapped_at: str, kind: str, facts: dict[str, str]
) -> None:
    delivery = ordered(world)
    at("2026-01-31T05:00+05:30")
    mark_picked_up(delivery.pk, by=STAFF)
    at(SIX)
    lost = datetime.fromisoformat(tapped_at)
    phone.sends(Sent("k", kind, delivery.pk, device_at=lost, payload=facts))
    delivery.refresh_from_db()
    assert (delivery.delivered_at or delivery.failed_at) == datetime.fromisoformat("2026-01-31T05:00+05:30")


# -- by API ------------------------------------------------------------------------------------------------------------


def sync(client: Client, *actions: dict[str, Any], **changes: Any) -> Any:
    body = {"sent_at": clock.now().isoformat(), "actions": list(actions), **changes}
    return client.post("/api/v1/driver/sync/", body, content_type="application/json")


def test_a_batch_answers_tap_by_tap(world: World, phone: Phone, client: Client) -> None:
    good, bad = ordered(world), ordered(world, packed=False)
    client.force_login(world.driver.user)
    when = {"tapped_at": "2026-01-31T05:00:00+05:30"}
    answer = sync(
        client,
        {"key": "1", "kind": "DELIVERED", "delivery": good.pk, "tapped_at": "2026-01-31T05:10:00+05:30"},
        {"key": "2", "kind": "PICKED_UP", "delivery": bad.pk, **when},
        {"key": "3", "kind": "DANCED", "delivery": good.pk, **when},
        {"kind": "PICKED_UP", **when},
        {"key": "5", "kind": "FAILED", "delivery": bad.pk, **when},
        {"key": "6", "kind": "PICKED_UP", "delivery": good.pk, **when},
    )
    assert answer.status_code == 200, answer.content
    told = [(each["key"], each["result"], each["code"], each["status"]) for each in answer.json()["results"]]
    assert told == [
        ("1", "DONE", "", "DELIVERED"),
        ("2", "REFUSED", "order_not_packed", "ASSIGNED"),
        ("3", "REFUSED", "invalid", ""),
        ("", "REFUSED", "invalid", ""),
        ("5", "REFUSED", "invalid", ""),
        ("6", "DONE", "", "DELIVERED"),
    ]


@pytest.mark.parametrize(
    ("broken", "wrong"),
    [
        ({"note": "Dog \ud83d"}, "note"),
        ({"note": "a\0b"}, "note"),
        ({"kind": "\ud83dANCED"}, "kind"),
        ({"key": "k\ud83d"}, "key"),
        ({"n\ud83dte": "Dog"}, "n?te"),
        ({"position": {"latitude": ["\0"]}}, "position"),
    ],
)
def test_a_tap_that_can_not_be_kept_keeps_no_other_back(
    world: World, phone: Phone, client: Client, broken: dict[str, Any], wrong: str
) -> None:
    delivery = ordered(world)
    client.force_login(world.driver.user)
    when = {"delivery": delivery.pk, "tapped_at": "2026-01-31T05:00:00+05:30"}
    answer = sync(
        client,
        {"key": "1", "kind": "FAILED", "reason": "NOBODY_THERE", **when, **broken},
        {"key": "2", "kind": "PICKED_UP", **when},
    )
    assert answer.status_code == 200, answer.content
    first, second = answer.json()["results"]
    assert (first["result"], first["code"], list(first["wrong"])) == ("REFUSED", "invalid", [wrong])
    assert second["result"] == "DONE"
    assert DriverAction.objects.count() == 1


@pytest.mark.parametrize(
    "changes", [{"actions": [{}] * 201}, {"actions": "x"}, {"actions": [1]}, {"sent_at": "soon"}, {"sent_at": None}]
)
def test_a_batch_that_is_none(world: World, phone: Phone, client: Client, changes: dict[str, Any]) -> None:
    client.force_login(world.driver.user)
    assert sync(client, **changes).status_code == 400


def test_undo_by_call(world: World, phone: Phone, client: Client) -> None:
    delivery = ordered(world)
    client.force_login(world.driver.user)

    def call(verb: str, key: str) -> Any:
        path = f"/api/v1/deliveries/{delivery.pk}/{verb}/"
        return client.post(path, {}, content_type="application/json", headers={"Idempotency-Key": key})

    for verb in ("picked-up", "delivered"):
        assert call(verb, verb).status_code == 200
    assert call("undo", "u").json()["status"] == "PICKED_UP"
    again = call("undo", "v")
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_undo")
    assert call("delivered", "w").json()["status"] == "DELIVERED"


def test_only_tap_returns_what_was_refused(world: World, phone: Phone) -> None:
    delivery = ordered(world)
    sent = Sent("x", "DELIVERED", delivery.pk)
    first, again = (tap(sent, driver=world.driver, by=phone.by) for _ in range(2))
    assert first.refusal is not None
    assert again.refusal is not None
    assert (again.refusal.code, str(again.refusal)) == (first.refusal.code, str(first.refusal))
