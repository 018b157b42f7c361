"""The one place where an order's status changes."""

from collections.abc import Collection, Sequence

from django.db.models import F

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.money import Money
from orders.models import MISSING, Claim, Hold, Order, OrderLine, OrderStatusChange
from orders.rules.status import UNDONE, ensure_move, ensure_undo


def move(order: Order, to_status: str, *, by: Actor, reason: str = "") -> None:
    """Take a locked order to `to_status` if the status table allows it, and write the history row.

    Raises ImpossibleMove.
    """
    from_status = order.status
    ensure_move(from_status, to_status)
    order.status = to_status
    order.save(update_fields=["status", "updated_at"])
    record(order, from_status, by=by, reason=reason)


def undo_move(order: Order, to_status: str, *, by: Actor) -> None:
    """Take a locked order back to where a wrong tap took it from. Raises NotUndoable."""
    from_status = order.status
    ensure_undo(from_status, to_status)
    order.status = to_status
    order.save(update_fields=["status", "updated_at"])
    record(order, from_status, by=by, reason=UNDONE)


def record(order: Order, from_status: str, *, by: Actor, reason: str = "") -> None:
    """The history row of a status the order has now."""
    OrderStatusChange.objects.create(
        order=order,
        from_status=from_status,
        to_status=order.status,
        actor=by.label,
        reason=reason[:255],
        occurred_at=clock.now(),
    )


def settle_hold(order: Order, outcome: str, *, by: Actor, reason: str) -> Hold:
    """What was decided about the open hold of a locked order."""
    hold = order.holds.open().get()
    hold.outcome = outcome
    hold.decision_reason = reason[:255]
    hold.decided_by = by.label
    hold.decided_at = clock.now()
    hold.save(update_fields=["outcome", "decision_reason", "decided_by", "decided_at"])
    return hold


def assign_lines(lines: list[OrderLine]) -> None:
    """Lines of a locked order that got their vendor and the reason for it."""
    for line in lines:
        line.status = OrderLine.Status.ASSIGNED
    OrderLine.objects.bulk_update(lines, ["vendor", "vendor_reason", "decision", "status"])


def answer_lines(lines: list[OrderLine], to_status: str) -> None:
    """Locked lines that their vendor accepted, or took the acceptance back of."""
    for line in lines:
        line.status = to_status
    OrderLine.objects.bulk_update(lines, ["status"])


def hand_on(line: OrderLine) -> None:
    """A line that its vendor gave back is another one's now. Not saved yet."""
    line.status = OrderLine.Status.ASSIGNED


def give_up(line: OrderLine, *, is_replaced: bool = False) -> None:
    """Nobody can bring the line: it is short of all its pieces, and costs nothing. Not saved yet.

    `is_replaced` says that something else comes in its place.
    """
    nothing = Money.zero(line.order.currency)
    line.status = OrderLine.Status.SUBSTITUTED if is_replaced else OrderLine.Status.SHORT
    line.shortage = line.quantity
    line.vendor = None
    line.discount, line.tax, line.deposit, line.total = nothing, nothing, nothing, nothing


def leave_to_nobody(line_ids: Collection[int]) -> None:
    """Lines of a locked order that is cancelled because their vendors gave them back and nobody else can bring them.

    They keep what they cost, so that what was cancelled can still be seen.
    """
    lines = OrderLine.objects.filter(pk__in=line_ids)
    lines.update(status=OrderLine.Status.REJECTED, vendor=None, vendor_reason="")


def deliver_lines(order: Order) -> None:
    """All lines of a locked order that somebody brought are at the door, whole."""
    brought = OrderLine.objects.filter(order=order).exclude(status__in=MISSING)
    brought.update(status=OrderLine.Status.DELIVERED, delivered_quantity=F("quantity"))


def take_lines_back(order: Order) -> None:
    """The lines of a locked order are in the van again, whether they were called delivered or returned."""
    called = [OrderLine.Status.DELIVERED, OrderLine.Status.RETURNED]
    lines = OrderLine.objects.filter(order=order, status__in=called)
    lines.update(status=OrderLine.Status.PACKED, delivered_quantity=0)


def move_lines(order: Order, to_status: str, *, from_statuses: Sequence[str]) -> None:
    """Take the order's lines along, those that stand at one of `from_statuses`."""
    OrderLine.objects.filter(order=order, status__in=from_statuses).update(status=to_status)


def settle_claim(claim: Claim, to_status: str, *, granted: Money, is_by_rule: bool, by: Actor, reason: str) -> None:
    """What was decided about a locked claim: so much goes back."""
    claim.status = to_status
    claim.granted = granted
    claim.is_by_rule = is_by_rule
    claim.decision_reason = reason[:255]
    claim.decided_by = by.label
    claim.decided_at = clock.now()
    claim.save()


def return_lines(lines: Sequence[OrderLine]) -> None:
    """Locked lines of which every piece that was delivered went back to our account."""
    OrderLine.objects.filter(pk__in=[line.pk for line in lines]).update(status=OrderLine.Status.RETURNED)
