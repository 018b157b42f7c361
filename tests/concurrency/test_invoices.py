"""Numbers of invoices under a race: shown first with the counter's lock off, then with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import IntegrityError, transaction

from milkdelivery.core import clock
from orders.models import Order
from payments.actions import issue_invoices
from payments.models import Invoice, InvoiceCounter, Seller
from payments.models.invoice import InvoiceCounterQuerySet
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.world import World, small_world
from tests.payments.test_invoices import delivered

pytestmark = pytest.mark.django_db(transaction=True)

MORNING = datetime.fromisoformat("2026-01-31T06:00+05:30")


def sold(world: World, at: Callable[[str], datetime], number: int) -> list[Order]:
    orders = [delivered(world, at) for _ in range(number)]
    names = {"name": "Bhor Dairy", "address": "-", "invoice_series": "BLR", "credit_series": "BLC"}
    Seller.objects.create(region=world.region, invoices_from=orders[0].delivery_date, **names)
    return orders


def invoice(order: Order, meeting: Meeting | None = None) -> Callable[[], None]:
    def work() -> None:
        with clock.override(MORNING):
            if meeting is not None:
                meeting.wait()
            issue_invoices([order.pk])

    return work


def serials() -> list[int]:
    return sorted(Invoice.objects.values_list("serial", flat=True))


def test_without_the_lock_two_orders_want_one_number(
    at: Callable[[str], datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = sold(small_world(), at, 3)
    invoice(first)()
    meeting = Meeting(2)

    def unlocked(counters: InvoiceCounterQuerySet, series: str, year: str, count: int = 1) -> int:
        last = counters.get(series=series, year=year).last
        meeting.wait()  # both have looked, neither has written
        counters.filter(series=series, year=year).update(last=last + count)
        return last + 1

    monkeypatch.setattr(InvoiceCounterQuerySet, "take", unlocked)
    (problem,) = in_threads(invoice(second), invoice(third))
    assert isinstance(problem, IntegrityError)  # the constraint stops what the lock did not: one household has nothing
    assert serials() == [1, 2]


def test_many_at_once_are_numbered_without_a_gap(at: Callable[[str], datetime]) -> None:
    orders = sold(small_world(), at, 12)
    meeting = Meeting(12)
    assert in_threads(*(invoice(order, meeting) for order in orders)) == []
    assert serials() == list(range(1, 13))
    assert InvoiceCounter.objects.get().last == 12


def test_one_order_from_two_workers_has_one_invoice(at: Callable[[str], datetime]) -> None:
    (order,) = sold(small_world(), at, 1)
    meeting = Meeting(4)
    assert in_threads(*(invoice(order, meeting) for _ in range(4))) == []
    assert serials() == [1]
    assert InvoiceCounter.objects.get().last == 1


def test_who_dies_with_a_number_leaves_no_gap(at: Callable[[str], datetime]) -> None:
    """A worker is killed between number and commit while another one waits for its number."""
    doomed, lucky = sold(small_world(), at, 2)
    meeting, waiting = Meeting(2), Meeting(2, seconds=0.5)

    def dies() -> None:
        with clock.override(MORNING), transaction.atomic():
            issue_invoices([doomed.pk])
            meeting.wait()
            waiting.wait()
            transaction.set_rollback(True)

    def follows() -> None:
        meeting.wait()
        invoice(lucky)()

    assert in_threads(dies, follows) == []
    assert list(Invoice.objects.values_list("order", "serial")) == [(lucky.pk, 1)]
