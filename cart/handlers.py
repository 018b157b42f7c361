"""What the checkout does when something happens elsewhere."""

from cart.actions import stop_waiting
from milkdelivery.core.eventlog import Envelope, subscribe
from milkdelivery.core.jobs import enqueue
from orders.events import OrderApproved, OrderCancelled
from orders.models import Order
from payments.events import PaymentFailed, PaymentSucceeded

GO_ON_TASK = "cart.tasks.go_on_approved"


@subscribe("cart.stop_waiting", OrderCancelled)
def on_order_cancelled(envelope: Envelope[OrderCancelled]) -> None:
    stop_waiting(envelope.event.order_id)


@subscribe("cart.approval", OrderApproved)
def on_order_approved(envelope: Envelope[OrderApproved]) -> None:
    """A worker carries its checkout on, which talks to gateways."""
    if envelope.event.status == Order.Status.CREATED:
        enqueue(GO_ON_TASK, envelope.event.order_id)


@subscribe("cart.payment", PaymentSucceeded, PaymentFailed)
def on_word_of_payment(envelope: Envelope[PaymentSucceeded | PaymentFailed]) -> None:
    """The page where one pays carries its checkout on itself; this is for whoever does not come back to it."""
    if envelope.event.order_id is not None:
        stop_waiting(envelope.event.order_id)
