"""A process that does something with a household's wallet and dies at a given commit. Started by test_wallet_killed.py.

Arguments: DATABASE POINT NUMBER VERB ID; POINT is before, after or never, NUMBER counts commits from 1. Prints how many
commits there were.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime

import django
from django.conf import settings

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    django.setup()

from cart.actions import Buyer, Destination, Purchase, place_order, run_checkout
from cart.models import Cart
from cart.queries import Plan
from deliveries.actions import mark_delivered
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import DeliverySlot
from milkdelivery.core.money import Money
from milkdelivery.core.queries import load_region_book
from payments import actions
from tests.cart.shopping import DOOR
from tests.concurrency.checkout_process import NOW, die_at_commit

AT_THE_DOOR = datetime.fromisoformat("2026-01-31T06:00+05:30")
SELF = Actor.system("tests")


def order(cart_id: int) -> None:
    """The household of the cart orders, by wallet."""
    with clock.override(NOW):
        customer_id = Cart.objects.get(pk=cart_id).customer_id or 0
        slot = DeliverySlot.objects.get(code="MORNING")
        day = load_region_book().open_days(slot)[0].date
        plan = Plan(pincode="560034", slot=slot, delivery_date=day, payment_method="WALLET")
        purchase = Purchase(buyer=Buyer(user_id=customer_id), destination=Destination(fields=DOOR), plan=plan)
        by = Actor.user(customer_id, Role.CUSTOMER)
        run_checkout(place_order(cart_id, purchase, by=by).pk, by=by)


def deliver(delivery_id: int) -> None:
    with clock.override(AT_THE_DOOR):
        mark_delivered(delivery_id, by=SELF)


def top_up(user_id: int) -> None:
    """A gateway took money, and says so."""
    with clock.override(NOW):
        actions.top_up(user_id, Money(50_000, "INR"), key="gateway-1", reference="gateway-1", by=SELF)


def void(order_id: int) -> None:
    with clock.override(NOW):
        actions.void_payments(order_id, by=SELF)


VERBS = {verb.__name__: verb for verb in (order, deliver, top_up, void)}

if __name__ == "__main__":
    seen = die_at_commit(sys.argv[2], int(sys.argv[3]))
    VERBS[sys.argv[4]](int(sys.argv[5]))
    print(len(seen))
