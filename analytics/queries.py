"""Figures of a day from the books, and the reports that were made of them."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from django.db.models import BooleanField, Case, Count, Exists, OuterRef, Q, Subquery, Sum, Value, When

from accounts.models import User
from analytics.models import DailyReport, ReportReader
from analytics.rules import (
    LOST_AFTER_DAYS,
    NO_METHOD,
    TOP,
    Cash,
    Claims,
    Deliveries,
    Failures,
    Figures,
    Households,
    MissingProduct,
    Part,
    Placed,
    Refunds,
    Shortages,
    SlotTimes,
    Sums,
    TopProduct,
    add,
    average,
    day_bounds,
    less,
)
from deliveries.models import Delivery, FailedAttempt
from milkdelivery.core.actors import Role
from milkdelivery.core.models import DeliverySlot, Region
from milkdelivery.core.rules import instant
from orders.models import MISSING, Claim, Order, OrderLine, OrderStatusChange
from orders.rules.answers import LINE_MISSING, NOBODY_CAN_FILL
from payments.models import Payment, Refund
from payments.queries.invoices import GIVEN

Status = Order.Status
LOST = (Status.CANCELLED, Status.RETURNED)
"""Statuses of an order that came to nothing."""

_STANDS = ~Q(status__in=LOST)
_ORDER_STANDS = ~Q(order__status__in=LOST)


def figures_of(region: Region, day: date) -> Figures:
    """What the books say of a region's business date now. Thirteen queries, however many orders."""
    by_status, by_source, by_method, standing = _orders(region, day)
    refunds, lessening = _refunds(region, day)
    deliveries, collected = _deliveries(region, day)
    worth = _sum_of(by_source)
    return Figures(
        orders={
            "count": sum(part["count"] for part in by_status),
            "standing": standing.total(),
            "worth": worth,
            "refunds": lessening,
            "revenue": less(worth, lessening),
            "average": average(worth, standing),
        },
        placed=_placed(region, day),
        by_status=by_status,
        by_source=by_source,
        by_method=by_method,
        products=_products(region, day),
        shortages=_shortages(region, day),
        deliveries=deliveries,
        failures=_failures(region, day),
        households=_households(region, day),
        cash=Cash(to_collect=_cash_due(region, day), collected=collected),
        claims=_claims(region, day),
        refunds=refunds,
    )


def _orders(region: Region, day: date) -> tuple[list[Part], list[Part], list[Part], Counter[str]]:
    """By status all; by source and way to pay those that stand; and how many stand in each currency."""
    tries = Payment.objects.filter(order=OuterRef("pk"), is_surplus=False).exclude(status=Payment.Status.FAILED)
    counting = Subquery(tries.order_by("-pk").values("method")[:1])
    found = Order.objects.filter(region=region, delivery_date=day).order_by().annotate(method=counting)
    rows = found.values_list("status", "source", "method", "currency")
    by_status, by_source, by_method = _Parts(), _Parts(), _Parts()
    standing: Counter[str] = Counter()
    for status, source, method, currency, count, worth in rows.annotate(count=Count("pk"), worth=Sum("grand_total")):
        by_status.put(status, count, currency, worth)
        if status not in LOST:
            by_source.put(source, count, currency, worth)
            by_method.put(method or NO_METHOD, count, currency, worth)
            standing[currency] += count
    return (
        by_status.in_order(Status.values),
        by_source.in_order(Order.Source.values),
        by_method.in_order([*Payment.Method.values, NO_METHOD]),
        standing,
    )


class _Parts:
    """Counts and worths by a key."""

    def __init__(self) -> None:
        self._by_key: dict[str, Part] = {}

    def put(self, key: str, count: int, currency: str, worth: int) -> None:
        part = self._by_key.setdefault(key, Part(key=key, count=0, worth={}))
        part["count"] += count
        add(part["worth"], currency, worth)

    def in_order(self, keys: Sequence[str]) -> list[Part]:
        return [self._by_key[key] for key in keys if key in self._by_key]


def _sum_of(parts: list[Part]) -> Sums:
    total: Sums = {}
    for part in parts:
        for currency, minor in part["worth"].items():
            add(total, currency, minor)
    return total


def _placed(region: Region, day: date) -> Placed:
    """Orders that were placed on the day, for whichever delivery date, whatever became of them."""
    begins, ends = day_bounds(day, region.time_zone)
    found = Order.objects.filter(region=region, placed_at__gte=begins, placed_at__lt=ends).order_by()
    placed = Placed(count=0, worth={})
    for currency, count, worth in found.values_list("currency").annotate(count=Count("pk"), worth=Sum("grand_total")):
        placed["count"] += count
        add(placed["worth"], currency, worth)
    return placed


def _products(region: Region, day: date) -> list[TopProduct]:
    """What sold best, by worth: lines that come of orders that stand."""
    lines = OrderLine.objects.filter(_ORDER_STANDS, order__region=region, order__delivery_date=day)
    lines = lines.exclude(status__in=MISSING).order_by()
    rows = lines.values_list("variant__product_id", "variant__product__name", "order__currency")
    found: dict[int, TopProduct] = {}
    for pk, name, currency, pieces, worth in rows.annotate(pieces=Sum("quantity"), worth=Sum("total")):
        product = found.setdefault(pk, TopProduct(id=pk, name=name, pieces=0, worth={}))
        product["pieces"] += pieces
        add(product["worth"], currency, worth)
    ranked = sorted(found.values(), key=lambda each: (-sum(each["worth"].values()), -each["pieces"], each["id"]))
    return ranked[:TOP]


def _shortages(region: Region, day: date) -> Shortages:
    """Lines of orders that were not cancelled, of which nothing came; and orders that were cancelled for want of it."""
    lines = OrderLine.objects.filter(order__region=region, order__delivery_date=day, status__in=MISSING)
    lines = lines.exclude(order__status=Status.CANCELLED).order_by()
    rows = lines.values_list("status", "variant__product_id", "variant__product__name")
    told = Shortages(lines=0, pieces=0, substituted_lines=0, substituted_pieces=0, lost_orders=0, products=[])
    missing: list[MissingProduct] = []
    for status, pk, name, count, pieces in rows.annotate(count=Count("pk"), pieces=Sum("shortage")):
        if status == OrderLine.Status.SUBSTITUTED:
            told["substituted_lines"] += count
            told["substituted_pieces"] += pieces
        else:
            told["lines"] += count
            told["pieces"] += pieces
            missing.append(MissingProduct(id=pk, name=name, pieces=pieces))
    told["products"] = sorted(missing, key=lambda each: (-each["pieces"], each["id"]))[:TOP]
    changes = OrderStatusChange.objects.filter(to_status=Status.CANCELLED, reason__in=[LINE_MISSING, NOBODY_CAN_FILL])
    told["lost_orders"] = changes.filter(order__region=region, order__delivery_date=day).count()
    return told


def _deliveries(region: Region, day: date) -> tuple[Deliveries, Sums]:
    """What was handed over of the day's orders, and when; and the cash that came in at the doors."""
    on_time, early = Q(pk__in=[]), Q(pk__in=[])
    for slot in DeliverySlot.objects.filter(region=region):
        begins, ends = (instant(day, at, region.time_zone) for at in (slot.starts_at, slot.ends_at))
        on_time |= Q(slot=slot, delivered_at__gte=begins, delivered_at__lte=ends)
        early |= Q(slot=slot, delivered_at__lt=begins)
    found = Delivery.objects.filter(order__region=region, order__delivery_date=day).order_by()
    rows = found.values_list("slot__code", "status", "order__currency").annotate(
        count=Count("pk"),
        on_time=Count("pk", filter=on_time),
        early=Count("pk", filter=early),
        cash=Sum("cash_collected"),
    )
    told = Deliveries(delivered=0, on_time=0, early=0, late=0, open=0, slots=[])
    by_slot: dict[str, SlotTimes] = {}
    collected: Sums = {}
    ended = (Delivery.Status.FAILED, Delivery.Status.CANCELLED)
    for code, status, currency, count, timely, too_early, cash in rows:
        if status == Delivery.Status.DELIVERED:
            slot_told = by_slot.setdefault(code, SlotTimes(key=code, delivered=0, on_time=0, early=0, late=0))
            for each in (told, slot_told):
                each["delivered"] += count
                each["on_time"] += timely
                each["early"] += too_early
                each["late"] += count - timely - too_early
            add(collected, currency, cash)
        elif status not in ended:
            told["open"] += count
    told["slots"] = [by_slot[code] for code in DeliverySlot.Code.values if code in by_slot]
    return told, collected


def _failures(region: Region, day: date) -> Failures:
    """Attempts at a door that failed on the day, whichever day the order was for."""
    begins, ends = day_bounds(day, region.time_zone)
    found = FailedAttempt.objects.true().filter(
        delivery__order__region=region, occurred_at__gte=begins, occurred_at__lt=ends
    )
    rows = found.order_by().values_list("reason")
    told = Failures(count=0, again=0, reasons=[])
    for reason, count, again in rows.annotate(count=Count("pk"), again=Count("pk", filter=Q(retried_on__isnull=False))):
        told["count"] += count
        told["again"] += again
        told["reasons"].append({"key": reason, "count": count})
    told["reasons"].sort(key=lambda each: (-each["count"], each["key"]))
    return told


def _households(region: Region, day: date) -> Households:
    """Who got something, who for the first time, and whose last delivery is LOST_AFTER_DAYS old with nothing open."""
    mine = Order.objects.filter(region=region, customer=OuterRef("customer")).order_by()
    before = mine.filter(status=Status.DELIVERED, delivery_date__lt=day)
    served = Order.objects.filter(region=region, delivery_date=day, status=Status.DELIVERED).order_by()
    counts = served.aggregate(
        served=Count("customer", distinct=True), new=Count("customer", distinct=True, filter=~Exists(before))
    )
    long_ago = day - timedelta(days=LOST_AFTER_DAYS)
    _, ends = day_bounds(day, region.time_zone)
    since = mine.filter(_STANDS, delivery_date__gt=long_ago, placed_at__lt=ends)
    last_then = Order.objects.filter(region=region, delivery_date=long_ago, status=Status.DELIVERED).order_by()
    lost = last_then.filter(~Exists(since)).aggregate(lost=Count("customer", distinct=True))
    return Households(served=counts["served"], new=counts["new"], lost=lost["lost"])


def _cash_due(region: Region, day: date) -> Sums:
    """What drivers were to ask for at the doors of the day."""
    due = Payment.objects.filter(_ORDER_STANDS, order__region=region, order__delivery_date=day)
    due = due.filter(method=Payment.Method.COD, is_surplus=False).exclude(status=Payment.Status.FAILED).order_by()
    sums: Sums = {}
    for currency, amount in due.values_list("currency").annotate(amount=Sum("amount")):
        add(sums, currency, amount)
    return sums


def _claims(region: Region, day: date) -> Claims:
    """Claims made on the day, and those decided on it, whenever they were made."""
    begins, ends = day_bounds(day, region.time_zone)
    opened = Q(opened_at__gte=begins, opened_at__lt=ends)
    decided = Q(decided_at__gte=begins, decided_at__lt=ends)
    approved = decided & Q(status=Claim.Status.APPROVED)
    found = Claim.objects.filter(opened | decided, order__region=region).order_by()
    rows = found.values_list("currency").annotate(
        opened=Count("pk", filter=opened),
        claimed=Sum("amount", filter=opened, default=0),
        approved=Count("pk", filter=approved),
        given=Sum("granted", filter=approved, default=0),
        rejected=Count("pk", filter=decided & Q(status=Claim.Status.REJECTED)),
    )
    told = Claims(opened=0, claimed={}, approved=0, granted={}, rejected=0)
    for currency, made, claimed, approvals, granted, rejections in rows:
        told["opened"] += made
        told["approved"] += approvals
        told["rejected"] += rejections
        add(told["claimed"], currency, claimed)
        add(told["granted"], currency, granted)
    return told


def _refunds(region: Region, day: date) -> tuple[Refunds, Sums]:
    """Refunds decided on the day; and the part of them that lessens revenue.

    What goes back because an order was cancelled, shrank or was paid twice was never in revenue. What is given for
    goods of an order that stands is.
    """
    begins, ends = day_bounds(day, region.time_zone)
    found = Refund.objects.standing().filter(payment__order__region=region, decided_at__gte=begins, decided_at__lt=ends)
    stands = Case(When(payment__order__status__in=LOST, then=Value(False)), default=True, output_field=BooleanField())
    rows = found.order_by().annotate(stands=stands).values_list("kind", "currency", "stands")
    kinds = _Parts()
    lessening: Sums = {}
    for kind, currency, is_standing, count, worth in rows.annotate(count=Count("pk"), worth=Sum("amount")):
        kinds.put(kind, count, currency, worth)
        if is_standing and kind in GIVEN:
            add(lessening, currency, worth)
    parts = kinds.in_order(Refund.Kind.values)
    return Refunds(count=sum(part["count"] for part in parts), worth=_sum_of(parts), kinds=parts), lessening


# -- the reports themselves --------------------------------------------------------------------------------------------


def reported_days(region: Region) -> list[date]:
    """The days that have a report."""
    return list(DailyReport.objects.filter(region=region).order_by().values_list("date", flat=True))


def has_business(region: Region, *, until: date) -> bool:
    """Whether any order was for that day or one before."""
    return Order.objects.filter(region=region, delivery_date__lte=until).exists()


def neighbours(report: DailyReport) -> tuple[DailyReport | None, DailyReport | None]:
    """The reports of the region before and after it. Two queries."""
    same = DailyReport.objects.filter(region=report.region_id).defer("figures", "earlier")
    before = same.filter(date__lt=report.date).order_by("-date").first()
    return before, same.filter(date__gt=report.date).order_by("date").first()


def reports_of_month(region: Region, month: date) -> list[DailyReport]:
    """Those of the month that the day is in, oldest first. One query."""
    first = month.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    found = DailyReport.objects.filter(region=region, date__gte=first, date__lt=following)
    return list(found.defer("earlier").order_by("date"))


def readers() -> list[User]:
    """Staff who want the report by mail and may still read it. One query."""
    wants = ReportReader.objects.values("user")
    staff = Q(is_superuser=True) | Q(groups__name__in=[Role.MANAGER, Role.ADMIN])
    people = User.objects.filter(staff, pk__in=wants, is_active=True)
    return list(people.distinct().order_by("pk"))


def wants_reports(user_id: int) -> bool:
    return ReportReader.objects.filter(user=user_id).exists()
