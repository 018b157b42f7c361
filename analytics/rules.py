"""What a daily report counts, and which day each figure belongs to. No database, no clock.

Three dates are used, and each figure by one of them (docs/reports.md says why):

- the **delivery date** of the order: orders, worth, products, shortages, deliveries, households, cash;
- the **day it happened** in the region's zone: refunds and claims when they are decided (claims also when they are
  made), failed attempts at the door, orders placed;
- never the day on which the report is made.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import TypedDict
from zoneinfo import ZoneInfo

from milkdelivery.core.money import Money, divide_half_up
from milkdelivery.core.rules import instant

VERSION = 1
"""Of the shape below. A reader of stored figures looks at it; a new field is added with a new version."""

REPORT_HOUR = 1
"""From one o'clock at night in the region, the day that ended gets its report."""

LOST_AFTER_DAYS = 30
"""A household is lost on the day when so many days have gone by since its last delivery, and no order is open."""

MAILED_WITHIN_DAYS = 7
"""A report that is made later than so many days after its day is no news any more: it is stored, nobody is told."""

TOP = 10
"""Products that the report names."""

NO_METHOD = "NONE"
"""The way to pay of an order that nobody has paid or begun to pay."""

Sums = dict[str, int]
"""Whole minor units by currency, such as {"INR": 125000}. A currency of which there is nothing is left out."""


class Part(TypedDict):
    """One of several that a number falls into: a status, a source, a way to pay, a kind of refund."""

    key: str
    count: int
    worth: Sums


class Orders(TypedDict):
    """`standing` are those that were neither cancelled nor came back undelivered; `worth` is theirs."""

    count: int
    standing: int
    worth: Sums
    refunds: Sums
    revenue: Sums
    average: Sums


class Placed(TypedDict):
    count: int
    worth: Sums


class TopProduct(TypedDict):
    id: int
    name: str
    pieces: int
    worth: Sums


class MissingProduct(TypedDict):
    id: int
    name: str
    pieces: int


class Shortages(TypedDict):
    """Lines that nobody could fill; `substituted_…` are those for which something else came."""

    lines: int
    pieces: int
    substituted_lines: int
    substituted_pieces: int
    lost_orders: int
    products: list[MissingProduct]


class SlotTimes(TypedDict):
    key: str
    delivered: int
    on_time: int
    early: int
    late: int


class Deliveries(TypedDict):
    """`open` were neither handed over nor given up when the report was made."""

    delivered: int
    on_time: int
    early: int
    late: int
    open: int
    slots: list[SlotTimes]


class Reason(TypedDict):
    key: str
    count: int


class Failures(TypedDict):
    """Attempts at a door that failed. `again`: brought another time; the others got their money back."""

    count: int
    again: int
    reasons: list[Reason]


class Households(TypedDict):
    served: int
    new: int
    lost: int


class Cash(TypedDict):
    to_collect: Sums
    collected: Sums


class Claims(TypedDict):
    opened: int
    claimed: Sums
    approved: int
    granted: Sums
    rejected: int


class Refunds(TypedDict):
    """Every refund that was decided on the day; only those given for goods that came lessen revenue."""

    count: int
    worth: Sums
    kinds: list[Part]


class Figures(TypedDict):
    orders: Orders
    placed: Placed
    by_status: list[Part]
    by_source: list[Part]
    by_method: list[Part]
    products: list[TopProduct]
    shortages: Shortages
    deliveries: Deliveries
    failures: Failures
    households: Households
    cash: Cash
    claims: Claims
    refunds: Refunds


def day_bounds(day: date, zone: str) -> tuple[datetime, datetime]:
    """The instants at which a business date begins, and at which the next one does."""
    return instant(day, time(0), zone), instant(day + timedelta(days=1), time(0), zone)


def last_ended(now: datetime, zone: str) -> date:
    """The latest business date whose report is due."""
    local = now.astimezone(ZoneInfo(zone))
    days = 1 if local.hour >= REPORT_HOUR else 2
    return local.date() - timedelta(days=days)


def missing_days(made: Iterable[date], *, until: date) -> list[date]:
    """The days without a report, oldest first: from the earliest that has one to `until`; `until` where none has."""
    known = {day for day in made if day <= until}
    first = min(known, default=until)
    days = (first + timedelta(days=ahead) for ahead in range((until - first).days + 1))
    return [day for day in days if day not in known]


def add(sums: Sums, currency: str, minor: int) -> None:
    """Put an amount into sums; nothing leaves no trace."""
    total = sums.get(currency, 0) + minor
    if total:
        sums[currency] = total
    else:
        sums.pop(currency, None)


def less(first: Mapping[str, int], second: Mapping[str, int]) -> Sums:
    """What is left of the first; below zero where more is taken than there was."""
    left: Sums = dict(first)
    for currency, minor in second.items():
        add(left, currency, -minor)
    return left


def average(worth: Mapping[str, int], counts: Mapping[str, int]) -> Sums:
    """The worth of one, by currency, rounded half up."""
    return {currency: divide_half_up(minor, counts[currency]) for currency, minor in worth.items()}


def money_of(sums: Mapping[str, int], currency: str) -> list[Money]:
    """The amounts, that of `currency` first and always there."""
    others = sorted(other for other in sums if other != currency)
    return [Money(sums.get(name, 0), name) for name in (currency, *others)]


def share(part: int, whole: int) -> int | None:
    """In basis points, rounded half up; None of nothing."""
    return divide_half_up(part * 10_000, whole) if whole else None
