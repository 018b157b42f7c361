"""What vendors say about the lines they were given: yes, no, or not all of it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from inventory.queries import held_by
from milkdelivery.core import clock, rules
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import InvalidInput, NotFound
from milkdelivery.core.eventlog import emit, emit_many
from milkdelivery.core.outside import ensure_in_transaction
from orders.actions.failover import find_others
from orders.actions.shelves import take_off_shelf
from orders.actions.transitions import answer_lines
from orders.events import AcceptanceUndone, VendorAccepted, VendorDayRejected, VendorRejected
from orders.models import GAVE_BACK, Order, OrderLine, VendorAnswer
from orders.queries import OPEN
from orders.rules.answers import ANSWERABLE, LineGivenBack, ensure_answerable
from vendors.actions import set_day_limit

Kind = VendorAnswer.Kind
Reason = VendorAnswer.Reason
Line = OrderLine.Status
NOT_THERE = (Reason.SOLD_OUT, Reason.QUALITY)
"""Reasons that say something of the vendor's shelf, and not only of this order."""


def accept_lines(vendor_id: int, line_ids: Collection[int], *, by: Actor) -> int:
    """The vendor brings these lines. Safe to repeat; returns how many were not accepted before.

    Locks their orders, then the lines, in primary key order. All or nothing: raises NotFound for a line that never was
    the vendor's, LineGivenBack, AnswerTooLate, OrderNotOpen. Emits VendorAccepted for each order.
    """
    return _answer(vendor_id, line_ids, Line.ASSIGNED, Line.ACCEPTED, Kind.ACCEPTED, VendorAccepted, by=by)


def undo_acceptance(vendor_id: int, line_ids: Collection[int], *, by: Actor) -> int:
    """A wrong tap: the vendor has not answered for these lines yet. As `accept_lines`. Emits AcceptanceUndone."""
    return _answer(vendor_id, line_ids, Line.ACCEPTED, Line.ASSIGNED, Kind.UNDONE, AcceptanceUndone, by=by)


def accept_day(vendor_id: int, *, on: date, by: Actor) -> int:
    """The vendor brings all of a day that it has not answered for and still may. Safe to repeat. As `accept_lines`."""
    lines = _open_lines(vendor_id).filter(order__delivery_date=on, status=Line.ASSIGNED)
    now = clock.now()
    in_time = [line.pk for line in lines if now < _pack_at(line.order)]
    return accept_lines(vendor_id, in_time, by=by) if in_time else 0


def reject_lines(vendor_id: int, line_ids: Collection[int], *, reason: str, by: Actor, note: str = "") -> None:
    """The vendor does not bring these lines of one order: the next best ones do, or the order costs less.

    What it says it has not is counted off its shelf, so that nobody else is promised it.
    Safe to repeat. Locks the order, its lines, shelves and capacity. Raises as `accept_lines`; InvalidInput for lines
    of several orders. Emits VendorRejected and what `find_others` emits.
    """
    with transaction.atomic():
        orders, lines = _locked(vendor_id, line_ids)
        if len(orders) > 1:
            raise InvalidInput(_("Reject one order at a time."), field="lines")
        own = {line.pk: line.quantity for line in lines if line.vendor_id == vendor_id}
        if not own:
            return  # given back before
        _ensure_open(orders, by)
        give_back(orders[0], vendor_id, own, kind=Kind.REJECTED, reason=reason, note=note, by=by)
        if reason in NOT_THERE:
            _missing(orders[0], vendor_id, own, by=by)


def report_short(vendor_id: int, line_id: int, *, available: int, by: Actor, note: str = "") -> None:
    """The vendor has only `available` pieces of a line: it brings those, others the rest, or the order costs less.

    What is missing is counted off its shelf. Safe to repeat. Raises as `accept_lines`, and InvalidInput where nothing
    is missing. Emits VendorRejected and what `find_others` emits.
    """
    if available < 0:
        raise InvalidInput(_("Enter how many you have, 0 or more."), field="available")
    with transaction.atomic():
        orders, lines = _locked(vendor_id, [line_id])
        line = lines[0]
        if line.vendor_id != vendor_id and available == 0:
            return
        _ensure_own(vendor_id, lines)
        if available == line.quantity and line.status == Line.ACCEPTED:
            return  # said before: the line is down to what there is
        if available >= line.quantity:
            raise InvalidInput(_("That is all of it: accept the order instead."), field="available")
        _ensure_open(orders, by)
        missing = {line.pk: line.quantity - available}
        give_back(orders[0], vendor_id, missing, kind=Kind.SHORT, reason=Reason.SOLD_OUT, note=note, by=by)
        _missing(orders[0], vendor_id, missing, by=by)


def reject_day(vendor_id: int, *, on: date, reason: str, by: Actor) -> None:
    """The vendor brings nothing on a day: it gets no further order, and a worker gives others what it has.

    Staff may open the day again. Safe to repeat. Locks the day. Raises InvalidInput for a day that has passed.
    Emits VendorDayChanged and VendorDayRejected.
    """
    with transaction.atomic():
        set_day_limit(vendor_id, on=on, order_limit=0, note=_("Given back by the dairy"), by=by)
        emit(VendorDayRejected(vendor_id, on, reason), actor=by)


def give_up_order(order_id: int, vendor_id: int, *, kind: str, reason: str = "", by: Actor) -> bool:
    """Give everything of an order that a vendor has not packed to others, for it or without it.

    Safe to repeat. Whether there was something to give; nothing is left of an order that is packed, cancelled, or past
    its pack time for a vendor. Emits VendorRejected and what `find_others` emits.
    """
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status not in ANSWERABLE:
            return False
        lines = [line for line in OrderLine.objects.locked_of(order.pk) if line.vendor_id == vendor_id]
        own = {line.pk: line.quantity for line in lines if line.status in OPEN}
        if own:
            give_back(order, vendor_id, own, kind=kind, reason=reason, by=by)
    return bool(own)


def fill_what_is_missing(order_id: int, *, vendor_id: int, variant_id: int, by: Actor) -> bool:
    """A vendor's milk came in short: what the order does not hold there any more comes from others.

    Safe to repeat: what it holds is read from the books, under the order's lock. Whether something was missing.
    Emits VendorRejected and what `find_others` emits.
    """
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status not in ANSWERABLE:
            return False
        lines = OrderLine.objects.locked_of(order.pk)
        lines = [line for line in lines if (line.vendor_id, line.variant_id) == (vendor_id, variant_id)]
        held = held_by(order.number).get((vendor_id, variant_id), 0)
        missing: dict[int, int] = {}
        for line in lines:
            if line.status in OPEN and line.quantity > held:
                missing[line.pk] = line.quantity - held
            held = max(0, held - line.quantity)
        if missing:
            give_back(order, vendor_id, missing, kind=Kind.SHORT, reason=Reason.SOLD_OUT, by=by)
    return bool(missing)


def give_back(
    order: Order, vendor_id: int, pieces: Mapping[int, int], *, kind: str, by: Actor, reason: str = "", note: str = ""
) -> None:
    """Note that a vendor gives back pieces of a locked order's lines, by line id, and find others for them.

    Part of the caller's transaction. Emits VendorRejected and what `find_others` emits.
    """
    ensure_in_transaction("give_back()")
    lines = {line.pk: line for line in OrderLine.objects.locked_of(order.pk) if line.pk in pieces}
    now = clock.now()
    answers = {
        pk: VendorAnswer(
            order=order,
            line=line,
            variant_id=line.variant_id,
            vendor_id=vendor_id,
            kind=kind,
            quantity=pieces[pk],
            reason=reason,
            note=note[:200],
            actor=by.label,
            occurred_at=now,
        )
        for pk, line in lines.items()
    }
    VendorAnswer.objects.bulk_create(answers.values())
    kept = [line for pk, line in lines.items() if line.quantity > pieces[pk] and line.status == Line.ASSIGNED]
    answer_lines(kept, Line.ACCEPTED)
    emit(VendorRejected(order.pk, vendor_id, tuple(sorted(pieces)), str(kind), reason, sum(pieces.values())), actor=by)
    outcome = find_others(order, pieces, by=by)
    for pk, answer in answers.items():
        answer.outcome = outcome[pk]
    VendorAnswer.objects.bulk_update(answers.values(), ["outcome"])


def _missing(order: Order, vendor_id: int, pieces: Mapping[int, int], *, by: Actor) -> None:
    """What the vendor said it has not is promised to nobody else."""
    for line in OrderLine.objects.filter(pk__in=pieces).order_by("pk"):
        take_off_shelf(order, vendor_id=vendor_id, variant_id=line.variant_id, pieces=pieces[line.pk], by=by)


def _answer(
    vendor_id: int,
    line_ids: Collection[int],
    from_status: str,
    to_status: str,
    kind: str,
    told: type[VendorAccepted] | type[AcceptanceUndone],
    *,
    by: Actor,
) -> int:
    with transaction.atomic():
        orders, lines = _locked(vendor_id, line_ids)
        _ensure_own(vendor_id, lines)
        changing = [line for line in lines if line.status == from_status]
        if all(line.status == to_status for line in lines):
            return 0  # said before
        wanted = {line.order_id for line in lines if line.status != to_status}
        _ensure_open([order for order in orders if order.pk in wanted], by)
        answer_lines(changing, to_status)
        now = clock.now()
        VendorAnswer.objects.bulk_create(
            VendorAnswer(
                order_id=line.order_id,
                line=line,
                variant_id=line.variant_id,
                vendor_id=vendor_id,
                kind=kind,
                quantity=line.quantity,
                actor=by.label,
                occurred_at=now,
            )
            for line in changing
        )
        by_order: dict[int, list[int]] = defaultdict(list)
        for line in changing:
            by_order[line.order_id].append(line.pk)
        emit_many((told(order_id, vendor_id, tuple(ids)) for order_id, ids in sorted(by_order.items())), actor=by)
    return len(changing)


def _locked(vendor_id: int, line_ids: Collection[int]) -> tuple[list[Order], list[OrderLine]]:
    """The orders of these lines and the lines, locked. Raises NotFound for one that never was the vendor's."""
    wanted = set(line_ids)
    seen = set(OrderLine.objects.filter(pk__in=wanted, vendor_id=vendor_id).values_list("pk", flat=True))
    seen |= set(_given_back(vendor_id).filter(line__in=wanted).values_list("line_id", flat=True))
    if not wanted or seen != wanted:
        raise NotFound(_("There is no such line among what you were given."))
    order_ids = OrderLine.objects.filter(pk__in=wanted).values_list("order_id", flat=True)
    orders = Order.objects.locked_many(set(order_ids))
    if any(order.status == Order.Status.CREATED for order in orders):
        raise NotFound(_("There is no such line among what you were given."))
    lines = OrderLine.objects.locked_with(order.pk for order in orders)
    return orders, [line for line in lines if line.pk in wanted]


def _given_back(vendor_id: int) -> QuerySet[VendorAnswer]:
    return VendorAnswer.objects.filter(vendor_id=vendor_id, kind__in=GAVE_BACK)


def _open_lines(vendor_id: int) -> QuerySet[OrderLine]:
    lines = OrderLine.objects.filter(vendor_id=vendor_id, status__in=OPEN, order__status__in=ANSWERABLE)
    return lines.select_related("order__slot", "order__region")


def _ensure_own(vendor_id: int, lines: Sequence[OrderLine]) -> None:
    if any(line.vendor_id != vendor_id for line in lines):
        raise LineGivenBack(_("You gave this back before, so somebody else brings it now."))


def _ensure_open(orders: Sequence[Order], by: Actor) -> None:
    now = clock.now()
    for order in orders:
        ensure_answerable(order.status, number=order.number, pack_at=_pack_at(order), by=by, now=now)


def _pack_at(order: Order) -> datetime:
    return rules.pack_at(order.slot, order.delivery_date, order.region.time_zone)
