"""What the checkout does when something happens elsewhere."""

from cart.actions import stop_waiting
from milkdelivery.core.eventlog import Envelope, subscribe
from orders.events import OrderCancelled
from payments.events import PaymentFailed, PaymentSucceeded


@subscribe("cart.stop_waiting", OrderCancelled)
def on_order_cancelled(envelope: Envelope[OrderCancelled]) -> None:
    stop_waiting(envelope.event.order_id)


@subscribe("cart.payment", PaymentSucceeded, PaymentFailed)
def on_word_of_payment(envelope: Envelope[PaymentSucceeded | PaymentFailed]) -> None:
    """The page where one pays carries its checkout on itself; this is for whoever does not come back to it."""
    if envelope.event.order_id is not None:
        stop_waiting(envelope.event.order_id)
