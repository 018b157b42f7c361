"""A household pays an order at the pretend bank: every number it can try, and every way it can go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from cart.actions import resume_checkout
from cart.models import Cart, CheckoutStep
from cart.tasks import expire_payments
from inventory.models import Stock
from milkdelivery.core import clock
from milkdelivery.core.errors import NotFound
from milkdelivery.core.models import Event
from milkdelivery.core.money import Money
from orders.actions import cancel_order
from orders.models import Order
from payments.actions import (
    LastAttempt,
    Means,
    MethodNotUsable,
    NotPayable,
    PaymentDeclined,
    PaymentExpired,
    WrongAmount,
    look_at_payment,
    pay,
)
from payments.gateways.base import GatewayUnavailable
from payments.gateways.demo import bank
from payments.models import DemoCharge, Payment, Refund, SavedMethod
from tests.cart.shopping import GUEST
from tests.factories.accounts import UserFactory
from tests.factories.world import small_world
from tests.payments.paying import (
    EVENING,
    GONE,
    PAID,
    RETURNED,
    STAFF,
    UNPAID,
    attempts_of,
    by_card,
    states,
    try_card,
    unpaid,
    worker,
)
from vendors.models import CapacityUse

pytestmark = pytest.mark.django_db(transaction=True)

At = Callable[[str], datetime]
Drain = Callable[[], int]


@pytest.fixture(autouse=True)
def _in_the_evening(at: At) -> None:
    at(EVENING.isoformat())


def later(at: At, **span: int) -> None:
    at((clock.now() + timedelta(**span)).isoformat())


def test_a_card_that_is_good_confirms_the_order_at_once() -> None:
    run = unpaid(small_world())
    assert states(run) == UNPAID
    payment = try_card(run, "success")
    assert states(run) == PAID
    assert (payment.status, payment.amount, payment.gateway) == ("SUCCEEDED", run.order.grand_total, "demo")


def test_milk_is_held_while_the_household_pays() -> None:
    world = small_world()
    unpaid(world)
    assert Stock.objects.get(variant=world.milk).reserved == 2


@pytest.mark.parametrize("scenario", ["declined", "insufficient_funds", "expired_card", "incorrect_cvc"])
def test_a_card_that_is_declined_leaves_two_tries_more(scenario: str) -> None:
    run = unpaid(small_world())
    payment = try_card(run, scenario)
    assert payment.status == "FAILED"
    assert payment.failure_code == {"declined": "card_declined"}.get(scenario, scenario)
    assert states(run) == ("WAITING", "CREATED", "FAILED")
    try_card(run, "success")
    assert states(run) == PAID
    assert [p[1] for p in attempts_of(run)] == ["FAILED", "SUCCEEDED"]


def test_three_tries_are_all(drain: Drain) -> None:
    world = small_world()
    run = unpaid(world)
    for _ in range(3):
        try_card(run, "declined")
    assert states(run) == GONE
    assert run.failure_code == "payment_declined"
    assert Stock.objects.get(variant=world.milk).reserved == 0
    assert CapacityUse.objects.get(vendor=world.vendor).orders == 0
    assert Cart.objects.get().status == "OPEN"
    with pytest.raises(NotPayable):
        pay(run.order_id, by_card("success"), by=GUEST)
    assert len(attempts_of(run)) == 3


def test_a_fourth_try_is_refused_even_before_the_checkout_knows() -> None:
    run = unpaid(small_world())
    for _ in range(3):
        pay(run.order_id, by_card("declined"), by=GUEST)
    with pytest.raises(PaymentDeclined):
        pay(run.order_id, by_card("success"), by=GUEST)


def test_another_way_to_pay_can_be_chosen_and_that_is_no_try() -> None:
    run = unpaid(small_world())
    pay(run.order_id, Means("UPI", {"upi": "success@demo"}), by=GUEST)
    resume_checkout(run.pk, by=GUEST)
    assert states(run) == PAID
    assert attempts_of(run) == [("CARD", "FAILED", "replaced"), ("UPI", "SUCCEEDED", "")]


def test_cash_can_be_chosen_after_a_card_failed() -> None:
    run = unpaid(small_world())
    try_card(run, "declined")
    pay(run.order_id, Means("COD"), by=GUEST)
    resume_checkout(run.pk, by=GUEST)
    assert states(run) == ("DONE", "CONFIRMED", "PENDING")


@pytest.mark.parametrize(("approve", "end"), [(True, PAID), (False, ("WAITING", "CREATED", "FAILED"))])
def test_the_bank_asks_on_its_own_page(approve: bool, end: tuple[str, str, str]) -> None:
    run = unpaid(small_world())
    payment = try_card(run, "authenticate")
    assert payment.next_action["kind"] == "REDIRECT"
    charge = DemoCharge.objects.get()
    assert charge.secret in payment.next_action["url"]
    bank.answer(charge.secret, approve=approve)
    bank.answer(charge.secret, approve=not approve)  # a second thought comes too late
    look_at_payment(payment.pk, by=GUEST)
    resume_checkout(run.pk, by=GUEST)
    assert states(run) == end


def test_word_of_the_bank_may_come_before_the_browser(drain: Drain) -> None:
    run = unpaid(small_world())
    payment = try_card(run, "authenticate")
    bank.answer(DemoCharge.objects.get().secret, approve=True)
    worker(drain)
    assert states(run) == PAID
    look_at_payment(payment.pk, by=GUEST)
    resume_checkout(run.pk, by=GUEST)
    assert states(run) == PAID
    assert Event.objects.filter(name="payment.succeeded").count() == 1


@pytest.mark.parametrize("scenario", ["timeout", "late", "twice", "silent"])
def test_word_that_comes_late_twice_or_has_to_be_asked_for_confirms_the_order(
    scenario: str, at: At, drain: Drain
) -> None:
    run = unpaid(small_world())
    payment = try_card(run, scenario)
    assert (payment.status, payment.next_action) == ("PENDING", {"kind": "WAIT"})
    assert states(run) == UNPAID
    later(at, minutes=2)
    worker(drain)
    assert states(run) == PAID
    assert Event.objects.filter(name="payment.succeeded").count() == 1
    assert Event.objects.filter(name="order.confirmed").count() == 1


def test_a_bank_that_can_not_be_reached_has_taken_nothing() -> None:
    run = unpaid(small_world())
    payment = try_card(run, "down")
    assert (payment.status, payment.next_action) == ("PENDING", {"kind": "WAIT"})
    payment = look_at_payment(payment.pk, by=GUEST)
    assert (payment.status, payment.next_action) == ("PENDING", {"kind": "FORM"})
    try_card(run, "success")
    assert states(run) == PAID
    assert len(attempts_of(run)) == 1


def test_a_bank_that_is_away_when_the_order_is_placed(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(bank, "open_charge", _away)
        run = unpaid(small_world())
    assert Payment.objects.get().gateway_reference == ""
    try_card(run, "success")
    assert states(run) == PAID


def _away(*_: object) -> None:
    raise GatewayUnavailable("closed")


def test_what_never_answers_ends_with_its_time(at: At, drain: Drain) -> None:
    world = small_world()
    run = unpaid(world)
    later(at, minutes=5)
    try_card(run, "never")
    later(at, minutes=9, seconds=59)
    assert expire_payments() == 0
    later(at, seconds=1)
    worker(drain)
    assert states(run) == GONE
    assert run.failure_code == "payment_expired"
    assert attempts_of(run) == [("CARD", "FAILED", "expired")]
    assert Stock.objects.get(variant=world.milk).reserved == 0
    assert DemoCharge.objects.get().failure_code == "voided"


def test_a_household_that_walks_away_after_a_failure_loses_its_milk_in_time(at: At, drain: Drain) -> None:
    world = small_world()
    run = unpaid(world)
    try_card(run, "declined")
    later(at, minutes=15)
    worker(drain)
    assert states(run) == GONE
    assert Stock.objects.get(variant=world.milk).reserved == 0


def test_the_time_counts_from_the_first_try(at: At) -> None:
    run = unpaid(small_world())
    later(at, minutes=14)
    try_card(run, "declined")
    later(at, minutes=2)
    with pytest.raises(PaymentExpired):
        pay(run.order_id, by_card("success"), by=GUEST)


def test_money_that_is_there_when_the_time_runs_out_counts(at: At, drain: Drain) -> None:
    run = unpaid(small_world())
    try_card(run, "silent")
    Payment.objects.update(look_at=None)
    later(at, minutes=15)
    expire_payments()
    assert states(run) == PAID


def test_money_that_comes_after_the_time_goes_back_by_itself(at: At, drain: Drain) -> None:
    run = unpaid(small_world())
    payment = try_card(run, "too_late")
    later(at, minutes=15)
    worker(drain)
    assert states(run) == GONE
    later(at, minutes=10)
    worker(drain)
    payment.refresh_from_db()
    assert (payment.status, payment.refunded) == ("REFUNDED", payment.amount)
    assert states(run) == RETURNED
    assert DemoCharge.objects.get().refunds == {f"refund-{Refund.objects.get().pk}-1": payment.amount.minor}


def test_money_that_comes_for_a_cancelled_order_goes_back_by_itself(at: At, drain: Drain) -> None:
    run = unpaid(small_world())
    try_card(run, "late")
    cancel_order(run.order_id, by=STAFF, reason="called")
    with clock.override(clock.now() + timedelta(minutes=2)):
        bank.settle_due()  # the bank was faster than our word to stop
    worker(drain)
    assert states(run) == RETURNED
    assert Refund.objects.get().kind == "CANCELLED"


def test_a_cancelled_order_calls_off_what_was_not_taken(drain: Drain) -> None:
    run = unpaid(small_world())
    cancel_order(run.order_id, by=STAFF, reason="called")
    worker(drain)
    assert states(run) == GONE
    assert DemoCharge.objects.get().state == "FAILED"


def test_an_order_that_is_paid_twice_gets_one_back(at: At, drain: Drain) -> None:
    """The first bank's word comes when the second has been paid: the order keeps the second."""
    run = unpaid(small_world())
    first = try_card(run, "too_late")
    payment = pay(run.order_id, by_card("success", instead_of=first.pk), by=GUEST)
    resume_checkout(run.pk, by=GUEST)
    assert states(run) == PAID
    later(at, minutes=25)
    worker(drain)
    first.refresh_from_db()
    payment.refresh_from_db()
    assert (first.status, first.is_surplus, payment.status) == ("REFUNDED", True, "SUCCEEDED")
    assert states(run) == PAID


def test_an_attempt_that_a_bank_works_on_is_given_up_only_where_it_is_named() -> None:
    run = unpaid(small_world())
    first = try_card(run, "never")
    assert pay(run.order_id, by_card("success"), by=GUEST) == first
    second = pay(run.order_id, by_card("success", instead_of=first.pk), by=GUEST)
    assert (second.status, second.attempt) == ("SUCCEEDED", 2)
    assert attempts_of(run)[0] == ("CARD", "FAILED", "given_up")


def test_the_last_attempt_is_not_given_up_for_one_that_there_is_not() -> None:
    run = unpaid(small_world())
    try_card(run, "declined")
    try_card(run, "declined")
    last = try_card(run, "authenticate")
    with pytest.raises(LastAttempt):
        try_card(run, "success", instead_of=last.pk)
    last.refresh_from_db()
    assert last.status == "PENDING", "the household can still approve it"
    assert Order.objects.get().status == "CREATED"


def test_a_stale_page_makes_no_second_try_of_a_card_that_was_declined() -> None:
    run = unpaid(small_world())
    pay(run.order_id, by_card("declined", attempt=1), by=GUEST)
    again = pay(run.order_id, by_card("declined", attempt=1), by=GUEST)
    assert (again.attempt, again.status) == (1, "FAILED")
    assert len(attempts_of(run)) == 1
    assert pay(run.order_id, by_card("success", attempt=2), by=GUEST).status == "SUCCEEDED"


def test_the_amount_is_ours_and_another_is_refused() -> None:
    run = unpaid(small_world())
    with pytest.raises(WrongAmount):
        pay(run.order_id, by_card("success", expected=Money(1, "INR")), by=GUEST)
    assert states(run) == UNPAID


def test_a_way_to_pay_that_there_is_not() -> None:
    run = unpaid(small_world())
    with pytest.raises(MethodNotUsable):
        pay(run.order_id, Means("BARTER"), by=GUEST)


def test_a_paid_order_is_not_paid_again() -> None:
    run = unpaid(small_world())
    try_card(run, "success")
    with pytest.raises(NotPayable):
        pay(run.order_id, by_card("success"), by=GUEST)


def test_a_card_is_kept_by_its_last_digits_and_pays_again() -> None:
    world = small_world()
    run = unpaid(world)
    try_card(run, "success", saves=True)
    saved = SavedMethod.objects.get()
    assert (saved.brand, saved.last4, str(saved.expires_on)) == ("Visa", "4242", "2030-12-31")
    assert saved.user_id == run.order.customer_id
    stored = [str(row) for model in (Payment, DemoCharge, SavedMethod, Event) for row in model.objects.values()]
    assert not [row for row in stored if "4242424242424242" in row]


def test_a_saved_card_of_somebody_else_is_unknown() -> None:
    run = unpaid(small_world())
    foreign = SavedMethod.objects.create(
        user=UserFactory(), gateway="demo", token="demo_success", method="CARD",
        created_at=clock.now(), last_used_at=clock.now(),
    )  # fmt: skip
    with pytest.raises(NotFound):
        pay(run.order_id, Means("CARD", saved_id=foreign.pk), by=GUEST)


def test_an_order_that_costs_nothing_asks_no_bank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bank, "open_charge", _away)
    run = unpaid(small_world())
    Order.objects.filter(pk=run.order_id).update(grand_total=0)
    Payment.objects.all().delete()
    resume_checkout(run.pk, by=GUEST)
    assert states(run) == PAID


def test_the_timeline_of_staff_tells_the_waiting_once_and_its_end() -> None:
    run = unpaid(small_world())
    try_card(run, "declined")
    try_card(run, "success")
    rows = CheckoutStep.objects.filter(checkout=run, name="take_payment").order_by("pk")
    assert list(rows.values_list("outcome", flat=True)) == ["WAITING", "DONE"]


def test_a_bank_that_can_not_stop_any_more_keeps_others_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its attempt ends as given up, and its money, should it come, goes back."""
    run = unpaid(small_world())
    first = try_card(run, "too_late")
    second = pay(run.order_id, by_card("success", instead_of=first.pk), by=GUEST)
    first.refresh_from_db()
    assert first.look_at is not None, "asked about until its bank says how it ended"
    assert second.status == "SUCCEEDED"


def test_nobody_waits_for_a_bank_for_ever(at: At, drain: Drain) -> None:
    run = unpaid(small_world())
    first = try_card(run, "too_late")
    DemoCharge.objects.update(settles_at=None)
    later(at, minutes=16)
    worker(drain)
    later(at, days=2)
    worker(drain)
    first.refresh_from_db()
    assert (first.status, first.failure_code, first.look_at) == ("FAILED", "expired", None)
