"""Recounting: what rows say of each other, one query for each claim. Each answers with what does not agree."""

from __future__ import annotations

from typing import Any

from django.db import connection

from inventory.queries import recount
from milkdelivery.core.models import Region
from payments.queries.recount import recount as recount_books

CLAIMS: dict[str, str] = {
    "stock is the sum of its movements": """
        SELECT stock.id FROM inventory_stock stock
        LEFT JOIN inventory_stockmovement movement ON movement.stock_id = stock.id
        GROUP BY stock.id
        HAVING stock.on_hand <> coalesce(sum(movement.on_hand_change), 0)
            OR stock.reserved <> coalesce(sum(movement.reserved_change), 0)""",
    "nothing was ever promised that was not there": """
        SELECT stock_id, occurred_at FROM (
            SELECT stock_id, occurred_at,
                sum(on_hand_change) OVER past AS on_hand, sum(reserved_change) OVER past AS reserved
            FROM inventory_stockmovement
            WINDOW past AS (PARTITION BY stock_id ORDER BY occurred_at RANGE UNBOUNDED PRECEDING)
        ) AS running WHERE reserved < 0 OR reserved > on_hand""",
    "reserved is what open orders hold": """
        SELECT stock.id, stock.reserved + coming.pieces, coalesce(sum(line.quantity), 0) FROM inventory_stock stock
        JOIN LATERAL (
            SELECT coalesce(sum(promised), 0) AS pieces FROM inventory_dailysupply
            WHERE stock_id = stock.id AND received_at IS NULL
        ) AS coming ON true
        LEFT JOIN (orders_orderline line JOIN orders_order ON orders_order.id = line.order_id
            AND orders_order.status IN ('CREATED', 'CONFIRMED', 'ON_HOLD')
            AND NOT EXISTS (SELECT 1 FROM deliveries_delivery carried
                WHERE carried.order_id = orders_order.id AND carried.status = 'FAILED'))
        ON line.vendor_id = stock.vendor_id AND line.variant_id = stock.variant_id
        GROUP BY stock.id, coming.pieces HAVING stock.reserved + coming.pieces <> coalesce(sum(line.quantity), 0)""",
    "an order's totals are the sums of its lines": """
        SELECT o.id FROM orders_order o
        JOIN core_region region ON region.id = o.region_id
        JOIN orders_orderline line ON line.order_id = o.id
        GROUP BY o.id, region.id
        HAVING o.items_total <> sum(line.unit_price * line.quantity) OR o.tax_total <> sum(line.tax)
            OR o.discount_total <> sum(line.discount) OR o.deposit_total <> sum(line.deposit)
            OR o.grand_total <> o.items_total - o.discount_total + o.deposit_total + o.delivery_total
                + CASE WHEN region.tax_inclusive THEN 0 ELSE o.tax_total END""",
    "every order has lines, each with a dairy that serves the door": """
        SELECT o.id FROM orders_order o LEFT JOIN orders_orderline line ON line.order_id = o.id
        LEFT JOIN core_pincode pincode ON pincode.code = o.pincode
        LEFT JOIN vendors_servicearea area ON area.vendor_id = line.vendor_id AND area.pincode_id = pincode.id
        LEFT JOIN vendors_offer offer ON offer.vendor_id = line.vendor_id AND offer.variant_id = line.variant_id
        WHERE area.id IS NULL OR offer.id IS NULL""",
    "capacity counts each order once for each of its dairies": """
        SELECT vendor_id, day, used, counted FROM (
            SELECT vendor_id, date AS day, orders AS used FROM vendors_capacityuse WHERE orders > 0
        ) AS use FULL JOIN (
            SELECT line.vendor_id, o.delivery_date AS day, count(DISTINCT o.id) AS counted
            FROM orders_order o JOIN orders_orderline line ON line.order_id = o.id
            WHERE o.status <> 'CANCELLED' GROUP BY 1, 2
        ) AS served USING (vendor_id, day) WHERE used IS DISTINCT FROM counted""",
    "order_count counts delivered orders": """
        SELECT person.id FROM accounts_user person
        LEFT JOIN orders_order o ON o.customer_id = person.id AND o.status = 'DELIVERED'
        GROUP BY person.id HAVING person.order_count <> count(o.id)""",
    "payments agree with their orders": """
        SELECT o.id, o.status, o.payment_status, payment.status FROM orders_order o
        LEFT JOIN LATERAL (
            SELECT * FROM payments_payment WHERE order_id = o.id ORDER BY id DESC LIMIT 1
        ) AS payment ON true
        WHERE (payment.id IS NULL AND o.status <> 'ON_HOLD')
            OR payment.amount <> o.grand_total OR payment.currency <> o.currency
            OR (o.status, o.payment_status, payment.status) NOT IN (
                ('CONFIRMED', 'PENDING', 'PENDING'), ('PACKED', 'PENDING', 'PENDING'),
                ('OUT_FOR_DELIVERY', 'PENDING', 'PENDING'), ('DELIVERED', 'PAID', 'SUCCEEDED'),
                ('CANCELLED', 'FAILED', 'FAILED'), ('ON_HOLD', 'PENDING', 'PENDING'),
                ('CONFIRMED', 'PAID', 'SUCCEEDED'), ('PACKED', 'PAID', 'SUCCEEDED'),
                ('OUT_FOR_DELIVERY', 'PAID', 'SUCCEEDED'), ('CANCELLED', 'REFUNDED', 'REFUNDED'),
                ('CONFIRMED', 'PARTIALLY_REFUNDED', 'PARTIALLY_REFUNDED'),
                ('PACKED', 'PARTIALLY_REFUNDED', 'PARTIALLY_REFUNDED'),
                ('OUT_FOR_DELIVERY', 'PARTIALLY_REFUNDED', 'PARTIALLY_REFUNDED'),
                ('DELIVERED', 'PARTIALLY_REFUNDED', 'PARTIALLY_REFUNDED'))""",
    "deliveries agree with their orders": """
        SELECT o.id, o.status, delivery.status FROM orders_order o
        LEFT JOIN deliveries_delivery delivery ON delivery.order_id = o.id
        LEFT JOIN deliveries_stop stop ON stop.id = delivery.stop_id
        LEFT JOIN deliveries_route route ON route.id = stop.route_id
        LEFT JOIN deliveries_driver driver ON driver.id = route.driver_id
        LEFT JOIN core_pincode pincode ON pincode.code = o.pincode
        LEFT JOIN deliveries_hubarea area ON area.hub_id = delivery.hub_id AND area.pincode_id = pincode.id
        WHERE (area.id IS NULL AND o.status <> 'ON_HOLD')
            OR (driver.hub_id IS DISTINCT FROM delivery.hub_id AND delivery.status <> 'CANCELLED')
            OR ((delivery.delivery_date <> o.delivery_date OR delivery.slot_id <> o.slot_id)
                AND delivery.status <> 'FAILED')
            OR (o.status, delivery.status) NOT IN (
                ('CONFIRMED', 'ASSIGNED'), ('PACKED', 'ASSIGNED'), ('OUT_FOR_DELIVERY', 'PICKED_UP'),
                ('DELIVERED', 'DELIVERED'), ('CANCELLED', 'CANCELLED'), ('ON_HOLD', 'ASSIGNED'),
                ('CONFIRMED', 'FAILED'))""",
    "cash in hand is what was owed": """
        SELECT o.id FROM orders_order o JOIN deliveries_delivery delivery ON delivery.order_id = o.id
        JOIN payments_payment payment ON payment.order_id = o.id
        WHERE delivery.cash_collected
            <> CASE WHEN o.status = 'DELIVERED' AND payment.method = 'COD' THEN o.grand_total ELSE 0 END""",
    "what was delivered is a sale in the books": """
        SELECT o.id FROM orders_order o
        LEFT JOIN payments_ledgertransfer transfer ON transfer.key = o.number || '-sale'
        LEFT JOIN payments_ledgerentry entry ON entry.transfer_id = transfer.id
        GROUP BY o.id
        HAVING coalesce(sum(entry.amount), 0) <> CASE WHEN o.status = 'DELIVERED'
            THEN o.grand_total + o.discount_total ELSE 0 END""",
    "an order stands where its history ends": """
        SELECT o.id FROM orders_order o JOIN LATERAL (
            SELECT to_status, occurred_at FROM orders_orderstatuschange WHERE order_id = o.id ORDER BY id DESC LIMIT 1
        ) AS last ON true WHERE last.to_status <> o.status""",
    "history has no gaps and goes forward": """
        SELECT order_id FROM (
            SELECT order_id, from_status, occurred_at, lag(to_status, 1, '') OVER story AS before,
                lag(occurred_at) OVER story AS earlier
            FROM orders_orderstatuschange WINDOW story AS (PARTITION BY order_id ORDER BY id)
        ) AS step WHERE from_status <> before OR occurred_at < earlier""",
    "orders came in before the cut-off, on days that are open": """
        SELECT o.id FROM orders_order o JOIN core_deliveryslot slot ON slot.id = o.slot_id
        JOIN core_region region ON region.id = o.region_id
        LEFT JOIN core_holiday holiday ON holiday.region_id = region.id AND holiday.date = o.delivery_date
        WHERE holiday.id IS NOT NULL OR o.placed_at >= (o.delivery_date - slot.cutoff_days_before + slot.cutoff_time)
            AT TIME ZONE region.time_zone""",
    "no household has two orders for one slot": """
        SELECT customer_id, delivery_date, slot_id FROM orders_order GROUP BY 1, 2, 3 HAVING count(*) > 1""",
}


def drift() -> dict[str, list[tuple[Any, ...]]]:
    """The claims that do not hold, with some of the rows that break them."""
    broken: dict[str, list[tuple[Any, ...]]] = {}
    for region in Region.objects.all():
        for found in recount(region.pk):
            broken.setdefault(found.claim, []).append((found,))
    for currency in set(Region.objects.values_list("currency", flat=True)):
        for difference in recount_books(currency):
            broken.setdefault(difference.claim, []).append((difference,))
    with connection.cursor() as cursor:
        for claim, query in CLAIMS.items():
            cursor.execute(query)
            if rows := cursor.fetchmany(5):
                broken[claim] = rows
    return broken
