"""Orders that are paid ahead at the pretend bank, as their households would do it; and money that goes back."""

from datetime import datetime

from accounts.models import User
from cart.actions import resume_checkout
from cart.models import Checkout
from deliveries.actions import cancel_delivery
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.money import Money, exponent
from milkdelivery.demo.data.dairies import MANAGER
from milkdelivery.demo.households import Household
from milkdelivery.demo.ways import PAST
from orders.actions import cancel_order
from orders.models import Order
from payments.actions import (
    Means,
    Wish,
    issue_credit_note,
    look_at_payment,
    move_refund,
    pay,
    pay_top_up,
    refund_order,
    refund_payment,
)
from payments.gateways.demo import bank
from payments.gateways.demo.scenarios import BY_NAME
from payments.models import DemoCharge, Payment, Refund

Method = Payment.Method

METHODS = (Method.CARD, Method.UPI, Method.NETBANKING)
STUMBLES_EVERY = 5
"""Of those who pay by card, one in so many is declined first."""

LEAKED = 3
"""Orders ago."""

GOOD_UNTIL = "2031-12-31"
PAYMENTS = Actor.system("payments")


def method_of(household: Household) -> str:
    return METHODS[household.index // 2 % len(METHODS)]


def pay_for(run: Checkout, household: Household, *, by: Actor) -> Checkout:
    """Pay an order that waits for it, with one try or two, and carry its checkout on."""
    if run.payment_method == Method.CARD and household.index % STUMBLES_EVERY == 0:
        pay(run.order_id, _card("declined"), by=by)
    payment = pay(run.order_id, _means(run.payment_method, household), by=by)
    if payment.method == Method.NETBANKING:
        bank.answer(DemoCharge.objects.get(reference=payment.gateway_reference).secret, approve=True)
        look_at_payment(payment.pk, by=by)
    return resume_checkout(run.pk, by=by)


def _means(method: str, household: Household) -> Means:
    if method == Method.UPI:
        return Means(method, {"upi": BY_NAME["success"].upi})
    if method == Method.NETBANKING:
        return Means(method, {"bank": "authenticate"})
    return _card("success", saves=household.index % 2 == 0)


def _card(scenario: str, *, saves: bool = False) -> Means:
    return Means(Method.CARD, {"number": BY_NAME[scenario].card, "expires_on": GOOD_UNTIL}, saves=saves)


def live_through(households: list[Household], *, now: datetime) -> None:
    """What has happened to money on the first start: the first household fills its wallet by a card that it keeps and
    gets something back of a delivered order; of the orders paid ahead one is cancelled, one paid back in part."""
    first = households[0]
    manager = Actor.user(User.objects.get(email=MANAGER).pk, Role.MANAGER)
    with clock.override(now):
        _top_up(first)
        past = Payment.objects.filter(user_id=first.user_id, status=Payment.Status.SUCCEEDED, method=Method.COD)
        delivered = past.filter(order__status=Order.Status.DELIVERED).select_related("order").order_by("-pk")
        _give_some(next(iter(delivered[LEAKED : LEAKED + 1]), None), "WALLET", by=manager)
        ahead = Payment.objects.filter(method__in=METHODS, status=Payment.Status.SUCCEEDED, order__isnull=False)
        ahead = ahead.exclude(gateway_reference__startswith=PAST)  # those can't be changed any more
        neighbours = ahead.filter(order__status=Order.Status.CONFIRMED, order__region_id=first.region_id).order_by("pk")
        paid = list(neighbours.exclude(user_id=first.user_id).select_related("order")[:2])
        if paid:
            _change_of_mind(paid[0])
        if len(paid) > 1:
            _give_some(paid[1], "SOURCE", by=manager)


def _top_up(household: Household) -> None:
    region = Payment.objects.filter(user_id=household.user_id).values_list("currency", flat=True).first()
    if region is not None:
        me = Actor.user(household.user_id, Role.CUSTOMER)
        pay_top_up(household.user_id, _units(500, region), _card("success", saves=True), key="demo-first-card", by=me)


def _give_some(payment: Payment | None, destination: str, *, by: Actor) -> None:
    """The manager gives something of an order back, and it arrives."""
    if payment is None:
        return
    some = min(_units(20, payment.currency), payment.refundable)
    wish = Wish("One bottle leaked on the way", amount=some, destination=destination)
    refund = refund_payment(payment.pk, wish, key=f"demo-leak-{payment.pk}", by=by)
    _move(refund)
    issue_credit_note(refund.pk)


def _change_of_mind(payment: Payment) -> None:
    """A household cancels what it has paid, and the money goes back by itself."""
    if payment.order is None:
        return
    by = Actor.user(payment.user_id, Role.CUSTOMER)
    cancel_order(payment.order.pk, by=by, reason="We are away that day")
    cancel_delivery(payment.order.pk, by=PAYMENTS)  # now, and not when a worker hears of it
    for refund in refund_order(payment.order.pk):
        _move(refund)


def _move(refund: Refund) -> None:
    for movement in refund.movements.all():
        move_refund(movement.pk, by=PAYMENTS)


def _units(units: int, currency: str) -> Money:
    return Money(units * 10 ** exponent(currency), currency)
