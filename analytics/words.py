"""A report in words: its headline and its tables, as the page, the mail, the PDF and the file tell them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from analytics.models import DailyReport
from analytics.rules import LOST_AFTER_DAYS, NO_METHOD, Figures, Part, Sums, money_of, share
from deliveries.models import Delivery
from milkdelivery.core.models import DeliverySlot
from milkdelivery.core.money import Money
from orders.models import Order
from payments.models import Payment, Refund


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `key` is for programs; a count, an amount or both may be missing."""

    key: str
    label: str
    count: int | None = None
    amounts: tuple[Money, ...] = ()

    @property
    def told(self) -> str:
        """The amounts for people."""
        return " + ".join(amount.format() for amount in self.amounts)


@dataclass(frozen=True, slots=True)
class Table:
    """Figures that belong together. `note` says which day they count by."""

    key: str
    title: str
    note: str
    rows: tuple[Row, ...]

    @property
    def has_counts(self) -> bool:
        return any(row.count is not None for row in self.rows)

    @property
    def has_amounts(self) -> bool:
        return any(row.amounts for row in self.rows)


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure that a day is known by, and what stands behind it."""

    label: str
    value: str
    note: str


def headline(report: DailyReport) -> list[Fact]:
    figures: Figures = report.figures
    orders, deliveries = figures["orders"], figures["deliveries"]
    households, failures = figures["households"], figures["failures"]
    money = _Amounts(report.region.currency)
    took = {"worth": money.told(orders["worth"]), "refunds": money.told(orders["refunds"])}
    average = {"average": money.told(orders["average"])}
    return [
        Fact(_("Orders"), str(orders["count"]), _("%(standing)d that stand") % orders),
        Fact(_("Revenue"), money.told(orders["revenue"]), _("%(worth)s less %(refunds)s refunds") % took),
        Fact(_("Average order"), average["average"], _("of those that stand")),
        Fact(
            _("On time"),
            percent(share(deliveries["on_time"], deliveries["delivered"])),
            _("%(on_time)d of %(delivered)d in their slot") % deliveries,
        ),
        Fact(_("Failed at the door"), str(failures["count"]), _("%(again)d brought again") % failures),
        Fact(_("Households"), str(households["served"]), _("%(new)d new, %(lost)d lost") % households),
    ]


def percent(basis_points: int | None) -> str:
    """98.7 %; a dash where there was nothing to be a part of."""
    return "–" if basis_points is None else f"{basis_points // 100}.{basis_points % 100 // 10} %"


def revenue_of(report: DailyReport) -> str:
    """For people."""
    return _Amounts(report.region.currency).told(report.figures["orders"]["revenue"])


def tables(report: DailyReport) -> list[Table]:
    """Everything that a report says, table by table."""
    figures: Figures = report.figures
    money = _Amounts(report.region.currency)
    due = _("By delivery date.")
    return [
        Table("orders", _("Orders and revenue"), due, _order_rows(figures, money)),
        Table("by_status", _("By status"), due, _parts(figures["by_status"], Order.Status.choices, money)),
        Table("by_source", _("By source"), due, _parts(figures["by_source"], Order.Source.choices, money)),
        Table("by_method", _("By way to pay"), due, _parts(figures["by_method"], _methods(), money)),
        Table("products", _("Top products"), due, _product_rows(figures, money)),
        Table("shortages", _("Shortages"), due, _shortage_rows(figures)),
        Table("deliveries", _("Deliveries"), due, _delivery_rows(figures)),
        Table("failures", _("Failed at the door"), _("On the day of the attempt."), _failure_rows(figures)),
        Table("households", _("Households"), due, _household_rows(figures)),
        Table("cash", _("Cash"), due, _cash_rows(figures, money)),
        Table("claims", _("Claims"), _("On the day they were made or decided."), _claim_rows(figures, money)),
        Table("refunds", _("Refunds"), _("On the day they were decided."), _refund_rows(figures, money)),
    ]


class _Amounts:
    """Sums as money, the region's currency first."""

    def __init__(self, currency: str) -> None:
        self.currency = currency

    def __call__(self, sums: Sums) -> tuple[Money, ...]:
        return tuple(money_of(sums, self.currency))

    def told(self, sums: Sums) -> str:
        return " + ".join(amount.format() for amount in self(sums))


def _methods() -> list[tuple[str, Any]]:
    return [*Payment.Method.choices, (NO_METHOD, _("Not paid and not begun"))]


def _parts(parts: Iterable[Part], choices: Iterable[tuple[str, Any]], money: _Amounts) -> tuple[Row, ...]:
    """A key that has no words any more is told as it is."""
    labels = dict(choices)
    return tuple(
        Row(part["key"], str(labels.get(part["key"], part["key"])), part["count"], money(part["worth"]))
        for part in parts
    )


def _order_rows(figures: Figures, money: _Amounts) -> tuple[Row, ...]:
    orders, placed = figures["orders"], figures["placed"]
    return (
        Row("all", _("All orders"), orders["count"]),
        Row("standing", _("Neither cancelled nor returned"), orders["standing"], money(orders["worth"])),
        Row("refunds", _("Refunds given that day for goods"), None, money(orders["refunds"])),
        Row("revenue", _("Revenue"), None, money(orders["revenue"])),
        Row("average", _("Average order"), None, money(orders["average"])),
        Row("placed", _("Placed that day, for any date"), placed["count"], money(placed["worth"])),
    )


def _product_rows(figures: Figures, money: _Amounts) -> tuple[Row, ...]:
    return tuple(
        Row(f"product:{each['id']}", each["name"], each["pieces"], money(each["worth"])) for each in figures["products"]
    )


def _shortage_rows(figures: Figures) -> tuple[Row, ...]:
    told = figures["shortages"]
    missing = (
        Row(f"product:{each['id']}", _("Missing: %(product)s") % {"product": each["name"]}, each["pieces"])
        for each in told["products"]
    )
    return (
        Row("lines", _("Lines of which nothing came"), told["lines"]),
        Row("pieces", _("Pieces that did not come"), told["pieces"]),
        *missing,
        Row("substituted_lines", _("Lines for which something else came"), told["substituted_lines"]),
        Row("substituted_pieces", _("Pieces for which something else came"), told["substituted_pieces"]),
        Row("lost_orders", _("Orders cancelled for want of goods"), told["lost_orders"]),
    )


def _delivery_rows(figures: Figures) -> tuple[Row, ...]:
    told = figures["deliveries"]
    slots = dict(DeliverySlot.Code.choices)
    by_slot = (
        Row(
            f"on_time:{each['key']}",
            _("In the slot, %(slot)s (of %(delivered)d)")
            % {"slot": slots.get(each["key"], each["key"]), "delivered": each["delivered"]},
            each["on_time"],
        )
        for each in told["slots"]
    )
    return (
        Row("delivered", _("Handed over"), told["delivered"]),
        Row("on_time", _("In their slot"), told["on_time"]),
        *by_slot,
        Row("early", _("Before it"), told["early"]),
        Row("late", _("After it"), told["late"]),
        Row("open", _("Neither handed over nor given up"), told["open"]),
    )


def _failure_rows(figures: Figures) -> tuple[Row, ...]:
    told = figures["failures"]
    labels = dict(Delivery.FailureReason.choices)
    reasons = (Row(each["key"], str(labels.get(each["key"], each["key"])), each["count"]) for each in told["reasons"])
    return (
        Row("all", _("Attempts that failed"), told["count"]),
        *reasons,
        Row("again", _("Brought another time"), told["again"]),
    )


def _household_rows(figures: Figures) -> tuple[Row, ...]:
    told = figures["households"]
    lost = _("Lost: last delivery %(days)d days ago, nothing ordered since") % {"days": LOST_AFTER_DAYS}
    return (
        Row("served", _("Got something"), told["served"]),
        Row("new", _("For the first time"), told["new"]),
        Row("lost", lost, told["lost"]),
    )


def _cash_rows(figures: Figures, money: _Amounts) -> tuple[Row, ...]:
    told = figures["cash"]
    return (
        Row("to_collect", _("To collect at the doors"), None, money(told["to_collect"])),
        Row("collected", _("Collected"), None, money(told["collected"])),
    )


def _claim_rows(figures: Figures, money: _Amounts) -> tuple[Row, ...]:
    told = figures["claims"]
    return (
        Row("opened", _("Made"), told["opened"], money(told["claimed"])),
        Row("approved", _("Granted"), told["approved"], money(told["granted"])),
        Row("rejected", _("Refused"), told["rejected"]),
    )


def _refund_rows(figures: Figures, money: _Amounts) -> tuple[Row, ...]:
    told = figures["refunds"]
    return (
        Row("all", _("All refunds"), told["count"], money(told["worth"])),
        *_parts(told["kinds"], Refund.Kind.choices, money),
    )
