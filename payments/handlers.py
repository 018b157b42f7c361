"""What payments do when something happens elsewhere."""

from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import Envelope, subscribe
from milkdelivery.core.jobs import enqueue
from orders.events import OrderCancelled, OrderLineShort
from payments.actions import lower_hold, lower_open_payment, refund_order

_SELF = Actor.system("payments")


@subscribe("payments.void", OrderCancelled)
def on_order_cancelled(envelope: Envelope[OrderCancelled]) -> None:
    """What came goes back. A gateway may be slow, so a worker asks it to call off what did not come yet."""
    refund_order(envelope.event.order_id)
    enqueue("payments.tasks.void_payments", envelope.event.order_id)


@subscribe("payments.lower", OrderLineShort)
def on_order_line_short(envelope: Envelope[OrderLineShort]) -> None:
    """Less of the cash that is still to be taken is asked for, of what is set aside in the wallet the rest is free, and
    what was paid for it goes back. An order that is cancelled with it is voided."""
    if not envelope.event.is_whole:
        lower_open_payment(envelope.event.order_id, by=_SELF)
        lower_hold(envelope.event.order_id, by=_SELF)
        refund_order(envelope.event.order_id)
