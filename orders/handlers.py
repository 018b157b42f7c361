"""What orders do when something happens to the dairies that fill them."""

from collections.abc import Sequence

from inventory.events import SupplyShort
from inventory.queries import came_in_short
from milkdelivery.core.eventlog import Envelope, subscribe
from milkdelivery.core.jobs import enqueue
from orders.events import OrderConfirmed, VendorDayRejected, VendorReplaced
from orders.models import Order, VendorAnswer
from orders.queries import stranded_work
from vendors.events import VendorDeactivated

MOVE_ON = "orders.tasks.move_work_on"
FILL = "orders.tasks.fill_short_supply"


@subscribe("orders.move_on", VendorDeactivated)
def on_vendor_deactivated(envelope: Envelope[VendorDeactivated]) -> None:
    """It may have hundreds of orders open, so a worker goes through them."""
    enqueue(MOVE_ON, envelope.event.vendor_id, VendorAnswer.Kind.STOPPED.value)


@subscribe("orders.move_on", VendorDayRejected)
def on_vendor_day_rejected(envelope: Envelope[VendorDayRejected]) -> None:
    event = envelope.event
    enqueue(MOVE_ON, event.vendor_id, VendorAnswer.Kind.REJECTED.value, event.reason, event.date.isoformat())


@subscribe("orders.move_on", SupplyShort)
def on_supply_short(envelope: Envelope[SupplyShort]) -> None:
    event = envelope.event
    enqueue(FILL, event.vendor_id, event.variant_id, list(event.references))


@subscribe("orders.stranded", OrderConfirmed, VendorReplaced, batch=True)
def on_work_given(envelopes: Sequence[Envelope[OrderConfirmed | VendorReplaced]]) -> None:
    """A dairy may have stopped after it was chosen and before that was certain."""
    for vendor_id in stranded_work({told.event.order_id for told in envelopes}):
        enqueue(MOVE_ON, vendor_id, VendorAnswer.Kind.STOPPED.value)


@subscribe("orders.short", OrderConfirmed, batch=True)
def on_orders_confirmed(envelopes: Sequence[Envelope[OrderConfirmed]]) -> None:
    """Milk may have come in short after it was promised to an order and before that was certain."""
    orders = Order.objects.filter(pk__in={told.event.order_id for told in envelopes})
    for (vendor_id, variant_id), numbers in came_in_short(list(orders.values_list("number", flat=True))).items():
        enqueue(FILL, vendor_id, variant_id, numbers)
