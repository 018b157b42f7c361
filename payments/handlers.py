"""What payments do when something happens elsewhere."""

from milkdelivery.core.eventlog import Envelope, subscribe
from milkdelivery.core.jobs import enqueue
from orders.events import OrderCancelled


@subscribe("payments.void", OrderCancelled)
def on_order_cancelled(envelope: Envelope[OrderCancelled]) -> None:
    """A gateway may be slow, so a worker asks it."""
    enqueue("payments.tasks.void_payments", envelope.event.order_id)
