"""The steps of the checkout workflow: what each does, and how it is undone.

A step is idempotent. Database steps run in the workflow's transaction, with checkout and order locked; the outside step
talks to a payment gateway and manages its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.queries import is_served
from cart.actions.screening import fraud_facts, fraud_limits
from cart.events import CheckoutCompleted
from cart.models import Checkout
from deliveries.actions import cancel_delivery, schedule_delivery
from deliveries.rules import NotDelivering
from milkdelivery.core import clock, rules
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError
from milkdelivery.core.eventlog import emit
from orders import actions as orders
from orders.queries import was_approved
from orders.rules.fraud import screen
from payments.actions import begin_payment, open_payment, void_payments
from payments.gateways.base import GatewayUnavailable
from payments.queries import standing_of
from payments.rules.attempts import Standing


class ProfileIncomplete(DomainError):
    code = "profile_incomplete"


class OrderNotPossible(DomainError):
    code = "order_not_possible"


APPROVAL = "approval"
"""What a checkout waits for whose order is on hold."""

PAYMENT = "payment"
"""What a checkout waits for whose household has to pay."""

_SCREENING = Actor.system("screening")


@dataclass(frozen=True, slots=True)
class Waiting:
    """The step can't finish by itself: somebody or something has to answer first."""

    reason: str


Run = Callable[[Checkout, Actor], Waiting | None]
Undo = Callable[[Checkout, Actor], None]


@dataclass(frozen=True, slots=True)
class Step:
    """`run` returns None when done. `is_outside` says that it, or its undoing, must not be in a transaction.

    `still` looks once more, under the checkout's lock, whether what an outside step waits for has not come meanwhile.
    """

    name: str
    run: Run
    undo: Undo | None = None
    is_outside: bool = False
    still: Callable[[Checkout], bool] | None = None


def validate_profile(checkout: Checkout, by: Actor) -> None:
    """There is somebody to ask for, a way to reach them, and a door that is served."""
    customer = checkout.order.customer
    if not (customer.name and customer.contact):
        raise ProfileIncomplete(_("Tell us your name and how to reach you."), field="name")
    if not is_served(checkout.order.pincode):
        raise NotDelivering(_("We don't deliver to this pincode yet."), field="pincode")


def validate_order(checkout: Checkout, by: Actor) -> None:
    """It was placed before the cut-off, and there is still time to pack it: a worker may come late to it."""
    order = checkout.order
    zone = order.region.time_zone
    if order.placed_at >= rules.cutoff_at(order.slot, order.delivery_date, zone):
        raise OrderNotPossible(_("The time to order for this day has passed."), field="delivery_date")
    if clock.now() >= _must_be_packed_by(checkout):
        raise OrderNotPossible(_("It is too late to bring this order on its day."), field="delivery_date")


def _must_be_packed_by(checkout: Checkout) -> datetime:
    order = checkout.order
    return rules.pack_at(order.slot, order.delivery_date, order.region.time_zone)


def assign_vendors(checkout: Checkout, by: Actor) -> None:
    orders.assign_vendors(checkout.order, by=by)


def give_vendors_back(checkout: Checkout, by: Actor) -> None:
    orders.release_vendors(checkout.order)


def reserve_stock(checkout: Checkout, by: Actor) -> None:
    orders.reserve_lines(checkout.order, by=by)


def give_stock_back(checkout: Checkout, by: Actor) -> None:
    orders.release_stock(checkout.order, by=by, reason=checkout.failure_code)


def screen_fraud(checkout: Checkout, by: Actor) -> Waiting | None:
    """Hold an order that looks suspicious until a manager has looked at it. One that was approved is let through."""
    order = checkout.order
    found = screen(fraud_facts(order), fraud_limits())
    if not found.is_suspect or was_approved(order.pk):
        return None
    orders.hold_suspect(order, found, by=_SCREENING)
    return Waiting(APPROVAL)


def take_payment(checkout: Checkout, by: Actor) -> Waiting | None:
    """Open the payment, ask the gateway, and go on where it lets us.

    Else the household fills in its form, answers its bank, or tries again: word of the payment wakes the checkout, and
    so does the end of the time for it.
    """
    payment = open_payment(checkout.order, method=checkout.payment_method, by=by)
    if payment is None:
        return Waiting(PAYMENT)
    if payment.is_captured:
        return None
    try:
        outcome = begin_payment(payment, by=by)
    except GatewayUnavailable:
        return Waiting(PAYMENT)
    return None if outcome.may_proceed else Waiting(PAYMENT)


def still_unpaid(checkout: Checkout) -> bool:
    """Nothing that the step would act on has come while it was asking."""
    return standing_of(checkout.order_id) in (Standing.PENDING, Standing.OPEN)


def give_payment_back(checkout: Checkout, by: Actor) -> None:
    """Call off what did not come yet. What came goes back when the order is cancelled, by payments itself."""
    void_payments(checkout.order_id, by=by)


def confirm(checkout: Checkout, by: Actor) -> None:
    orders.confirm_locked_order(checkout.order, by=by)


def schedule(checkout: Checkout, by: Actor) -> None:
    schedule_delivery(checkout.order, by=by)


def call_delivery_off(checkout: Checkout, by: Actor) -> None:
    cancel_delivery(checkout.order_id, by=by)


def notify(checkout: Checkout, by: Actor) -> None:
    """Whoever tells people hears this event."""
    emit(CheckoutCompleted(checkout.order_id, checkout.order.customer_id), actor=by)


STEPS: tuple[Step, ...] = (
    Step("validate_profile", validate_profile),
    Step("validate_order", validate_order),
    Step("assign_vendors", assign_vendors, undo=give_vendors_back),
    Step("reserve_stock", reserve_stock, undo=give_stock_back),
    Step("screen_fraud", screen_fraud),
    Step("take_payment", take_payment, undo=give_payment_back, is_outside=True, still=still_unpaid),
    Step("confirm", confirm),
    Step("schedule_delivery", schedule, undo=call_delivery_off),
    Step("notify", notify),
)
FIRST_STEP = STEPS[0].name
