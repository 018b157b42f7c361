"""A process that takes or returns a household's money at the pretend bank and dies at a given commit, of ours or of the
bank's. Started by test_paying_killed.py.

Arguments: DATABASE POINT NUMBER VERB ID; POINT is before, after or never, NUMBER counts commits from 1. Prints how many
commits there were.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import django
from django.conf import settings

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    django.setup()

from cart.actions import Buyer, Destination, Purchase, place_order, resume_checkout, run_checkout
from cart.models import Checkout
from cart.queries import Plan
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import DeliverySlot
from milkdelivery.core.queries import load_region_book
from payments import actions
from tests.cart.shopping import DOOR
from tests.concurrency.checkout_process import NOW, die_at_commit
from tests.payments.paying import by_card


def order(cart_id: int) -> None:
    """A guest orders, to pay by card."""
    with clock.override(NOW):
        slot = DeliverySlot.objects.get(code="MORNING")
        day = load_region_book().open_days(slot)[0].date
        plan = Plan(pincode="560034", slot=slot, delivery_date=day, payment_method="CARD")
        buyer = Buyer(name="Asha Rao", email="asha@example.com")
        purchase = Purchase(buyer=buyer, destination=Destination(fields=DOOR), plan=plan)
        run_checkout(place_order(cart_id, purchase, by=Actor.guest()).pk, by=Actor.guest())


def pay(order_id: int) -> None:
    """The guest presses the button with a card that is good."""
    with clock.override(NOW):
        with suppress(actions.NotPayable):
            actions.pay(order_id, by_card("success", attempt=1), by=Actor.guest())
        resume_checkout(Checkout.objects.get(order_id=order_id).pk, by=Actor.guest())


def move(movement_id: int) -> None:
    """A worker moves the money of a refund."""
    with clock.override(NOW):
        actions.move_refund(movement_id, by=Actor.system("tests"))


VERBS = {verb.__name__: verb for verb in (order, pay, move)}

if __name__ == "__main__":
    seen = die_at_commit(sys.argv[2], int(sys.argv[3]))
    VERBS[sys.argv[4]](int(sys.argv[5]))
    print(len(seen))
