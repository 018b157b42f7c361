"""Money that can't go back the way it came goes another, once: never both, whatever comes at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from milkdelivery.core import clock
from milkdelivery.core.errors import InvalidInput
from milkdelivery.core.models import Event
from milkdelivery.core.money import Money
from orders.actions import cancel_order
from payments.actions import (
    GoneAlready,
    StillOnItsWay,
    Way,
    Wish,
    move_refund,
    refund_payment,
    reroute_refund,
    rerouting,
    try_refund_again,
)
from payments.actions.rerouting import A_TRY_LASTS, FINDING_OUT_LASTS
from payments.gateways.base import GatewayUnavailable
from payments.gateways.demo import DemoGateway, bank
from payments.models import DemoCharge, LedgerEntry, Payment, Refund, RefundMovement
from payments.models.payment import PaymentQuerySet
from payments.rules.ledger import ReasonMissing
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.world import small_world
from tests.payments.books import assert_books_add_up, balance_of, counted
from tests.payments.paying import EVENING, STAFF, try_card, unpaid, worker

pytestmark = pytest.mark.django_db(transaction=True)

Drain = Callable[[], int]
TO_WALLET = Way("WALLET", "The card was closed")
BY_HAND = Way("HAND", "No wallet wanted", "UTR-4711")


@pytest.fixture(autouse=True)
def _in_the_evening(at: Callable[[str], datetime]) -> None:
    at(EVENING.isoformat())


def refused(drain: Drain) -> Refund:
    """A cancelled order whose bank will not take the money back."""
    payment = try_card(unpaid(small_world()), "success")
    DemoCharge.objects.update(refunds={"elsewhere": payment.amount.minor})
    cancel_order(payment.order_id or 0, by=STAFF, reason="called")
    worker(drain)
    refund = Refund.objects.get()
    assert [movement.status for movement in refund.movements.all()] == ["FAILED"]
    return refund


def waiting() -> tuple[Refund, RefundMovement]:
    """A refund that nobody has tried to move yet."""
    payment = try_card(unpaid(small_world()), "success")
    refund = refund_payment(payment.pk, Wish("late"), key="a", by=STAFF)
    return refund, refund.movements.get()


def moves(refund: Refund) -> list[tuple[str, str]]:
    return list(refund.movements.order_by("pk").values_list("destination", "status"))


def given_at_bank() -> int:
    return sum(amount for key, amount in DemoCharge.objects.get().refunds.items() if key != "elsewhere")


def test_what_a_bank_refuses_goes_to_the_wallet(drain: Drain) -> None:
    refund = refused(drain)
    movement = reroute_refund(refund.pk, TO_WALLET, by=STAFF)
    assert reroute_refund(refund.pk, TO_WALLET, by=STAFF) == movement
    assert (movement.reason, movement.actor) == ("The card was closed", STAFF.label)
    worker(drain)
    assert moves(refund) == [("SOURCE", "FAILED"), ("WALLET", "DONE")]
    payment = refund.payment
    payment.refresh_from_db()
    assert payment.status == "REFUNDED"
    assert balance_of(payment.user) * 100 == payment.amount.minor
    assert_books_add_up()
    assert counted() == {"GATEWAY": -payment.amount.minor, "WALLET": payment.amount.minor}
    assert Event.objects.filter(name="refund.rerouted").count() == 1
    assert Event.objects.filter(name="payment.refunded").count() == 1
    with pytest.raises(GoneAlready):
        reroute_refund(refund.pk, BY_HAND, by=STAFF)
    assert try_refund_again(refund.pk, by=STAFF) == movement


def test_what_was_paid_out_by_hand_is_noted_with_its_reference(drain: Drain) -> None:
    refund = refused(drain)
    movement = reroute_refund(refund.pk, BY_HAND, by=STAFF)
    movement.refresh_from_db()
    assert (movement.status, movement.gateway_reference) == ("DONE", "UTR-4711")
    assert reroute_refund(refund.pk, BY_HAND, by=STAFF) == movement
    with pytest.raises(GoneAlready):
        reroute_refund(refund.pk, Way("HAND", "Once more", "UTR-4712"), by=STAFF)
    refund.payment.refresh_from_db()
    assert refund.payment.status == "REFUNDED"
    assert_books_add_up()
    assert counted() == {}
    worker(drain)
    assert moves(refund) == [("SOURCE", "FAILED"), ("HAND", "DONE")]


@pytest.mark.parametrize(
    ("way", "refusal"),
    [
        (Way("WALLET", " "), ReasonMissing),
        (Way("SOURCE", "The way it came"), InvalidInput),
        (Way("HAND", "Paid at the desk", "  "), InvalidInput),
    ],
)
def test_what_says_too_little_changes_nothing(drain: Drain, way: Way, refusal: type[Exception]) -> None:
    refund = refused(drain)
    with pytest.raises(refusal):
        reroute_refund(refund.pk, way, by=STAFF)
    assert moves(refund) == [("SOURCE", "FAILED")]


def test_what_has_gone_back_goes_nowhere_else(drain: Drain) -> None:
    refund, _movement = waiting()
    worker(drain)
    with pytest.raises(GoneAlready):
        reroute_refund(refund.pk, TO_WALLET, by=STAFF)
    assert moves(refund) == [("SOURCE", "DONE")]


def test_one_under_way_goes_elsewhere_only_once_the_bank_says_it_never_happened(drain: Drain) -> None:
    refund, movement = waiting()
    reroute_refund(refund.pk, TO_WALLET, by=STAFF)
    assert moves(refund) == [("SOURCE", "FAILED"), ("WALLET", "PENDING")]
    move_refund(movement.pk, by=STAFF)
    worker(drain)
    assert moves(refund) == [("SOURCE", "FAILED"), ("WALLET", "DONE")]
    assert given_at_bank() == 0
    assert_books_add_up()


def test_one_whose_answer_got_lost_has_gone_back_and_is_noted(drain: Drain) -> None:
    refund, movement = waiting()
    bank.give_back(refund.payment.gateway_reference, refund.amount, key=movement.key)
    with pytest.raises(GoneAlready):
        reroute_refund(refund.pk, TO_WALLET, by=STAFF)
    assert moves(refund) == [("SOURCE", "DONE")]
    assert_books_add_up()


def test_a_silent_bank_keeps_the_money_where_it_is(monkeypatch: pytest.MonkeyPatch, drain: Drain) -> None:
    refund, movement = waiting()

    def silent(*_: object, **__: object) -> None:
        raise GatewayUnavailable("no answer")

    with monkeypatch.context() as patched:
        patched.setattr(DemoGateway, "find_refund", silent)
        with pytest.raises(StillOnItsWay):
            reroute_refund(refund.pk, TO_WALLET, by=STAFF)
    assert moves(refund) == [("SOURCE", "PENDING")]
    move_refund(movement.pk, by=STAFF)
    assert moves(refund) == [("SOURCE", "DONE")]


def test_while_a_worker_tries_it_nobody_sends_it_elsewhere() -> None:
    refund, _movement = waiting()
    RefundMovement.objects.update(tried_at=clock.real_now())
    with pytest.raises(StillOnItsWay):
        reroute_refund(refund.pk, TO_WALLET, by=STAFF)
    RefundMovement.objects.update(tried_at=clock.real_now() - A_TRY_LASTS - timedelta(seconds=1))
    assert reroute_refund(refund.pk, TO_WALLET, by=STAFF).destination == "WALLET"


def test_a_clerk_whose_machine_dies_stops_nothing_for_long(drain: Drain) -> None:
    refund, movement = waiting()
    RefundMovement.objects.update(kept_until=clock.real_now() + FINDING_OUT_LASTS)
    move_refund(movement.pk, by=STAFF)
    assert moves(refund) == [("SOURCE", "PENDING")]
    RefundMovement.objects.update(kept_until=clock.real_now() - timedelta(seconds=1))
    worker(drain)
    assert moves(refund) == [("SOURCE", "DONE")]


# -- at once ---------------------------------------------------------------------------------------------------------


def at_eve(work: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        with clock.override(EVENING), suppress(GoneAlready, StillOnItsWay):
            work()

    return run


def paid_back(refund: Refund) -> int:
    """All that left us for a refund, by the bank's books and ours."""
    ours = LedgerEntry.objects.filter(transfer__key__startswith=f"refund-{refund.pk}-", debit_account__kind="REFUNDS")
    return sum(entry.amount.minor for entry in ours if not entry.transfer.key.endswith(("-ahead", "-rest")))


def clerk_and_worker(monkeypatch: pytest.MonkeyPatch) -> Refund:
    """A clerk sends it to the wallet between a worker's look at it and the worker's call to the bank."""
    refund, movement = waiting()
    meeting, after = Meeting(2), Meeting(2)
    give_back = bank.give_back

    def give_back_late(*given: Any, **named: Any) -> bool:
        meeting.wait()
        after.wait()
        return give_back(*given, **named)

    monkeypatch.setattr(bank, "give_back", give_back_late)

    def clerk() -> None:
        reroute_refund(refund.pk, TO_WALLET, by=STAFF)

    def clerk_then_tell() -> None:
        meeting.wait()  # the worker has looked, and stands before the bank
        try:
            clerk()
        finally:
            after.wait()

    problems = in_threads(at_eve(partial(move_refund, movement.pk, by=STAFF)), at_eve(clerk_then_tell))
    assert problems == []
    for made in refund.movements.filter(status="PENDING"):
        with clock.override(EVENING):
            move_refund(made.pk, by=STAFF)
    return refund


def test_without_the_guard_a_worker_and_a_clerk_both_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rerouting, "A_TRY_LASTS", timedelta(days=-1))
    refund = clerk_and_worker(monkeypatch)
    assert given_at_bank() == refund.amount.minor
    assert paid_back(refund) == refund.amount.minor, "and the wallet has it too"


def test_a_worker_and_a_clerk_at_once_pay_once(monkeypatch: pytest.MonkeyPatch) -> None:
    refund = clerk_and_worker(monkeypatch)
    to_wallet = refund.movements.filter(destination="WALLET", status="DONE").exists()
    assert (given_at_bank() > 0) != to_wallet
    assert paid_back(refund) == refund.amount.minor
    assert_books_add_up()


def two_clerks(monkeypatch: pytest.MonkeyPatch, drain: Drain) -> tuple[list[BaseException], Refund]:
    """One sends it to the wallet, the other has just paid it out by hand; both looked before either wrote."""
    refund = refused(drain)
    meeting, live = Meeting(2), rerouting._live

    def look_together(seen: Refund) -> RefundMovement | None:
        found = live(seen)
        meeting.wait()
        return found

    monkeypatch.setattr(rerouting, "_live", look_together)
    works = [at_eve(partial(reroute_refund, refund.pk, way, by=STAFF)) for way in (TO_WALLET, BY_HAND)]
    return in_threads(*works), refund


def test_without_the_lock_only_the_database_stops_the_second_clerk(
    monkeypatch: pytest.MonkeyPatch, drain: Drain
) -> None:
    monkeypatch.setattr(PaymentQuerySet, "locked_with", lambda rows, payment: list(rows.filter(pk=payment.pk)))
    problems, refund = two_clerks(monkeypatch, drain)
    assert [type(problem).__name__ for problem in problems] == ["IntegrityError"]
    assert len(moves(refund)) == 2


def test_of_two_clerks_the_second_is_told(monkeypatch: pytest.MonkeyPatch, drain: Drain) -> None:
    problems, refund = two_clerks(monkeypatch, drain)
    assert problems == []
    assert len(moves(refund)) == 2
    worker(drain)
    assert paid_back(refund) == refund.amount.minor == Payment.objects.get().refunded.minor
    assert Money(paid_back(refund), "INR") == refund.amount
