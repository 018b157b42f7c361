"""Which dairy fills which line, when the order is placed."""

from collections import defaultdict
from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from inventory.rules import OutOfStock
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit_many
from milkdelivery.core.outside import ensure_in_transaction
from orders.actions.candidates import Candidates, locked_candidates
from orders.actions.transitions import assign_lines
from orders.events import VendorAssigned
from orders.models import Order, OrderLine
from orders.rules.decision import decision_of, reason_for
from vendors.actions import take_capacity
from vendors.rules import Candidate, Want, choose_all


def assign_vendors(order: Order, *, by: Actor) -> None:
    """Give every open line of a locked order to the best dairy and count the order against its day.

    Part of the caller's transaction. Locks the candidates' shelves, then their capacity. Raises OutOfStock with the
    variants nobody can fill. Emits VendorAssigned for each vendor.
    """
    ensure_in_transaction("assign_vendors()")
    lines = [line for line in OrderLine.objects.locked_of(order.pk) if line.status == OrderLine.Status.OPEN]
    if not lines:
        return
    candidates = locked_candidates(order, {line.variant_id for line in lines})
    choices = _choose(lines, candidates)
    for line in lines:
        give_line(line, choices[line.pk], candidates[line.variant_id])
    assign_lines(lines)
    by_vendor: dict[int, list[int]] = defaultdict(list)
    for line in lines:
        by_vendor[choices[line.pk].vendor_id].append(line.pk)
    take_capacity({c.vendor_id: c.daily_order_limit for c in choices.values()}, on=order.delivery_date)
    emit_many(
        (VendorAssigned(order.pk, vendor_id, tuple(ids)) for vendor_id, ids in sorted(by_vendor.items())), actor=by
    )


def give_line(
    line: OrderLine, chosen: Candidate, candidates: Sequence[Candidate], *, used: frozenset[int] = frozenset()
) -> None:
    """Note the vendor and why it was chosen; the caller saves. `used` are the vendors that the order had before."""
    line.vendor_id = chosen.vendor_id
    line.vendor_reason = reason_for(chosen, sum(1 for candidate in candidates if candidate.serves))
    line.decision = decision_of(candidates, chosen_id=chosen.vendor_id, quantity=line.quantity, used=used)


def _choose(lines: Sequence[OrderLine], candidates: Candidates) -> dict[int, Candidate]:
    """A vendor for each line, by line id. Raises OutOfStock naming every variant that has none."""
    choices = choose_all({line.pk: Want(line.quantity, candidates.get(line.variant_id, ())) for line in lines})
    short = [line.variant_id for line in lines if line.pk not in choices]
    if short:
        raise OutOfStock(_("Not enough is left of what you want."), variant_ids=short)
    return choices
