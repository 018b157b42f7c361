"""A morning at the desk: an order taken by telephone, and money that could not go back the way it came."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID, uuid5

from accounts.models import Address, User
from cart.actions import Buyer, Destination, Purchase, order_lines, resume_checkout, run_checkout
from cart.models import Checkout
from cart.queries import Plan
from cart.rules import CheckoutRefused
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.money import Money, exponent
from milkdelivery.core.queries import RegionBook
from milkdelivery.demo.data.dairies import MANAGER
from milkdelivery.demo.households import Household
from orders.models import Order
from orders.queries import recent_of, usual_of
from payments.actions import Means, Way, Wish, move_refund, pay, refund_payment, reroute_refund
from payments.gateways import gateway_for
from payments.gateways.demo.scenarios import BY_NAME
from payments.models import Payment

CALLS = UUID("5a3e1c52-4f0b-4c64-9a64-0d8f6c1b7e12")
TRIES = 12
"""Households that are asked, until one's usual basket can come."""


def work(households: list[Household], *, book: RegionBook, now: datetime) -> None:
    """Only on the first start."""
    manager = User.objects.get(email=MANAGER)
    by = Actor.user(manager.pk, Role.MANAGER)
    neighbours = [each for each in households[1:] if each.region_id == households[0].region_id]
    with clock.override(now):
        callers = iter(neighbours[:TRIES])
        _first_order(callers, book, by=by, source=Order.Source.STAFF, method=Payment.Method.COD)
        gateway = gateway_for(Payment.Method.CARD)
        if gateway is not None and gateway.name == "demo":
            _pay_back(_first_order(callers, book, by=by, source=Order.Source.CHECKOUT, method=Payment.Method.CARD), by)


def _first_order(
    callers: Iterator[Household], book: RegionBook, *, by: Actor, source: str, method: str
) -> Checkout | None:
    """What the next of the households usually takes, ordered by the desk or by itself; of the first whose basket can
    come."""
    for household in callers:
        pieces = usual_of(recent_of(household.user_id)).pieces
        address = Address.objects.of(household.user_id).filter(is_default=True).first()
        upcoming = book.next_delivery(household.region_id)
        if not pieces or address is None or upcoming is None:
            continue
        slot, day = upcoming
        actor = by if source == Order.Source.STAFF else Actor.user(household.user_id, Role.CUSTOMER)
        purchase = Purchase(
            buyer=Buyer(user_id=household.user_id),
            destination=Destination(address_id=address.pk),
            plan=Plan(address.pincode, slot, day.date, method),
            special_instructions="Phoned: guests for breakfast." if source == Order.Source.STAFF else "",
            source=source,
        )
        try:
            placed = order_lines(pieces, purchase, token=uuid5(CALLS, f"{household.user_id} {source}"), by=actor)
        except CheckoutRefused:
            continue
        run = run_checkout(placed.pk, by=actor)
        if run.state in (Checkout.State.DONE, Checkout.State.WAITING):
            return run
    return None


def _pay_back(run: Checkout | None, by: Actor) -> None:
    """A card that is closed soon after it paid: what the desk gives back for a leak goes to the wallet at last."""
    if run is None or run.state != Checkout.State.WAITING:
        return
    closed = BY_NAME["closed"]
    means = Means(Payment.Method.CARD, {"number": closed.card, "expires_on": "2099-12-31"})
    payment = pay(run.order_id, means, by=Actor.user(run.order.customer_id, Role.CUSTOMER))
    resume_checkout(run.pk, by=Actor.system("checkout"))
    twenty = Money(20 * 10 ** exponent(payment.currency), payment.currency)
    wish = Wish("A packet leaked in the last delivery", amount=min(twenty, payment.amount))
    refund = refund_payment(payment.pk, wish, key=f"desk-{payment.pk}", by=by)
    move_refund(refund.movements.get().pk, by=Actor.system("payments"))
    movement = reroute_refund(refund.pk, Way("WALLET", "The bank has closed the card"), by=by)
    move_refund(movement.pk, by=Actor.system("payments"))
