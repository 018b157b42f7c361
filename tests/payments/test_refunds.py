"""Money back: by decision and by rule, to where it came from or to the wallet, and never more than came."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from deliveries.actions import mark_delivered, mark_picked_up
from deliveries.models import Delivery
from milkdelivery.core.actors import Role
from milkdelivery.core.models import Event
from milkdelivery.core.money import Money
from orders.actions import cancel_order, pack_order, reject_lines
from orders.models import Order, OrderLine
from payments import tasks
from payments.actions import NoWayBack, Wish, move_refund, preview_refund, refund_payment, try_refund_again
from payments.actions.refunding import PATIENCE
from payments.gateways.base import GatewayUnavailable
from payments.gateways.demo import bank
from payments.models import DemoCharge, Payment, Refund, RefundMovement
from payments.rules.refunds import BadLines, NothingToRefund, TooMuch
from tests.cart.shopping import buy
from tests.factories.accounts import UserFactory
from tests.factories.world import World, small_world
from tests.payments.books import assert_books_add_up, balance_of, counted
from tests.payments.paying import EVENING, STAFF, try_card, unpaid, worker

pytestmark = pytest.mark.django_db(transaction=True)

Drain = Callable[[], int]


@pytest.fixture(autouse=True)
def _in_the_evening(at: Callable[[str], datetime]) -> None:
    at(EVENING.isoformat())


def paid(world: World, **changes: Any) -> Payment:
    """An order paid by card: two milks at 28 rupees and 20 for the delivery."""
    return try_card(unpaid(world, **changes), "success")


def delivered(payment: Payment, at: Callable[[str], datetime], drain: Drain) -> None:
    pack_order(payment.order_id or 0, by=STAFF)
    delivery = Delivery.objects.get(order_id=payment.order_id or 0)
    at("2026-01-31T05:30+05:30")
    mark_picked_up(delivery.pk, by=STAFF)
    mark_delivered(delivery.pk, by=STAFF)
    worker(drain)


def after(payment: Payment) -> tuple[str, int]:
    payment.refresh_from_db()
    return payment.status, payment.refunded.minor


def rupees(amount: int) -> Money:
    return Money(amount * 100, "INR")


def test_a_part_and_then_the_rest(drain: Drain) -> None:
    payment = paid(small_world())
    refund_payment(payment.pk, Wish("late", amount=rupees(10)), key="a", by=STAFF)
    assert after(payment) == ("SUCCEEDED", 1000)
    worker(drain)
    assert after(payment) == ("PARTIALLY_REFUNDED", 1000)
    assert Order.objects.get().payment_status == "PARTIALLY_REFUNDED"
    refund_payment(payment.pk, Wish("all of it"), key="b", by=STAFF)
    worker(drain)
    assert after(payment) == ("REFUNDED", payment.amount.minor)
    assert Order.objects.get().payment_status == "REFUNDED"
    assert sum(DemoCharge.objects.get().refunds.values()) == payment.amount.minor
    assert Event.objects.filter(name="payment.refunded").count() == 2


def test_one_key_is_one_decision() -> None:
    payment = paid(small_world())
    first = refund_payment(payment.pk, Wish("late", amount=rupees(10)), key="a", by=STAFF)
    assert refund_payment(payment.pk, Wish("late", amount=rupees(10)), key="a", by=STAFF) == first
    assert after(payment) == ("SUCCEEDED", 1000)


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        (Wish("x", amount=rupees(77)), TooMuch),
        (Wish("x", amount=rupees(0)), TooMuch),
        (Wish("x", amount=-rupees(1)), TooMuch),
        (Wish("x", amount=Money(100, "USD")), NoWayBack),
        (Wish("x", lines={0: 1}), BadLines),
    ],
)
def test_what_can_not_go_back_is_refused_and_changes_nothing(wish: Wish, refusal: type[Exception]) -> None:
    payment = paid(small_world())
    with pytest.raises(refusal):
        refund_payment(payment.pk, wish, key="a", by=STAFF)
    assert after(payment) == ("SUCCEEDED", 0)
    assert not Refund.objects.exists()


def test_by_line_pieces_sum_to_what_the_line_cost(drain: Drain) -> None:
    world = small_world()
    payment = paid(world)
    line = OrderLine.objects.get()
    OrderLine.objects.filter(pk=line.pk).update(unit_price=2801, total=5602)
    amounts = [
        refund_payment(payment.pk, Wish("sour", lines={line.pk: 1}), key=key, by=STAFF).amount.minor for key in "ab"
    ]
    assert (sum(amounts), amounts) == (5602, [2801, 2801])
    with pytest.raises(BadLines, match="All pieces of this line were paid back"):
        refund_payment(payment.pk, Wish("sour", lines={line.pk: 1}), key="c", by=STAFF)


def test_a_preview_changes_nothing() -> None:
    payment = paid(small_world())
    line = OrderLine.objects.get()
    seen = preview_refund(payment.pk, Wish("sour", lines={line.pk: 2}))
    assert (seen.amount, seen.left_after) == (rupees(56), rupees(20))
    assert not Refund.objects.exists()


def test_a_failed_payment_has_nothing_to_give_back() -> None:
    payment = try_card(unpaid(small_world()), "declined")
    with pytest.raises(NothingToRefund):
        refund_payment(payment.pk, Wish("x"), key="a", by=STAFF)


def test_cash_does_not_go_back_the_way_it_came_but_to_the_wallet(at: Any, drain: Drain) -> None:
    world = small_world()
    run = buy(world)
    payment = Payment.objects.get()
    delivered(payment, at, drain)
    with pytest.raises(NoWayBack):
        refund_payment(payment.pk, Wish("sour", amount=rupees(28)), key="a", by=STAFF)
    refund_payment(payment.pk, Wish("sour", amount=rupees(28), destination="WALLET"), key="b", by=STAFF)
    worker(drain)
    assert after(payment) == ("PARTIALLY_REFUNDED", 2800)
    assert balance_of(run.order.customer) == 28
    assert_books_add_up()


def test_a_cancelled_order_that_was_paid_gets_all_of_it_back(drain: Drain) -> None:
    payment = paid(small_world())
    cancel_order(payment.order_id or 0, by=STAFF, reason="called")
    worker(drain)
    worker(drain)
    assert after(payment) == ("REFUNDED", payment.amount.minor)
    assert [(r.kind, r.amount) for r in Refund.objects.all()] == [("CANCELLED", payment.amount)]
    assert_books_add_up()
    assert counted() == {}


def test_an_order_that_falls_short_gets_the_difference_back(drain: Drain) -> None:
    world = small_world()
    payment = paid(world, items=((world.milk, 2), (world.variants[1], 1)))
    before = Order.objects.get().grand_total
    line = OrderLine.objects.get(variant=world.milk)
    reject_lines(world.vendor.pk, [line.pk], reason="CLOSED", by=STAFF)
    worker(drain)
    owed = Order.objects.get().grand_total
    assert owed < before
    assert after(payment) == ("PARTIALLY_REFUNDED", (before - owed).minor)
    assert Refund.objects.get().kind == "SHORTAGE"
    cancel_order(payment.order_id or 0, by=STAFF, reason="called")
    worker(drain)
    assert after(payment) == ("REFUNDED", payment.amount.minor)
    assert counted() == {}


def test_pieces_that_staff_paid_back_before_they_fell_short_are_not_paid_back_again(drain: Drain) -> None:
    world = small_world()
    payment = paid(world, items=((world.milk, 2), (world.variants[1], 1)))
    line = OrderLine.objects.get(variant=world.milk)
    refund_payment(payment.pk, Wish("one leaks", lines={line.pk: 1}), key="staff", by=STAFF)
    reject_lines(world.vendor.pk, [line.pk], reason="CLOSED", by=STAFF)
    worker(drain)
    order = Order.objects.get()
    assert OrderLine.objects.get(pk=line.pk).status == "SHORT"
    assert sum(refund.amount.minor for refund in Refund.objects.all()) == payment.amount.minor - order.grand_total.minor
    worker(drain)
    assert Refund.objects.count() == 2, "nothing more goes back, however often it is looked at"


def test_a_bank_that_is_away_is_asked_again_under_the_same_key(monkeypatch: pytest.MonkeyPatch, drain: Drain) -> None:
    payment = paid(small_world())
    refund_payment(payment.pk, Wish("x"), key="a", by=STAFF)
    movement = RefundMovement.objects.get()

    def away(*_: object, **__: object) -> None:
        raise GatewayUnavailable("closed")

    with monkeypatch.context() as patched:
        patched.setattr(bank, "give_back", away)
        move_refund(movement.pk, by=STAFF)
    movement.refresh_from_db()
    assert (movement.status, movement.attempts) == ("PENDING", 1)
    move_refund(movement.pk, by=STAFF)
    move_refund(movement.pk, by=STAFF)
    assert after(payment) == ("REFUNDED", payment.amount.minor)
    assert DemoCharge.objects.get().refunds == {movement.key: payment.amount.minor}


def test_a_bank_that_is_silent_for_long_is_asked_on_and_staff_hear_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have given the money back: a new try under another key could give it twice."""
    payment = paid(small_world())
    refund = refund_payment(payment.pk, Wish("x"), key="a", by=STAFF)
    movement = RefundMovement.objects.get()
    give_back = bank.give_back

    def answer_is_lost(*given: Any, **named: Any) -> None:
        give_back(*given, **named)
        raise GatewayUnavailable("no answer")

    with monkeypatch.context() as patched:
        patched.setattr(bank, "give_back", answer_is_lost)
        for _ in range(PATIENCE + 2):
            move_refund(movement.pk, by=STAFF)
    assert Event.objects.filter(name="refund.overdue").count() == 1
    assert try_refund_again(refund.pk, by=STAFF) == movement
    move_refund(movement.pk, by=STAFF)
    assert after(payment) == ("REFUNDED", payment.amount.minor)
    assert DemoCharge.objects.get().refunds == {movement.key: payment.amount.minor}


def test_a_refund_that_raises_something_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world()
    bad, good = paid(world), paid(world)
    for payment in (bad, good):
        refund_payment(payment.pk, Wish("spilt", amount=rupees(1)), key=f"r-{payment.pk}", by=STAFF)
    giving = bank.give_back

    def stumbling(reference: str, amount: Money, *, key: str) -> bool:
        if reference == bad.gateway_reference:
            raise RuntimeError("spilt milk")
        return giving(reference, amount, key=key)

    monkeypatch.setattr(bank, "give_back", stumbling)
    with pytest.raises(RuntimeError):  # the queue notes it
        tasks.move_refunds()
    stuck, done = RefundMovement.objects.order_by("pk")
    assert (stuck.status, stuck.attempts, stuck.failure_code) == ("PENDING", 1, "RuntimeError")
    assert done.status == "DONE"
    for _ in range(PATIENCE - 1):
        with pytest.raises(RuntimeError):
            move_refund(stuck.pk, by=STAFF)
    assert Event.objects.named("refund.overdue").count() == 1


def test_an_answer_that_got_lost_moves_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bank gave the money back, and we died before we could note it."""
    payment = paid(small_world())
    refund_payment(payment.pk, Wish("x", amount=rupees(10)), key="a", by=STAFF)
    movement = RefundMovement.objects.get()
    bank.give_back(payment.gateway_reference, rupees(10), key=movement.key)
    move_refund(movement.pk, by=STAFF)
    assert after(payment) == ("PARTIALLY_REFUNDED", 1000)
    assert sum(DemoCharge.objects.get().refunds.values()) == 1000


def test_a_refund_that_the_bank_refuses_waits_for_somebody(drain: Drain) -> None:
    payment = paid(small_world())
    DemoCharge.objects.update(refunds={"elsewhere": payment.amount.minor})
    refund = refund_payment(payment.pk, Wish("x", amount=rupees(10)), key="a", by=STAFF)
    worker(drain)
    assert RefundMovement.objects.get().status == "FAILED"
    assert Event.objects.filter(name="refund.failed").count() == 1
    assert after(payment) == ("SUCCEEDED", 1000)
    DemoCharge.objects.update(refunds={})
    again = try_refund_again(refund.pk, by=STAFF)
    assert try_refund_again(refund.pk, by=STAFF) == again
    worker(drain)
    assert after(payment) == ("PARTIALLY_REFUNDED", 1000)


def test_the_books_of_an_order_that_is_refunded_after_it_came(at: Any, drain: Drain) -> None:
    payment = paid(small_world())
    delivered(payment, at, drain)
    refund_payment(payment.pk, Wish("sour", amount=rupees(28)), key="a", by=STAFF)
    worker(drain)
    assert_books_add_up()
    books = counted()
    assert books["REFUNDS"] == -2800
    assert books["GATEWAY"] == 2800 - payment.amount.minor
    assert "PAID_AHEAD" not in books


@pytest.mark.parametrize("destination", ["SOURCE", "WALLET"])
def test_what_staff_give_before_the_delivery_leaves_the_sale_whole(at: Any, drain: Drain, destination: str) -> None:
    payment = paid(small_world())
    refund_payment(payment.pk, Wish("a kindness", amount=rupees(5), destination=destination), key="a", by=STAFF)
    worker(drain)
    delivered(payment, at, drain)
    assert_books_add_up()
    books = counted()
    assert "PAID_AHEAD" not in books
    assert books["REFUNDS"] == -500


def test_what_staff_gave_and_the_rest_of_a_cancelled_order_leave_nothing(drain: Drain) -> None:
    payment = paid(small_world())
    refund_payment(payment.pk, Wish("a kindness", amount=rupees(5)), key="a", by=STAFF)
    worker(drain)
    cancel_order(payment.order_id or 0, by=STAFF, reason="called")
    worker(drain)
    worker(drain)
    assert counted() == {}


def test_staff_see_money_that_hangs_on_their_first_page(drain: Drain) -> None:
    manager_client = Client()
    manager_client.force_login(UserFactory(role=Role.MANAGER))
    payment = paid(small_world())
    DemoCharge.objects.update(state="FAILED")
    refund_payment(payment.pk, Wish("sour milk", amount=rupees(10)), key="a", by=STAFF)
    worker(drain)
    shown = manager_client.get("/admin/").content.decode()
    assert "/admin/payments/refund/?money=STUCK" in shown
    listed = manager_client.get("/admin/payments/refund/?money=STUCK").content.decode()
    assert "sour milk" in listed
    assert "System (tests)" in listed
    RefundMovement.objects.update(status="DONE")
    assert "sour milk" not in manager_client.get("/admin/payments/refund/?money=STUCK").content.decode()
