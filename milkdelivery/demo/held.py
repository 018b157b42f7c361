"""Two orders that wait for a manager: one that the screening held, one that staff did."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from accounts.models import User
from cart.actions import Buyer, Destination, Purchase, order_lines, run_checkout
from cart.queries import Plan
from cart.rules import CheckoutRefused
from inventory.models import Stock
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.queries import RegionBook
from milkdelivery.demo.data.dairies import MANAGER
from milkdelivery.demo.households import Household
from orders.actions import hold_order
from orders.models import Order
from orders.rules.holding import HoldTooLate
from payments.models import Payment

TOKEN = UUID("5a3e1c52-4f0b-4c64-9a64-0d8f6c1b7e11")
ENOUGH = 640_000
"""Paise of goods, well above what a first order may cost unseen."""

DOOR = {"line1": "17, 1st Cross", "flat": "Community hall", "city": "Bengaluru", "state": "Karnataka"}


def hold_two(households: list[Household], *, book: RegionBook, now: datetime) -> None:
    """Only on the first start: what becomes of them is for whoever looks, or for the cut-off."""
    first = households[0]
    with clock.override(now):
        _hold_somebodys(first)
        _order_for_a_feast(first, book)


def _hold_somebodys(but_not: Household) -> None:
    """A neighbour's confirmed order, held by the manager."""
    confirmed = Order.objects.filter(status=Order.Status.CONFIRMED, region_id=but_not.region_id)
    others = confirmed.exclude(customer_id=but_not.user_id).filter(placed_at__lte=clock.now())
    order = others.filter(payment_status=Order.PaymentStatus.PENDING).order_by("-delivery_date", "-pk").first()
    manager = User.objects.get(email=MANAGER)
    reason = "The household phoned: another door this once. Waiting for the address by message."
    if order is not None:
        with suppress(HoldTooLate):  # the cut-off has just passed
            hold_order(order.pk, by=Actor.user(manager.pk, Role.MANAGER), reason=reason)


def _order_for_a_feast(neighbour: Household, book: RegionBook) -> None:
    """A guest whom nobody knows orders a great deal, to pay at the door."""
    upcoming = book.next_delivery(neighbour.region_id)
    stock = Stock.objects.filter(vendor__region_id=neighbour.region_id, vendor__is_active=True)
    for shelf in stock.select_related("variant").order_by("-variant__price", "pk")[:20]:
        pieces = -(-ENOUGH // shelf.variant.price.minor)
        if upcoming is None or pieces > min(shelf.available // 2, 50):
            continue
        slot, day = upcoming
        purchase = Purchase(
            buyer=Buyer(name="Rohan Kulkarni", email="rohan.kulkarni@example.com", phone="+915550009900"),
            destination=Destination(fields=DOOR),
            plan=Plan(neighbour.pincode, slot, day.date, Payment.Method.COD),
            special_instructions="For a wedding. Please call before you come.",
        )
        try:
            checkout = order_lines({shelf.variant_id: pieces}, purchase, token=TOKEN, by=Actor.guest())
        except CheckoutRefused:
            continue
        run_checkout(checkout.pk, by=Actor.guest())
        return
