"""What a vendor says it has not, is promised to nobody else."""

from django.db import transaction

from inventory import actions as stock
from inventory.models import DailySupply
from inventory.rules import StockWouldBreak
from milkdelivery.core.actors import Actor
from orders.models import Order


def take_off_shelf(order: Order, *, vendor_id: int, variant_id: int, pieces: int, by: Actor) -> None:
    """Count pieces off the vendor's supply of the order's day where it is still to come, else off its shelf.

    Part of the caller's transaction, with the shelf locked and the pieces given back by the order. Where
    other orders' promises say that they must be there, the books stay as they are until it counts anew.
    Emits what the change of stock emits.
    """
    supplies = DailySupply.objects.open().filter(stock__vendor=vendor_id, stock__variant=variant_id)
    supply = supplies.filter(date=order.delivery_date).first()
    if supply is not None:
        stock.plan_supply(
            vendor_id=vendor_id,
            variant_id=variant_id,
            on=order.delivery_date,
            quantity=max(supply.promised, supply.quantity - pieces),
            by=by,
        )
        return
    try:
        with transaction.atomic():
            reason = f"Missing for order {order.number}"
            stock.take_away(vendor_id=vendor_id, variant_id=variant_id, quantity=pieces, by=by, reason=reason)
    except StockWouldBreak:
        return
