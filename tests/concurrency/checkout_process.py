"""A web process that places an order and dies at a given commit. Started by test_checkout_killed.py.

Arguments: DATABASE CART POINT NUMBER; POINT is before, after or never, NUMBER counts commits from 1. Prints how many
commits there were.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime

import django
from django.conf import settings

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    django.setup()

from django.db.backends.base.base import BaseDatabaseWrapper

from cart.actions import Buyer, Destination, Purchase, place_order, run_checkout
from cart.queries import Plan
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import DeliverySlot
from milkdelivery.core.queries import load_region_book
from tests.cart.shopping import DOOR

NOW = datetime.fromisoformat("2026-01-30T20:00+05:30")


def die_at_commit(point: str, number: int) -> list[None]:
    """Kill this process as kill -9 does, before or after commit `number`; the list grows with each commit."""
    commits: list[None] = []
    commit = BaseDatabaseWrapper.commit

    def counted(connection: BaseDatabaseWrapper) -> None:
        is_the_one = len(commits) + 1 == number
        if is_the_one and point == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        commit(connection)
        commits.append(None)
        if is_the_one and point == "after":
            os.kill(os.getpid(), signal.SIGKILL)

    BaseDatabaseWrapper.commit = counted  # type: ignore[method-assign, assignment]
    return commits


def order_as_a_guest(cart_id: int) -> None:
    with clock.override(NOW):
        slot = DeliverySlot.objects.get(code="MORNING")
        day = load_region_book().open_days(slot)[0].date
        plan = Plan(pincode="560034", slot=slot, delivery_date=day, payment_method="COD")
        buyer = Buyer(name="Asha Rao", email="asha@example.com")
        purchase = Purchase(buyer=buyer, destination=Destination(fields=DOOR), plan=plan)
        placed = place_order(cart_id, purchase, by=Actor.guest())
        run_checkout(placed.pk, by=Actor.guest())


if __name__ == "__main__":
    seen = die_at_commit(sys.argv[3], int(sys.argv[4]))
    order_as_a_guest(int(sys.argv[2]))
    print(len(seen))
