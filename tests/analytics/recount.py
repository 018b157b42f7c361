"""A day counted once more: plain Python over rows, one order after the other, in local dates. Shares nothing with the
report but the names of its figures."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from deliveries.models import Delivery, FailedAttempt
from milkdelivery.core.models import Region
from orders.models import Claim, Order, OrderStatusChange
from payments.models import Payment, Refund

GONE = {"CANCELLED", "RETURNED"}
GIFTS = {"LINES", "AMOUNT", "CLAIM"}


class Purse:
    """Money by currency."""

    def __init__(self) -> None:
        self.held: dict[str, int] = defaultdict(int)

    def put(self, currency: str, minor: int) -> None:
        self.held[currency] += minor

    def told(self) -> dict[str, int]:
        return {currency: minor for currency, minor in self.held.items() if minor}


def _stands(refund: Refund) -> bool:
    return all(movement.status != "UNDONE" for movement in refund.movements.all())


def recount(region: Region, day: date) -> dict[str, Any]:
    zone = ZoneInfo(region.time_zone)

    def on(instant: datetime | None) -> date | None:
        return instant.astimezone(zone).date() if instant else None

    everything = [order for order in Order.objects.select_related("slot") if order.region_id == region.pk]
    todays = [order for order in everything if order.delivery_date == day]
    standing = [order for order in todays if order.status not in GONE]
    payments: dict[int, list[Payment]] = defaultdict(list)
    for payment in Payment.objects.order_by("pk"):
        if payment.order_id and not payment.is_surplus and payment.status != "FAILED":
            payments[payment.order_id].append(payment)
    orders = {order.pk: order for order in everything}

    worth, counts = Purse(), defaultdict[str, int](int)
    for order in standing:
        worth.put(order.currency, order.grand_total.minor)
        counts[order.currency] += 1
    given = Purse()
    back: dict[str, Any] = {"count": 0, "worth": Purse(), "kinds": {}}
    for refund in (each for each in Refund.objects.select_related("payment") if _stands(each)):
        of = orders.get(refund.payment.order_id or 0)
        if of is None or on(refund.decided_at) != day:
            continue
        back["count"] += 1
        back["worth"].put(refund.currency, refund.amount.minor)
        kind = back["kinds"].setdefault(refund.kind, [0, Purse()])
        kind[0] += 1
        kind[1].put(refund.currency, refund.amount.minor)
        if of.status not in GONE and refund.kind in GIFTS:
            given.put(refund.currency, refund.amount.minor)
    revenue = Purse()
    for currency, minor in worth.held.items():
        revenue.put(currency, minor)
    for currency, minor in given.held.items():
        revenue.put(currency, -minor)

    return {
        "orders": {
            "count": len(todays),
            "standing": len(standing),
            "worth": worth.told(),
            "refunds": given.told(),
            "revenue": revenue.told(),
            "average": {
                currency: int(Fraction(minor, counts[currency]) + Fraction(1, 2))
                for currency, minor in worth.told().items()
            },
        },
        "placed": _tally([order for order in everything if on(order.placed_at) == day]),
        "by_status": _by(todays, lambda order: order.status),
        "by_source": _by(standing, lambda order: order.source),
        "by_method": _by(standing, lambda order: payments[order.pk][-1].method if payments[order.pk] else "NONE"),
        "products": _products(standing),
        "shortages": _shortages(todays),
        "deliveries": (drops := _drops(todays, zone))[0],
        "failures": _failures(orders, on, day),
        "households": _households(everything, on, day),
        "cash": {"to_collect": _cash(standing, payments), "collected": drops[1]},
        "claims": _claims(orders, on, day),
        "refunds": {
            "count": back["count"],
            "worth": back["worth"].told(),
            "kinds": {kind: (count, purse.told()) for kind, (count, purse) in back["kinds"].items()},
        },
    }


def flat(figures: Any) -> dict[str, Any]:
    """A report's figures in the recount's shape: what is a list of parts there is a mapping here."""
    told = dict(figures)
    for name in ("by_status", "by_source", "by_method"):
        told[name] = {part["key"]: (part["count"], part["worth"]) for part in figures[name]}
    kinds = {part["key"]: (part["count"], part["worth"]) for part in figures["refunds"]["kinds"]}
    told["refunds"] = {**figures["refunds"], "kinds": kinds}
    told["products"] = [(each["id"], each["pieces"], each["worth"]) for each in figures["products"]]
    missing = [(each["id"], each["pieces"]) for each in figures["shortages"]["products"]]
    told["shortages"] = {**figures["shortages"], "products": missing}
    slots = {each["key"]: (each["on_time"], each["early"], each["late"]) for each in figures["deliveries"]["slots"]}
    told["deliveries"] = {**figures["deliveries"], "slots": slots}
    reasons = {each["key"]: each["count"] for each in figures["failures"]["reasons"]}
    told["failures"] = {**figures["failures"], "reasons": reasons}
    return told


def _tally(orders: list[Order]) -> dict[str, Any]:
    purse = Purse()
    for order in orders:
        purse.put(order.currency, order.grand_total.minor)
    return {"count": len(orders), "worth": purse.told()}


def _by(orders: list[Order], key: Any) -> dict[str, Any]:
    groups: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        groups[str(key(order))].append(order)
    told = {name: _tally(group) for name, group in groups.items()}
    return {name: (tally["count"], tally["worth"]) for name, tally in told.items()}


def _products(standing: list[Order]) -> list[Any]:
    pieces: dict[int, int] = defaultdict(int)
    purses: dict[int, Purse] = defaultdict(Purse)
    for order in standing:
        for line in order.lines.select_related("variant"):
            if line.status in ("SHORT", "SUBSTITUTED"):
                continue
            pieces[line.variant.product_id] += line.quantity
            purses[line.variant.product_id].put(order.currency, line.total.minor)
    rows = [(pk, count, purses[pk].told()) for pk, count in pieces.items()]
    return sorted(rows, key=lambda row: (-sum(row[2].values()), -row[1], row[0]))[:10]


def _shortages(todays: list[Order]) -> dict[str, Any]:
    told: dict[str, Any] = {"lines": 0, "pieces": 0, "substituted_lines": 0, "substituted_pieces": 0, "lost_orders": 0}
    missing: dict[int, int] = defaultdict(int)
    for order in todays:
        for line in order.lines.select_related("variant"):
            if order.status != "CANCELLED" and line.status == "SHORT":
                told["lines"] += 1
                told["pieces"] += line.quantity
                missing[line.variant.product_id] += line.quantity
            if order.status != "CANCELLED" and line.status == "SUBSTITUTED":
                told["substituted_lines"] += 1
                told["substituted_pieces"] += line.quantity
        changes = OrderStatusChange.objects.filter(order=order)
        why = [change.reason for change in changes if change.to_status == "CANCELLED"]
        told["lost_orders"] += sum(reason in ("line_missing", "nobody_can_fill") for reason in why)
    told["products"] = sorted(missing.items(), key=lambda row: (-row[1], row[0]))[:10]
    return told


def _drops(todays: list[Order], zone: ZoneInfo) -> tuple[dict[str, Any], dict[str, int]]:
    told = {"delivered": 0, "on_time": 0, "early": 0, "late": 0, "open": 0}
    slots: dict[str, list[int]] = {}
    cash = Purse()
    for order in todays:
        drop = Delivery.objects.filter(order=order).first()
        if drop is None or drop.status in ("FAILED", "CANCELLED"):
            continue
        if drop.status != "DELIVERED":
            told["open"] += 1
            continue
        assert drop.delivered_at is not None
        local = drop.delivered_at.astimezone(zone).replace(tzinfo=None)
        first = datetime.combine(order.delivery_date, drop.slot.starts_at)
        last = datetime.combine(order.delivery_date, drop.slot.ends_at)
        place = 1 if local < first else 2 if local > last else 0
        told["delivered"] += 1
        told[("on_time", "early", "late")[place]] += 1
        slots.setdefault(drop.slot.code, [0, 0, 0])[place] += 1
        cash.put(order.currency, drop.cash_collected.minor)
    return {**told, "slots": {code: tuple(counts) for code, counts in slots.items()}}, cash.told()


def _failures(orders: dict[int, Order], on: Any, day: date) -> dict[str, Any]:
    reasons: dict[str, int] = defaultdict(int)
    again = 0
    for attempt in FailedAttempt.objects.select_related("delivery"):
        if attempt.undone_at is None and attempt.delivery.order_id in orders and on(attempt.occurred_at) == day:
            reasons[attempt.reason] += 1
            again += attempt.retried_on is not None
    return {"count": sum(reasons.values()), "again": again, "reasons": dict(reasons)}


def _households(everything: list[Order], on: Any, day: date) -> dict[str, int]:
    by_person: dict[int, list[Order]] = defaultdict(list)
    for order in everything:
        by_person[order.customer_id].append(order)
    served = new = lost = 0
    for theirs in by_person.values():
        got = sorted(order.delivery_date for order in theirs if order.status == "DELIVERED")
        if day in got:
            served += 1
            new += got[0] == day
        then = day - timedelta(days=30)
        later = [o for o in theirs if o.delivery_date > then and o.status not in GONE and on(o.placed_at) <= day]
        lost += then in got and not later
    return {"served": served, "new": new, "lost": lost}


def _cash(standing: list[Order], payments: dict[int, list[Payment]]) -> dict[str, int]:
    purse = Purse()
    for order in standing:
        for payment in payments[order.pk]:
            if payment.method == "COD":
                purse.put(payment.currency, payment.amount.minor)
    return purse.told()


def _claims(orders: dict[int, Order], on: Any, day: date) -> dict[str, Any]:
    claimed, granted = Purse(), Purse()
    opened = approved = rejected = 0
    for claim in Claim.objects.all():
        if claim.order_id not in orders:
            continue
        if on(claim.opened_at) == day:
            opened += 1
            claimed.put(claim.currency, claim.amount.minor)
        if on(claim.decided_at) == day and claim.status == "APPROVED":
            approved += 1
            granted.put(claim.currency, claim.granted.minor)
        if on(claim.decided_at) == day and claim.status == "REJECTED":
            rejected += 1
    return {
        "opened": opened,
        "claimed": claimed.told(),
        "approved": approved,
        "granted": granted.told(),
        "rejected": rejected,
    }
