"""What payments do when something happens elsewhere."""

from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import Envelope, subscribe
from milkdelivery.core.jobs import enqueue
from orders.events import OrderCancelled, OrderLineShort
from payments.actions import lower_hold, lower_open_payment

_SELF = Actor.system("payments")


@subscribe("payments.void", OrderCancelled)
def on_order_cancelled(envelope: Envelope[OrderCancelled]) -> None:
    """A gateway may be slow, so a worker asks it."""
    enqueue("payments.tasks.void_payments", envelope.event.order_id)


@subscribe("payments.lower", OrderLineShort)
def on_order_line_short(envelope: Envelope[OrderLineShort]) -> None:
    """Less of the cash that is still to be taken is asked for, and of what is set aside in the wallet the rest is free.
    An order that is cancelled with it is voided."""
    if not envelope.event.is_whole:
        lower_open_payment(envelope.event.order_id, by=_SELF)
        lower_hold(envelope.event.order_id, by=_SELF)
