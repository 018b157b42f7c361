"""Orders that a guest placed go to the person who the guest turned out to be."""

from django.db import transaction

from accounts.actions import take_over_contact
from milkdelivery.core.actors import Actor
from orders.actions import take_over_orders
from orders.models import Order
from payments.actions import take_over_money


def take_over(guest_id: int, *, to_user_id: int, by: Actor) -> int:
    """Hand all orders, addresses and money of a contact-only person to a proven one; how many orders moved.

    Whoever holds the link mailed to the guest's contact may ask for it. Safe to repeat: the second time nothing is
    left to move. Locks payments, wallets, orders, then people, as a delivery does that is made meanwhile. Raises
    NotToBeTakenOver, NotAllowed. Emits OrderTakenOver for each order.
    """
    with transaction.atomic():
        take_over_money(from_user_id=guest_id, to_user_id=to_user_id, by=by)
        Order.objects.locked_of(guest_id)
        take_over_contact(guest_id, by_user_id=to_user_id, by=by)
        return take_over_orders(from_customer_id=guest_id, to_customer_id=to_user_id, by=by)
