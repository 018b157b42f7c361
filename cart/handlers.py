"""What the checkout does when something happens elsewhere."""

from cart.actions import stop_waiting
from milkdelivery.core.eventlog import Envelope, subscribe
from orders.events import OrderCancelled


@subscribe("cart.stop_waiting", OrderCancelled)
def on_order_cancelled(envelope: Envelope[OrderCancelled]) -> None:
    stop_waiting(envelope.event.order_id)
