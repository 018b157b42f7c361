"""Claims, decisions and refunds at the same moment. Each race is shown first with its lock off."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from milkdelivery.core import clock
from milkdelivery.core.money import Money
from orders.actions import claims, reject_claim
from orders.models import Claim, ClaimLine, ClaimQuerySet, Order, OrderQuerySet
from orders.rules.claims import ClaimDecidedAlready, ClaimedAlready
from payments.actions import Wish, approve_claim, make_claim, refund_payment
from payments.actions import claims as granting
from payments.models import Payment, Refund
from payments.models.payment import PaymentQuerySet
from payments.rules.refunds import BadLines
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.world import small_world
from tests.orders.claiming import STAFF, brought, claim_of, claimed, household

pytestmark = pytest.mark.django_db(transaction=True)

BREAKFAST = datetime.fromisoformat("2026-01-31T08:00+05:30")


def at_breakfast(*works: Callable[[], object]) -> list[BaseException]:
    def stood_still(work: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            with clock.override(BREAKFAST):
                work()

        return run

    return in_threads(*(stood_still(work) for work in works))


def slow(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    """Whoever calls it waits for the other one first: both have looked before either writes."""
    meeting, work = Meeting(2), getattr(module, name)

    def waits(*args: Any, **kwargs: Any) -> Any:
        meeting.wait()
        return work(*args, **kwargs)

    monkeypatch.setattr(module, name, waits)


def without_locks_on_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OrderQuerySet, "locked", lambda rows, pk: rows.select_related("slot", "region").get(pk=pk))
    monkeypatch.setattr(PaymentQuerySet, "locked_of", lambda rows, pk: list(rows.filter(order_id=pk).order_by("pk")))


def claim_all_twice(order: Order, monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """The same order in two tabs: each claims both pieces, and has looked at what is left before the other writes."""
    slow(monkeypatch, granting, "open_claim")
    drafts = [claimed(order, 2, photo=None) for _ in range(2)]
    return at_breakfast(*(lambda draft=draft: make_claim(order.pk, draft, by=household(order)) for draft in drafts))


def test_without_the_locks_more_is_claimed_than_was_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    order = brought(small_world())
    without_locks_on_orders(monkeypatch)
    assert claim_all_twice(order, monkeypatch) == []
    assert sum(ClaimLine.objects.values_list("quantity", flat=True)) == 4


def test_two_tabs_claim_no_more_than_was_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = claim_all_twice(brought(small_world()), monkeypatch)
    assert [type(problem) for problem in problems] == [ClaimedAlready]
    assert sum(ClaimLine.objects.values_list("quantity", flat=True)) == 2


def claim_of_two_orders(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> list[str]:
    """Two claims of one household, each within the limit of 30 days and both together past it."""
    settings.CLAIM_BY_RULE_MONTH_AMOUNTS = {"INR": Decimal(60)}
    world = small_world()
    orders = [brought(world), brought(world)]
    slow(monkeypatch, claims, "why_somebody_looks")
    assert at_breakfast(*(lambda order=order: claim_of(order, 2) for order in orders)) == []
    return sorted(Claim.objects.values_list("status", flat=True))


def test_without_the_lock_of_the_household_its_limit_is_passed(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(ClaimQuerySet, "lock_person", lambda *_: None)
    assert claim_of_two_orders(monkeypatch, settings) == ["APPROVED", "APPROVED"]


def test_the_limit_of_a_household_holds_over_its_orders(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    assert claim_of_two_orders(monkeypatch, settings) == ["APPROVED", "OPEN"]
    assert Refund.objects.count() == 1


def decide_twice(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """One manager grants and another refuses."""
    claim = claim_of_at_breakfast()
    slow(monkeypatch, claims, "settle_claim")
    return at_breakfast(
        lambda: approve_claim(claim.pk, by=STAFF),
        lambda: reject_claim(claim.pk, by=STAFF, reason="Drunk already"),
    )


def claim_of_at_breakfast() -> Claim:
    order = brought(small_world())
    with clock.override(BREAKFAST):
        return claim_of(order, 2, photo=None)


def test_without_the_locks_a_claim_is_granted_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    without_locks_on_orders(monkeypatch)
    monkeypatch.setattr(ClaimQuerySet, "locked", lambda rows, pk: rows.get(pk=pk))
    assert decide_twice(monkeypatch) == []


def test_one_decision_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = decide_twice(monkeypatch)
    assert [type(problem) for problem in problems] == [ClaimDecidedAlready]
    claim = Claim.objects.get()
    assert Refund.objects.count() == (1 if claim.status == "APPROVED" else 0)


def grant_and_pay_back(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """A manager grants a claim while another one pays the same line back by hand."""
    claim = claim_of_at_breakfast()
    payment, line = Payment.objects.get(), claim.order.lines.get()
    weighed, paid = threading.Event(), threading.Event()
    work: Any = vars(granting)["refund_claim"]

    def waits(*args: Any, **kwargs: Any) -> Any:
        weighed.set()
        paid.wait(3)  # not for ever: where there are locks, the other one waits for us
        return work(*args, **kwargs)

    def by_hand() -> None:
        weighed.wait(10)
        refund_payment(payment.pk, Wish("sour", lines={line.pk: 2}), key="hand", by=STAFF)
        paid.set()

    monkeypatch.setattr(granting, "refund_claim", waits)
    return at_breakfast(by_hand, lambda: approve_claim(claim.pk, by=STAFF))


def test_without_the_lock_a_line_goes_back_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    without_locks_on_orders(monkeypatch)
    monkeypatch.setattr(PaymentQuerySet, "locked", lambda rows, pk: rows.get(pk=pk))
    assert grant_and_pay_back(monkeypatch) == []
    assert Money.total((refund.amount for refund in Refund.objects.all()), "INR") == Money(11200, "INR")


def test_a_line_goes_back_once(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = grant_and_pay_back(monkeypatch)
    assert [type(problem) for problem in problems] == [BadLines]
    assert Refund.objects.get().amount == Payment.objects.get().refunded == Money(5600, "INR")
