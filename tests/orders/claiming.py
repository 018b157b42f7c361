"""Orders that were delivered and paid, and what their households claim of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

from cart.actions import Buyer
from deliveries.actions import mark_delivered, mark_picked_up
from deliveries.models import Delivery
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.photos import KeptPhoto
from orders.actions import ClaimDraft, pack_order
from orders.models import Claim, Order
from orders.rules.claims import Claimed
from payments.actions import make_claim
from tests.cart.shopping import buy
from tests.factories.world import World
from tests.payments.paying import try_card, unpaid

EVENING = datetime.fromisoformat("2026-01-30T20:00+05:30")
MORNING = datetime.fromisoformat("2026-01-31T05:30+05:30")
STAFF = Actor.user(902, Role.MANAGER)
PHOTO = KeptPhoto("0" * 32, 1280, 960)


def brought(world: World, *items: Any, method: str = "CARD", is_guest: bool = False, **changes: Any) -> Order:
    """An order of the world's customer (two milks at 28, and 20 for the delivery), paid, delivered in the morning."""
    buyer = Buyer(name="Asha Rao", email="asha@example.com") if is_guest else Buyer(user_id=world.customer.pk)
    with clock.override(EVENING):
        if method == "CARD":
            run = unpaid(world, buyer=buyer, items=items, **changes)
            try_card(run, "success")
        else:
            run = buy(world, *items, buyer=buyer, payment_method=method, **changes)
    return bring(run.order_id)


def bring(order_id: int) -> Order:
    with clock.override(EVENING):
        pack_order(order_id, by=STAFF)
    with clock.override(MORNING):
        delivery = Delivery.objects.get(order_id=order_id)
        mark_picked_up(delivery.pk, by=STAFF)
        mark_delivered(delivery.pk, by=STAFF)
    return Order.objects.get(pk=order_id)


def claimed(order: Order, *pieces: int, reason: str = "SPOILED", **changes: Any) -> ClaimDraft:
    """So many pieces of each line in turn, with a photo."""
    lines = [
        Claimed(line.pk, count, reason)
        for line, count in zip(order.lines.order_by("pk"), pieces or (1,), strict=False)
        if count
    ]
    return ClaimDraft(**{"key": str(uuid4()), "lines": lines, "photo": PHOTO, **changes})


def household(order: Order) -> Actor:
    return Actor.user(order.customer_id, Role.CUSTOMER)


def claim_of(order: Order, *pieces: int, at: Callable[[str], datetime] | None = None, **changes: Any) -> Claim:
    return make_claim(order.pk, claimed(order, *pieces, **changes), by=household(order))
