"""Recounting stock from its logs. Each claim is one statement, so it sees one moment, however busy the day is."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection

LONGEST_REPORT = 500
"""Differences that a report names: after so many, something larger is wrong."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What a row says against what its log adds up to. `subject` tells which row of the shelf: a day, a batch."""

    claim: str
    stock_id: int
    subject: str
    row: int
    counted: int

    def to_data(self) -> dict[str, Any]:
        return asdict(self)


# Each gives (stock id, subject, what the row says, what was counted).
CLAIMS: Mapping[str, str] = {
    "on_hand": """
        SELECT stock.id, '', stock.on_hand, coalesce(sum(movement.on_hand_change), 0)
        FROM inventory_stock stock
        JOIN vendors_vendor vendor ON vendor.id = stock.vendor_id AND vendor.region_id = %(region)s
        LEFT JOIN inventory_stockmovement movement ON movement.stock_id = stock.id
        GROUP BY stock.id HAVING stock.on_hand <> coalesce(sum(movement.on_hand_change), 0)""",
    "reserved": """
        SELECT stock.id, '', stock.reserved, coalesce(sum(movement.reserved_change), 0)
        FROM inventory_stock stock
        JOIN vendors_vendor vendor ON vendor.id = stock.vendor_id AND vendor.region_id = %(region)s
        LEFT JOIN inventory_stockmovement movement ON movement.stock_id = stock.id
        GROUP BY stock.id HAVING stock.reserved <> coalesce(sum(movement.reserved_change), 0)""",
    "batched": """
        SELECT stock.id, '', stock.batched, coalesce(sum(batch.remaining), 0)
        FROM inventory_stock stock
        JOIN vendors_vendor vendor ON vendor.id = stock.vendor_id AND vendor.region_id = %(region)s
        LEFT JOIN inventory_batch batch ON batch.stock_id = stock.id
        GROUP BY stock.id HAVING stock.batched <> coalesce(sum(batch.remaining), 0)""",
    # Not a sum either: what is in no batch would never expire.
    "in_a_batch": """
        SELECT stock.id, '', stock.on_hand, stock.batched
        FROM inventory_stock stock
        JOIN vendors_vendor vendor ON vendor.id = stock.vendor_id AND vendor.region_id = %(region)s
        WHERE stock.on_hand <> stock.batched""",
    "promised_for_day": """
        SELECT stock.id, day::text, coalesce(held.quantity, 0), coalesce(moved.quantity, 0)
        FROM (
            SELECT stock_id, delivery_date AS day, quantity FROM inventory_promise
        ) AS held FULL JOIN (
            SELECT stock_id, delivery_date AS day, sum(reserved_change) AS quantity
            FROM inventory_stockmovement WHERE delivery_date IS NOT NULL GROUP BY 1, 2
        ) AS moved USING (stock_id, day)
        JOIN inventory_stock stock ON stock.id = stock_id
        JOIN vendors_vendor vendor ON vendor.id = stock.vendor_id AND vendor.region_id = %(region)s
        WHERE coalesce(held.quantity, 0) <> coalesce(moved.quantity, 0)""",
    "batch": """
        SELECT stock.id, batch.code, batch.remaining, coalesce(sum(movement.on_hand_change), 0)
        FROM inventory_batch batch JOIN inventory_stock stock ON stock.id = batch.stock_id
        JOIN vendors_vendor vendor ON vendor.id = stock.vendor_id AND vendor.region_id = %(region)s
        LEFT JOIN inventory_stockmovement movement ON movement.batch_id = batch.id
        GROUP BY stock.id, batch.id HAVING batch.remaining <> coalesce(sum(movement.on_hand_change), 0)""",
    "batch_received": """
        SELECT stock.id, batch.code, batch.received, coalesce(sum(movement.on_hand_change), 0)
        FROM inventory_batch batch JOIN inventory_stock stock ON stock.id = batch.stock_id
        JOIN vendors_vendor vendor ON vendor.id = stock.vendor_id AND vendor.region_id = %(region)s
        LEFT JOIN inventory_stockmovement movement ON movement.batch_id = batch.id AND (
            movement.kind = 'RECEIVE'
            OR batch.days_presumed AND movement.kind IN ('ADJUST', 'SET') AND movement.on_hand_change > 0)
        GROUP BY stock.id, batch.id HAVING batch.received <> coalesce(sum(movement.on_hand_change), 0)""",
    "batch_in_order": """
        SELECT stock.id, batch.code || ' ' || reference, coalesce(used.quantity, 0), coalesce(moved.quantity, 0)
        FROM (
            SELECT batch_id, reference, quantity FROM inventory_batchuse
        ) AS used FULL JOIN (
            SELECT batch_id, reference, -sum(on_hand_change) AS quantity
            FROM inventory_stockmovement WHERE batch_id IS NOT NULL AND reference <> '' GROUP BY 1, 2
        ) AS moved USING (batch_id, reference)
        JOIN inventory_batch batch ON batch.id = batch_id
        JOIN inventory_stock stock ON stock.id = batch.stock_id
        JOIN vendors_vendor vendor ON vendor.id = stock.vendor_id AND vendor.region_id = %(region)s
        WHERE coalesce(used.quantity, 0) <> coalesce(moved.quantity, 0)""",
    "supply_promised": """
        SELECT stock.id, supply.date::text, supply.promised, coalesce(sum(promise.quantity), 0)
        FROM inventory_dailysupply supply JOIN inventory_stock stock ON stock.id = supply.stock_id
        JOIN vendors_vendor vendor ON vendor.id = stock.vendor_id AND vendor.region_id = %(region)s
        LEFT JOIN inventory_supplypromise promise ON promise.supply_id = supply.id
        GROUP BY stock.id, supply.id HAVING supply.promised <> coalesce(sum(promise.quantity), 0)""",
    # Not a sum but a promise: for every day, what is promised from it on must last until it.
    "keepable": """
        SELECT stock.id, held.delivery_date::text, held.later, lasting.pieces
        FROM inventory_stock stock
        JOIN vendors_vendor vendor ON vendor.id = stock.vendor_id AND vendor.region_id = %(region)s
        JOIN LATERAL (
            SELECT delivery_date, sum(quantity) OVER (ORDER BY delivery_date DESC) AS later
            FROM inventory_promise WHERE stock_id = stock.id AND quantity > 0
        ) AS held ON true
        JOIN LATERAL (
            SELECT stock.on_hand - coalesce(sum(remaining), 0) AS pieces FROM inventory_batch
            WHERE stock_id = stock.id AND remaining > 0 AND expires_on < held.delivery_date
        ) AS lasting ON true
        WHERE held.later > lasting.pieces""",
}


def recount(region_id: int) -> Iterator[Drift]:
    """Everything in a region's stock that does not agree, claim by claim."""
    with connection.cursor() as cursor:
        for claim, statement in CLAIMS.items():
            cursor.execute(statement, {"region": region_id})
            for stock_id, subject, row, counted in cursor.fetchall():
                yield Drift(claim, stock_id, subject, row, int(counted))
