"""What payments do when something happens elsewhere."""

from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import Envelope, subscribe
from milkdelivery.core.jobs import enqueue, enqueue_later
from orders.events import OrderCancelled, OrderDelivered, OrderLineShort
from orders.rules.status import UNDO_WITHIN
from payments.actions import lower_hold, lower_open_payment, refund_order, settle_paid_back
from payments.events import InvoiceIssued, PaymentRefunded, RefundDecided

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


@subscribe("payments.invoice", OrderDelivered)
def on_order_delivered(envelope: Envelope[OrderDelivered]) -> None:
    """The invoice is written once the driver can't take the delivery back any more, in a transaction of its own:
    whoever takes a number makes others wait until it ends."""
    enqueue_later("payments.tasks.issue_invoice", envelope.event.order_id, after=UNDO_WITHIN)


@subscribe("payments.claims", RefundDecided)
def on_refund_decided(envelope: Envelope[RefundDecided]) -> None:
    """A claim whose pieces were all paid back has nothing left to decide."""
    if envelope.event.order_id is not None:
        settle_paid_back(envelope.event.order_id)


@subscribe("payments.credit_note", PaymentRefunded)
def on_payment_refunded(envelope: Envelope[PaymentRefunded]) -> None:
    """What went back of an invoiced order is told by a credit note."""
    enqueue("payments.tasks.issue_credit_note", envelope.event.refund_id)


@subscribe("payments.late_credit_notes", InvoiceIssued)
def on_invoice_issued(envelope: Envelope[InvoiceIssued]) -> None:
    """Money that was given back before the order was delivered waits for the invoice."""
    enqueue("payments.tasks.issue_credit_notes_of", envelope.event.order_id)
