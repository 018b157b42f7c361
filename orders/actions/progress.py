"""An order on its way from placed to the door, or back."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.actions import count_delivered_order
from catalog.actions import give_redemption_back, hand_redemptions_over
from inventory import actions as stock
from inventory.queries import keeps_until
from milkdelivery.core import clock, rules
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from orders.actions.transitions import deliver_lines, move, move_lines, settle_hold
from orders.events import (
    OrderCancelled,
    OrderConfirmed,
    OrderDelivered,
    OrderLeft,
    OrderPacked,
    OrderTakenOver,
)
from orders.models import MISSING, Hold, Order, OrderLine
from orders.rules.holding import OrderHeldBack
from orders.rules.status import GoodsInVan, ensure_cancellable, ensure_complete
from vendors.actions import give_capacity_back

Status = Order.Status
Line = OrderLine.Status

_WITH_VENDOR = [Line.ASSIGNED, Line.ACCEPTED, Line.PACKED]


def reserve_lines(order: Order, *, by: Actor) -> None:
    """Promise the order's stock at the vendors it was assigned to. Raises OutOfStock."""
    stock.reserve(_wanted(order), on=order.delivery_date, reference=order.number, by=by)


def _wanted(order: Order) -> dict[tuple[int, int], int]:
    """Pieces that vendors are to bring of the order, by (vendor, variant)."""
    lines = OrderLine.objects.filter(order=order, vendor__isnull=False).exclude(status__in=[Line.REJECTED, *MISSING])
    wanted: dict[tuple[int, int], int] = {}
    for vendor_id, variant_id, quantity in lines.values_list("vendor_id", "variant_id", "quantity"):
        key = (vendor_id or 0, variant_id)
        wanted[key] = wanted.get(key, 0) + quantity
    return wanted


def release_stock(order: Order, *, by: Actor, reason: str) -> None:
    """Give back what the order holds or, once packed, took. Safe to repeat."""
    stock.take_back(reference=order.number, by=by, reason=reason)
    stock.release(reference=order.number, by=by, reason=reason)


def release_vendors(order: Order) -> None:
    """Take the order's lines from their vendors and give them their capacity back. Safe to repeat."""
    held = OrderLine.objects.filter(order=order, status__in=_WITH_VENDOR)
    vendor_ids = {line.vendor_id for line in held if line.vendor_id is not None}
    if vendor_ids:
        give_capacity_back(vendor_ids, on=order.delivery_date)
        move_lines(order, Line.OPEN, from_statuses=_WITH_VENDOR)


def confirm_order(order_id: int, *, by: Actor) -> Order:
    """Everything that was promised is certain. Safe to repeat. Raises ImpossibleMove. Emits OrderConfirmed."""
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        confirm_locked_order(order, by=by)
    return order


def confirm_locked_order(order: Order, *, by: Actor) -> None:
    """The same for an order that the caller's transaction has locked."""
    if order.status == Status.CONFIRMED:
        return
    if order.status == Status.ON_HOLD:
        raise OrderHeldBack(_("Order %(number)s is on hold.") % {"number": order.number})
    move(order, Status.CONFIRMED, by=by)
    emit(OrderConfirmed(order.pk, order.customer_id), actor=by)


def pack_order(order_id: int, *, by: Actor) -> Order:
    """The order stands packed at the hub: what it held has left the shelf. Safe to repeat.

    Raises OrderIncomplete where its milk came in short and nobody else was found yet: it would be paid for and not
    brought; GoodsInVan where they went out and are not back yet. Emits OrderPacked.
    """
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status == Status.PACKED:
            return order
        move(order, Status.PACKED, by=by)
        gone = stock.sell(reference=order.number, by=by)
        wanted = _wanted(order)
        if wanted and not gone and keeps_until(order.number) is not None:
            raise GoodsInVan(
                _("Its goods are still in the van of the round that could not hand it over. Close that round first.")
            )
        ensure_complete(order.number, wanted=wanted, there=gone)
        move_lines(order, Line.PACKED, from_statuses=[Line.ASSIGNED, Line.ACCEPTED])
        emit(OrderPacked(order.pk, order.customer_id), actor=by)
    return order


def mark_out_for_delivery(order_id: int, *, by: Actor) -> Order:
    """The driver has it. Safe to repeat. Emits OrderLeft."""
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status == Status.OUT_FOR_DELIVERY:
            return order
        move(order, Status.OUT_FOR_DELIVERY, by=by)
        emit(OrderLeft(order.pk, order.customer_id), actor=by)
    return order


def mark_delivered(order_id: int, *, by: Actor) -> Order:
    """It is at the door, all of it. Safe to repeat. Emits OrderDelivered."""
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status == Status.DELIVERED:
            return order
        move(order, Status.DELIVERED, by=by)
        deliver_lines(order)
        count_delivered_order(order.customer_id)
        emit(OrderDelivered(order.pk, order.customer_id), actor=by)
    return order


def cancel_order(order_id: int, *, by: Actor, reason: str) -> Order:
    """Cancel an order that has not left the hub and give its stock, its capacity and its promotion back.

    Safe to repeat. Raises OrderNotCancellable once it is on its way, and for the customer after the cut-off.
    Emits OrderCancelled; payments and deliveries hear it.
    """
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        if order.status == Status.CANCELLED:
            return order
        cutoff = rules.cutoff_at(order.slot, order.delivery_date, order.region.time_zone)
        ensure_cancellable(order.status, cutoff_at=cutoff, by=by, now=clock.now())
        if order.status == Status.ON_HOLD:
            settle_hold(order, Hold.Outcome.CANCELLED, by=by, reason=reason)
        call_off(order, by=by, reason=reason)
    return order


def call_off(order: Order, *, by: Actor, reason: str) -> None:
    """Cancel a locked order that may be cancelled, and give back what it holds. Part of the caller's transaction.

    Emits OrderCancelled.
    """
    was_confirmed = order.status_changes.filter(to_status=Status.CONFIRMED).exists()
    release_stock(order, by=by, reason=reason)
    release_vendors(order)
    give_redemption_back(order.number, by=by)
    move(order, Status.CANCELLED, by=by, reason=reason)
    emit(OrderCancelled(order.pk, order.customer_id, reason, was_confirmed), actor=by)


def record_payment_status(order_id: int, payment_status: str) -> Order:
    """What the payments of the order add up to. Called by payments, in the transaction of the payment's change.

    Returns the order, locked.
    """
    order = Order.objects.locked(order_id)
    if order.payment_status != payment_status:
        order.payment_status = payment_status
        order.save(update_fields=["payment_status", "updated_at"])
    return order


def take_over_orders(*, from_customer_id: int, to_customer_id: int, by: Actor) -> int:
    """Hand all orders of one person to another, in primary key order, with the promotions that they used.

    Emits OrderTakenOver for each, and PromotionHandedOver.

    Whether the taker may have them is for the caller to have proven. Returns how many moved.
    """
    with transaction.atomic():
        orders = Order.objects.locked_of(from_customer_id)
        for order in orders:
            order.customer_id = to_customer_id
            order.save(update_fields=["customer", "updated_at"])
            emit(OrderTakenOver(order.pk, to_customer_id, from_customer_id), actor=by)
        hand_redemptions_over([order.number for order in orders], to_user_id=to_customer_id, by=by)
    return len(orders)
