"""Putting the stories of the past into the database, table by table."""

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter

from django.db import connection

from accounts.models import Address, User
from cart.actions.steps import STEPS
from cart.models import Cart, CartLine, Checkout, CheckoutStep
from deliveries.models import Delivery, Route, Stop
from inventory.models import StockMovement
from milkdelivery.core.models import Event
from milkdelivery.demo import rows
from milkdelivery.demo.copying import Row, allocate_ids, copy_rows
from milkdelivery.demo.driven import RoundsWriter
from milkdelivery.demo.life import Story
from milkdelivery.demo.supply import Supplies
from milkdelivery.demo.ways import write_attempts
from orders.models import Order, OrderLine, OrderStatusChange
from payments.models import DemoCharge, Invoice, LedgerAccount, LedgerEntry, LedgerTransfer, Payment

TABLES = (
    Order,
    OrderLine,
    OrderStatusChange,
    Payment,
    DemoCharge,
    Delivery,
    Route,
    Stop,
    StockMovement,
    Cart,
    CartLine,
    Checkout,
    CheckoutStep,
    LedgerTransfer,
    LedgerEntry,
    LedgerAccount,
    Invoice,
    Event,
    User,
    Address,
)
"""What holds nearly all rows of the demo."""

_STEPS = """
INSERT INTO cart_checkoutstep (checkout_id, name, attempt, outcome, detail, occurred_at)
SELECT checkout.id, step.name, 1, 'DONE', '', checkout.finished_at
FROM cart_checkout checkout
CROSS JOIN unnest(%s::text[]) WITH ORDINALITY AS step (name, position)
WHERE checkout.id = ANY(%s)
ORDER BY checkout.id, step.position
"""

_CUSTOMERS = """
UPDATE accounts_user SET
    order_count = order_count + past.delivered,
    last_active_at = greatest(last_active_at, past.last_order_at)
FROM unnest(%s::bigint[], %s::int[], %s::timestamptz[]) AS past (user_id, delivered, last_order_at)
WHERE id = past.user_id
"""


class Writer:
    """Writes stories, and at the end what they mean for the people in them."""

    def __init__(self, supplies: Supplies, rounds: RoundsWriter) -> None:
        self.supplies = supplies
        self.rounds = rounds
        self.delivered: dict[int, int] = {}
        self.last_order_at: dict[int, datetime] = {}

    def write(self, stories: Sequence[Story]) -> None:
        """All rows of these orders, in the order given, with the goods that came in for them."""
        if stories:
            numbers, orders = self._orders(stories)
            self._write(list(zip(stories, orders, strict=True)), numbers)
        else:
            self._movements([], {})  # goods came in, whether somebody ordered or not
        self.supplies.write()

    def _write(self, pairs: Sequence[tuple[Story, Order]], numbers: dict[int, str]) -> None:
        copy_rows(OrderLine, [vars(line) for story, order in pairs for line in rows.line_rows(story, order)])
        copy_rows(OrderStatusChange, [row for story, order in pairs for row in rows.change_rows(story, order.pk)])
        write_attempts(pairs, numbers)
        stops = self.rounds.write(pairs)
        drops = zip(pairs, stops, strict=True)
        copy_rows(Delivery, [rows.delivery_row(story, order.pk, stop_id) for (story, order), stop_id in drops])
        self._movements(pairs, numbers)
        self._checkouts(pairs)
        copy_rows(Event, _by_time([row for story, order in pairs for row in rows.event_rows(story, order.pk)]))
        for story, _ in pairs:
            self._remember(story)

    def write_customers(self) -> None:
        """How many orders each household has had, and when it was last seen."""
        people = list(self.last_order_at)
        with connection.cursor() as cursor:
            cursor.execute(
                _CUSTOMERS,
                [people, [self.delivered.get(pk, 0) for pk in people], [self.last_order_at[pk] for pk in people]],
            )
        self.delivered.clear()
        self.last_order_at.clear()

    def _orders(self, stories: Sequence[Story]) -> tuple[dict[int, str], list[Order]]:
        """The orders, and the numbers that the database gave them."""
        ids = allocate_ids(Order, len(stories))
        orders = [rows.order_row(story, pk) for story, pk in zip(stories, ids, strict=True)]
        copy_rows(Order, [vars(order) for order in orders])
        return dict(Order.objects.filter(pk__in=ids).values_list("pk", "number")), orders

    def _movements(self, pairs: Sequence[tuple[Story, Order]], numbers: dict[int, str]) -> None:
        movements = self.supplies.take_received()
        for story, order in pairs:
            movements.extend(rows.movement_rows(story, numbers[order.pk], self.supplies))
        copy_rows(StockMovement, _by_time(movements))

    def _checkouts(self, pairs: Sequence[tuple[Story, Order]]) -> None:
        carts, checkouts = allocate_ids(Cart, len(pairs)), allocate_ids(Checkout, len(pairs))
        copy_rows(Cart, [rows.cart_row(story, pk) for (story, _), pk in zip(pairs, carts, strict=True)])
        lines = (rows.cart_line_rows(story, pk) for (story, _), pk in zip(pairs, carts, strict=True))
        copy_rows(CartLine, [line for of_one in lines for line in of_one])
        copy_rows(
            Checkout,
            [
                rows.checkout_row(story, pk, order_id=order.pk, cart_id=cart_id)
                for (story, order), pk, cart_id in zip(pairs, checkouts, carts, strict=True)
            ],
        )
        with connection.cursor() as cursor:
            cursor.execute(_STEPS, [[step.name for step in STEPS], checkouts])

    def _remember(self, story: Story) -> None:
        customer_id = story.household.user_id
        if story.status == Order.Status.DELIVERED:
            self.delivered[customer_id] = self.delivered.get(customer_id, 0) + 1
        known = self.last_order_at.get(customer_id, story.placed_at)
        self.last_order_at[customer_id] = max(known, story.placed_at)


def _by_time(found: list[Row]) -> list[Row]:
    return sorted(found, key=itemgetter("occurred_at"))
