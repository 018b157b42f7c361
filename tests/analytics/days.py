"""A day made up from scratch: rows of every kind that a report counts, on it and around it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from accounts.models import User
from deliveries.models import Delivery, FailedAttempt, Route, Stop
from milkdelivery.core import clock
from milkdelivery.core.models import DeliverySlot
from orders.models import Claim, Order, OrderLine, OrderStatusChange
from payments.models import Payment, Refund
from tests.factories.deliveries import DeliveryFactory
from tests.factories.world import World

DAY = date(2026, 3, 8)
"""On which the clocks of North America change."""


def make_up(world: World, random: Random, *, orders: int, day: date = DAY, zone: str = "Asia/Kolkata") -> None:
    """Orders of that day, of those around it and of a month before, with all that can hang on them."""
    people = [User(email=f"{uuid4().hex}@example.com", name="Somebody") for _ in range(max(1, orders // 2))]
    User.objects.bulk_create(people)
    slots = list(DeliverySlot.objects.filter(region=world.region))
    local = ZoneInfo(zone)

    def some_time(around: date) -> datetime:
        """Often near midnight, where a day could be taken for another."""
        hour = random.choice([0, 0, 5, 6, 7, 12, 18, 23, 23])
        at = time(hour, random.choice([0, 29, 30, 59]), random.choice([0, 59]))
        return datetime.combine(around + timedelta(days=random.choice([-1, 0, 0, 1])), at, tzinfo=local).astimezone(UTC)

    far = [0, 0, 0, 0, 1, -1, -30, -30, -29, -31]
    for _ in range(orders):
        on = day + timedelta(days=random.choice(far))
        _order(world, random, random.choice(people), random.choice(slots), on, some_time)


def _order(world: World, random: Random, person: User, slot: DeliverySlot, on: date, some_time: Any) -> None:
    currency = random.choice(["INR", "INR", "INR", "USD"])
    status = random.choice([*Order.Status.values, "DELIVERED", "DELIVERED", "DELIVERED"])
    total = random.choice([0, 1, 2801, 5600, 99_999])
    order = Order.objects.create(
        customer=person,
        region=world.region,
        currency=currency,
        address={},
        pincode="560034",
        delivery_date=on,
        slot=slot,
        status=status,
        items_total=total,
        tax_total=0,
        grand_total=total,
        source=random.choice(Order.Source.values),
        placed_at=some_time(on - timedelta(days=random.choice([0, 1, 2]))),
    )
    for _ in range(random.choice([1, 1, 2, 3])):
        _line(world, random, order)
    if status == "CANCELLED":
        reason = random.choice(["line_missing", "nobody_can_fill", "We are away"])
        OrderStatusChange.objects.create(
            order=order, from_status="CREATED", to_status=status, actor="system:tests", reason=reason,
            occurred_at=clock.now(),
        )  # fmt: skip
    _payments(random, order, some_time)
    _delivery(world, random, order, some_time)
    if random.random() < 0.3:
        _claim(random, order, some_time)


def _line(world: World, random: Random, order: Order) -> None:
    quantity = random.choice([1, 2, 5])
    status = random.choice(["OPEN", "ASSIGNED", "PACKED", "DELIVERED", "DELIVERED", "SHORT", "SUBSTITUTED", "RETURNED"])
    missing = quantity if status in ("SHORT", "SUBSTITUTED") else 0
    price = random.choice([2800, 3500, 9000])
    discount = 0 if missing else random.choice([0, 0, 100])
    OrderLine.objects.create(
        order=order, variant=random.choice(world.variants), name="Milk", pack="500 ml", quantity=quantity,
        unit_price=price, discount=discount, hsn_code="0401", tax_basis_points=0, tax=0,
        total=price * (quantity - missing) - discount, status=status, shortage=missing,
    )  # fmt: skip


def _payments(random: Random, order: Order, some_time: Any) -> None:
    counted = False
    for attempt in range(random.choice([0, 1, 1, 2])):
        status = random.choice(Payment.Status.values)
        is_surplus = status == "REFUNDED" and random.random() < 0.3
        if status in ("PENDING", "SUCCEEDED", "PARTIALLY_REFUNDED"):
            if counted:
                status = "FAILED"
            counted = True
        payment = Payment.objects.create(
            order=order, user_id=order.customer_id, attempt=attempt + 1, amount=order.grand_total,
            currency=order.currency, method=random.choice(Payment.Method.values), status=status, gateway="demo",
            idempotency_key=uuid4().hex, is_surplus=is_surplus, created_at=clock.now(),
        )  # fmt: skip
        for _ in range(random.choice([0, 0, 1, 2])):
            Refund.objects.create(
                payment=payment, key=uuid4().hex, kind=random.choice(Refund.Kind.values), reason="sour",
                amount=random.choice([1, 500, 2801]), currency=order.currency, actor="system:tests",
                decided_at=some_time(order.delivery_date),
            )  # fmt: skip


def _delivery(world: World, random: Random, order: Order, some_time: Any) -> None:
    status = random.choice([*Delivery.Status.values, "DELIVERED", "DELIVERED", "DELIVERED", ""])
    if not status:
        return
    route = Route.objects.create(
        hub=world.hub,
        date=order.delivery_date,
        slot=order.slot,
        number=Route.objects.count() + 1,
        created_at=clock.now(),
    )
    stop = Stop.objects.create(route=route, sequence=1, door=f"Door {order.pk}")
    drop = DeliveryFactory(
        order=order, hub=world.hub, stop=stop, status=status,
        delivered_at=some_time(order.delivery_date) if status == "DELIVERED" else None,
        cash_collected=random.choice([0, 2801]) if status == "DELIVERED" else 0,
    )  # fmt: skip
    for _ in range(random.choice([0, 0, 0, 1, 2])):
        FailedAttempt.objects.create(
            delivery=drop, stop=stop, reason=random.choice(Delivery.FailureReason.values), actor="system:tests",
            retried_on=random.choice([None, order.delivery_date]), occurred_at=some_time(order.delivery_date),
        )  # fmt: skip


def _claim(random: Random, order: Order, some_time: Any) -> None:
    status = random.choice(Claim.Status.values)
    Claim.objects.create(
        order=order, key=uuid4().hex, status=status, destination="WALLET", amount=2801, currency=order.currency,
        granted=random.choice([1, 2801]) if status == "APPROVED" else 0, actor="system:tests",
        opened_at=some_time(order.delivery_date),
        decided_at=None if status == "OPEN" else some_time(order.delivery_date),
    )  # fmt: skip
