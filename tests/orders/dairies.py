"""Several dairies that can bring the same things, and orders among them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from catalog.models import Variant
from inventory.models import Stock
from inventory.queries import held_by
from milkdelivery.core.money import Money
from orders.models import Order, OrderLine
from tests.factories.inventory import StockFactory
from tests.factories.vendors import OfferFactory, ServiceAreaFactory, VendorFactory
from tests.factories.world import World
from vendors.models import CapacityUse, Vendor

WITH_VENDOR = ("ASSIGNED", "ACCEPTED", "PACKED", "DELIVERED")


def another_dairy(
    world: World, *packs: Variant, on_hand: int = 100, rating: str = "4.00", lead_time_days: int = 0, **fields: Any
) -> Vendor:
    """A dairy beside the world's, worse rated unless told otherwise, with these packs (all, if none are named)."""
    vendor = VendorFactory(region=world.region, rating=Decimal(rating), **fields)
    ServiceAreaFactory(vendor=vendor, pincode=world.pincode)
    for variant in packs or world.variants:
        OfferFactory(vendor=vendor, variant=variant, lead_time_days=lead_time_days)
        StockFactory(vendor=vendor, variant=variant, on_hand=on_hand)
    return vendor


def lines_of(order: Order) -> list[OrderLine]:
    return list(OrderLine.objects.filter(order=order).select_related("order").order_by("pk"))


def shares(order: Order) -> list[tuple[str | None, int, str]]:
    """Who brings how many pieces, and how the lines stand."""
    rows = OrderLine.objects.filter(order=order).order_by("pk")
    return list(rows.values_list("vendor__name", "quantity", "status"))


def only_line(order: Order) -> OrderLine:
    (line,) = lines_of(order)
    return line


def assert_books_agree(orders: Iterable[Order]) -> None:
    """Lines, stock and capacity tell the same story, and every sum is that of its lines."""
    orders = [Order.objects.get(pk=order.pk) for order in orders]
    places: dict[tuple[int, Any], int] = {}
    for order in orders:
        lines = lines_of(order)
        is_open = order.status not in ("CANCELLED", "CREATED")
        brought: dict[tuple[int, int], int] = {}
        for line in lines:
            if is_open and line.status in WITH_VENDOR:
                key = (line.vendor_id or 0, line.variant_id)
                brought[key] = brought.get(key, 0) + line.quantity
        assert dict(held_by(order.number)) == (brought if order.status != "PACKED" else {})
        for vendor_id in {vendor_id for vendor_id, _variant in brought}:
            day = (vendor_id, order.delivery_date)
            places[day] = places.get(day, 0) + 1
        assert_sums(order, lines)
    used = {(use.vendor_id, use.date): use.orders for use in CapacityUse.objects.filter(orders__gt=0)}
    assert used == places
    held = Stock.objects.aggregate(total=Sum("reserved"))["total"] or 0
    assert held == sum(sum(held_by(order.number).values()) for order in orders)


def assert_sums(order: Order, lines: list[OrderLine]) -> None:
    def total(amounts: Iterable[Money]) -> Money:
        return Money.total(amounts, order.currency)

    assert order.items_total - order.discount_total == total(line.total for line in lines)
    assert order.discount_total == total(line.discount for line in lines)
    assert order.tax_total == total(line.tax for line in lines)
    assert order.deposit_total == total(line.deposit for line in lines)
    goods = order.items_total - order.discount_total + order.deposit_total + order.delivery_total
    assert order.grand_total == (goods if order.region.tax_inclusive else goods + order.tax_total)
