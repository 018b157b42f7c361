"""The rows of an order of the past, each as the actions would have left it."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial

from cart.events import CheckoutCompleted
from cart.models import Cart, Checkout
from deliveries.models import Delivery
from inventory.models import StockMovement
from milkdelivery.core.money import Money
from milkdelivery.demo.copying import Row
from milkdelivery.demo.life import Story
from milkdelivery.demo.past_events import past_event
from milkdelivery.demo.supply import Supplies
from milkdelivery.demo.ways import payment_status
from orders import events
from orders.actions.placing import line_of
from orders.models import Order, OrderLine
from orders.rules.doors import door_key
from payments.models import Payment

Status = Order.Status
Line = OrderLine.Status

BROWSING = timedelta(minutes=4)
"""From an open cart to the order."""

_LINE_STATUS: Mapping[str, str] = {
    Status.CONFIRMED: Line.ASSIGNED,
    Status.PACKED: Line.PACKED,
    Status.OUT_FOR_DELIVERY: Line.PACKED,
    Status.DELIVERED: Line.DELIVERED,
    Status.CANCELLED: Line.OPEN,
}
_DELIVERY_STATUS: Mapping[str, str] = {
    Status.OUT_FOR_DELIVERY: Delivery.Status.PICKED_UP,
    Status.DELIVERED: Delivery.Status.DELIVERED,
    Status.CANCELLED: Delivery.Status.CANCELLED,
}


def order_row(story: Story, order_id: int) -> Order:
    quote, household = story.quote, story.household
    return Order(
        id=order_id,
        customer_id=household.user_id,
        region_id=story.region.pk,
        currency=story.region.currency,
        address=household.door,
        pincode=household.pincode,
        delivery_date=story.day,
        slot_id=story.slot.pk,
        status=story.status,
        payment_status=payment_status(story),
        items_total=quote.items_total,
        discount_total=quote.discount_total,
        tax_total=quote.tax_total,
        deposit_total=quote.deposit_total,
        delivery_total=quote.delivery_total,
        grand_total=quote.grand_total,
        special_instructions=story.wish,
        door=door_key(household.door, pincode=household.pincode),
        device_id=household.device_id,
        placed_at=story.placed_at,
        updated_at=story.steps[-1].at,
    )


def line_rows(story: Story, order: Order) -> Iterator[OrderLine]:
    for priced, share in zip(story.quote.lines, story.shares, strict=True):
        line = line_of(order, priced)
        line.vendor_id = share.shelf.vendor_id
        line.vendor_reason = share.reason
        line.decision = share.decision
        line.status = _LINE_STATUS[story.status]
        line.delivered_quantity = line.quantity if story.status == Status.DELIVERED else 0
        yield line


def change_rows(story: Story, order_id: int) -> Iterator[Row]:
    before = ""
    for step in story.steps:
        yield {
            "order_id": order_id,
            "from_status": before,
            "to_status": step.status,
            "actor": step.by.label,
            "reason": story.cancel_reason if step.status == Status.CANCELLED else "",
            "occurred_at": step.at,
        }
        before = step.status


def event_rows(story: Story, order_id: int) -> Iterator[Row]:
    customer_id = story.household.user_id
    told = {
        Status.CREATED: events.OrderPlaced(
            order_id, customer_id, story.day, story.quote.grand_total, str(Order.Source.CHECKOUT)
        ),
        Status.CONFIRMED: events.OrderConfirmed(order_id, customer_id),
        Status.PACKED: events.OrderPacked(order_id, customer_id),
        Status.OUT_FOR_DELIVERY: events.OrderLeft(order_id, customer_id),
        Status.DELIVERED: events.OrderDelivered(order_id, customer_id),
        Status.CANCELLED: events.OrderCancelled(order_id, customer_id, story.cancel_reason, was_confirmed=True),
    }
    for step in story.steps:
        yield past_event(told[Status(step.status)], actor=step.by, at=step.at)
        if step.status == Status.CONFIRMED:
            yield past_event(CheckoutCompleted(order_id, customer_id), actor=step.by, at=step.at)


def delivery_row(story: Story, order_id: int, stop_id: int | None) -> Row:
    confirmed, delivered = story.steps[1].at, story.at(Status.DELIVERED)
    takes_cash = delivered and story.way.method == Payment.Method.COD
    with_driver = Delivery.Status.ASSIGNED if story.driver_id else Delivery.Status.SCHEDULED
    return {
        "order_id": order_id,
        "hub_id": story.hub_id,
        "stop_id": stop_id,
        "delivery_date": story.day,
        "slot_id": story.slot.pk,
        "status": _DELIVERY_STATUS.get(story.status, with_driver),
        "assigned_at": confirmed if story.driver_id else None,
        "picked_up_at": story.at(Status.OUT_FOR_DELIVERY),
        "delivered_at": delivered,
        "cash_collected": story.quote.grand_total if takes_cash else Money.zero(story.region.currency),
        "created_at": confirmed,
    }


def movement_rows(story: Story, number: str, supplies: Supplies) -> Iterator[Row]:
    """Reserved when placed, sold when packed, released when cancelled."""
    kinds = StockMovement.Kind
    by_status = {step.status: step for step in story.steps}
    packed, cancelled = by_status.get(Status.PACKED), by_status.get(Status.CANCELLED)
    placed = story.steps[1]
    for priced, share in zip(story.quote.lines, story.shares, strict=True):
        count = priced.item.quantity
        moved = partial(supplies.movement, share.shelf, reference=number, day=story.day)
        yield moved(kinds.RESERVE, reserved=count, at=placed.at, by=placed.by)
        if packed:
            yield moved(kinds.SELL, on_hand=-count, reserved=-count, at=packed.at, by=packed.by)
        if cancelled:
            yield moved(kinds.RELEASE, reserved=-count, at=cancelled.at, by=cancelled.by, reason=story.cancel_reason)


def cart_row(story: Story, cart_id: int) -> Row:
    return {
        "id": cart_id,
        "customer_id": story.household.user_id,
        "status": Cart.Status.ORDERED,
        "created_at": story.placed_at - BROWSING,
        "updated_at": story.placed_at,
    }


def cart_line_rows(story: Story, cart_id: int) -> Iterator[Row]:
    for priced in story.quote.lines:
        yield {
            "cart_id": cart_id,
            "variant_id": priced.item.variant_id,
            "quantity": priced.item.quantity,
            "told_price": priced.item.unit_price.minor,
            "currency": priced.item.unit_price.currency,
        }


def checkout_row(story: Story, checkout_id: int, *, order_id: int, cart_id: int) -> Row:
    return {
        "id": checkout_id,
        "order_id": order_id,
        "cart_id": cart_id,
        "payment_method": story.way.method,
        "state": Checkout.State.DONE,
        "started_at": story.placed_at,
        "finished_at": story.steps[1].at,
    }
