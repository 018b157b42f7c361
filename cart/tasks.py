"""What the worker does for checkouts. Each is safe to run twice."""

from cart.actions import claim_stalled, resume_checkout, run_checkout
from cart.models import Checkout
from cart.queries import checkout_of_order, unpaid_checkouts
from milkdelivery.core.actors import Actor
from milkdelivery.core.jobs import one_by_one
from payments.actions import expire_payments as end_attempts
from payments.actions import restart_time_to_pay
from payments.queries import overdue_orders

_SELF = Actor.system("checkout")


def resume_stalled_checkouts() -> int:
    """Carry on what a dead process or an error left behind; how many."""
    return one_by_one(claim_stalled(), lambda checkout_id: run_checkout(checkout_id, by=_SELF))


def go_on_approved(order_id: int) -> None:
    """A manager let an order go on. Nobody could pay while it was on hold, so the time for it begins anew."""
    restart_time_to_pay(order_id)
    checkout = checkout_of_order(order_id)
    if checkout is not None and checkout.state == Checkout.State.WAITING:
        resume_checkout(checkout.pk, by=_SELF)


def expire_payments() -> int:
    """End the checkouts whose time to pay is over, and give their stock back; how many.

    The gateway is asked a last time: money that is there by then counts.
    """
    waiting = unpaid_checkouts()

    def end(order_id: int) -> None:
        end_attempts(order_id, by=_SELF)
        resume_checkout(waiting[order_id], by=_SELF)

    return one_by_one(overdue_orders(list(waiting)), end)
