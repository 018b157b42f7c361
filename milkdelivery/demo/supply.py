"""What the dairies have while the past is played: goods on their shelves and orders on their days.

Kept in memory and written now and then. Goods come in at dawn, up to what a shelf is meant to hold; a shelf is never
promised empty, so the movements add up at every instant.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import connection
from django.db.models import Count

from deliveries.models import Delivery, Driver, HubArea
from deliveries.rules.planning import Load, next_driver
from inventory.models import Promise, Stock, StockMovement
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import DeliverySlot, Region
from milkdelivery.demo.copying import Row
from milkdelivery.demo.data.products import Supply
from milkdelivery.demo.habits import pieces_expected, supply_of
from milkdelivery.demo.hands import untouched
from vendors.models import CapacityUse, Offer, ServiceArea, Vendor
from vendors.rules import Candidate, choose

_CHANGES = """
UPDATE inventory_stock SET on_hand = on_hand + change.goods, reserved = reserved + change.promises
FROM unnest(%s::bigint[], %s::int[], %s::int[]) AS change (stock_id, goods, promises)
WHERE id = change.stock_id
"""

CRATE = 12
SCARCE = 7
"""Pieces that a dairy keeps of what is always nearly gone: less than the usual threshold of 10."""


def shelf_size(sku: str, *, households: int, region_code: str) -> int:
    """Pieces that a dairy wants to have at dawn: two busy days' worth for everybody, in full crates."""
    if supply_of(sku) != Supply.PLENTY:
        return SCARCE
    wanted = 2 * pieces_expected(sku, households=households, region_code=region_code)
    return CRATE * max(2, -(-wanted // CRATE))


@dataclass(slots=True)
class Shelf:
    """A stock row while the past is played. `available` is ahead of what has been written. What somebody has counted or
    filled by hand `is_theirs`: it is sold from, and neither filled nor cleared."""

    stock_id: int
    vendor_id: int
    variant_id: int
    size: int
    available: int
    is_theirs: bool = False
    on_hand_change: int = 0
    reserved_change: int = 0
    promised_change: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    """By delivery day."""


def _loose(stock: Stock) -> int:
    """What the past may take: goods in batches are those of the coming days, and wait for their orders."""
    return max(0, stock.unbatched - stock.reserved)


class Supplies:
    """Shelves of one region, and which dairy may fill what where."""

    def __init__(self, region: Region, *, households: int, since: date) -> None:
        self.by = Actor.system("demo")
        vendors = Vendor.objects.active().filter(region=region).order_by("pk")
        self.vendors: dict[int, Vendor] = {vendor.pk: vendor for vendor in vendors}
        offers = list(
            Offer.objects.filter(vendor__in=self.vendors, is_active=True).select_related("variant").order_by("pk")
        )
        self.shelves = self._shelves(region, offers, households)
        self.offering: dict[int, list[int]] = defaultdict(list)
        for offer in offers:
            self.offering[offer.variant_id].append(offer.vendor_id)
        self.serving: dict[str, set[int]] = defaultdict(set)
        areas = ServiceArea.objects.filter(vendor__in=self.vendors)
        for code, vendor_id in areas.values_list("pincode__code", "vendor_id"):
            self.serving[code].add(vendor_id)
        self.orders_on = self._orders(since)
        self.unwritten: set[date] = set()
        self.received_on: date | None = None
        self.received: list[Row] = []

    def _shelves(self, region: Region, offers: Sequence[Offer], households: int) -> dict[tuple[int, int], Shelf]:
        """The stock row of each offer, made where there is none yet."""
        Stock.objects.bulk_create(
            [Stock(vendor_id=offer.vendor_id, variant_id=offer.variant_id) for offer in offers], ignore_conflicts=True
        )
        stocks = {(s.vendor_id, s.variant_id): s for s in Stock.objects.filter(vendor__in=self.vendors).order_by("pk")}
        ours = {offer.pk for offer in untouched(offers)}
        shelves: dict[tuple[int, int], Shelf] = {}
        for offer in offers:
            pair = (offer.vendor_id, offer.variant_id)
            size = shelf_size(offer.variant.sku, households=households, region_code=region.code)
            shelves[pair] = Shelf(stocks[pair].pk, *pair, size, _loose(stocks[pair]), offer.pk not in ours)
        return shelves

    def _orders(self, since: date) -> dict[date, dict[int, int]]:
        """Orders of each dairy on the days from `since` on, as far as they are known."""
        orders: dict[date, dict[int, int]] = {}
        for use in CapacityUse.objects.filter(vendor__in=self.vendors, date__gte=since):
            orders.setdefault(use.date, dict.fromkeys(self.vendors, 0))[use.vendor_id] = use.orders
        return orders

    def receive(self, day: date, *, at: datetime) -> None:
        """Fill the shelves at the dawn of a day, once."""
        if self.received_on == day:
            return
        self.received_on = day
        for shelf in self.shelves.values():
            short = shelf.size - shelf.available
            if short > 0 and not shelf.is_theirs:
                self.received.append(
                    self.movement(shelf, StockMovement.Kind.RECEIVE, on_hand=short, reason="Morning goods", at=at)
                )
                shelf.available = shelf.size

    def take_received(self) -> list[Row]:
        """The goods that came in and are not written yet."""
        received, self.received = self.received, []
        return received

    def movement(
        self,
        shelf: Shelf,
        kind: str,
        *,
        at: datetime,
        on_hand: int = 0,
        reserved: int = 0,
        reason: str = "",
        reference: str = "",
        day: date | None = None,
        by: Actor | None = None,
    ) -> Row:
        """A movement to be written, counted on its shelf; `day` is when what is promised or sold is delivered."""
        shelf.on_hand_change += on_hand
        shelf.reserved_change += reserved
        if reserved and day is not None:
            shelf.promised_change[day] += reserved
        return {
            "stock_id": shelf.stock_id,
            "kind": kind,
            "on_hand_change": on_hand,
            "reserved_change": reserved,
            "reference": reference,
            "delivery_date": day,
            "reason": reason,
            "actor": (by or self.by).label,
            "occurred_at": at,
        }

    def assign(
        self, variant_id: int, *, quantity: int, pincode: str, on: date, chosen: set[int]
    ) -> tuple[Candidate, list[Candidate]] | None:
        """The dairy for a line, and those it was chosen from; None where nobody can fill it."""
        orders = self.orders_of(on)
        serving = self.serving.get(pincode, set())
        candidates = [
            Candidate(
                vendor_id=vendor_id,
                rating=self.vendors[vendor_id].rating,
                orders_that_day=orders[vendor_id],
                daily_order_limit=self.vendors[vendor_id].daily_order_limit,
                available=self.shelves[vendor_id, variant_id].available,
                name=self.vendors[vendor_id].name,
            )
            for vendor_id in self.offering.get(variant_id, ())
            if vendor_id in serving
        ]
        choice = choose(candidates, quantity=quantity, chosen=chosen)
        return (choice, candidates) if choice else None

    def orders_of(self, day: date) -> dict[int, int]:
        """Orders of each dairy on a delivery day, those of before included."""
        return self.orders_on.setdefault(day, dict.fromkeys(self.vendors, 0))

    def write(self) -> None:
        """Bring stock and capacity to what has been played."""
        moved = list(self.shelves.values())
        with connection.cursor() as cursor:
            cursor.execute(
                _CHANGES,
                [
                    [shelf.stock_id for shelf in moved],
                    [shelf.on_hand_change for shelf in moved],
                    [shelf.reserved_change for shelf in moved],
                ],
            )
        Promise.objects.add(
            {(shelf.stock_id, day): change for shelf in moved for day, change in shelf.promised_change.items()}
        )
        for shelf in moved:
            shelf.on_hand_change = shelf.reserved_change = 0
            shelf.promised_change.clear()
        CapacityUse.objects.bulk_create(
            [
                CapacityUse(vendor_id=vendor_id, date=day, orders=orders)
                for day in sorted(self.unwritten)
                for vendor_id, orders in self.orders_on[day].items()
            ],
            update_conflicts=True,
            unique_fields=["vendor", "date"],
            update_fields=["orders"],
        )
        self.unwritten.clear()


class Rounds:
    """The drivers of a region's hubs, and how much each has to do in one slot."""

    def __init__(self, region: Region, *, since: date) -> None:
        areas = HubArea.objects.filter(hub__region=region, hub__is_active=True)
        self.hub_of: Mapping[str, int] = dict(areas.values_list("pincode__code", "hub_id"))
        drivers = Driver.objects.filter(hub__region=region, is_active=True, user__is_active=True).order_by("pk")
        self.user_of: Mapping[int, int] = dict(drivers.values_list("pk", "user_id"))
        self.drivers_at: dict[int, list[int]] = defaultdict(list)
        for driver_id, hub_id in drivers.values_list("pk", "hub_id"):
            self.drivers_at[hub_id].append(driver_id)
        self.known = self._known(since)
        self.loads: dict[int, int] = {}

    def _known(self, since: date) -> dict[tuple[int, date], dict[int, int]]:
        """Deliveries by slot, day and driver, from `since` on."""
        found: dict[tuple[int, date], dict[int, int]] = {}
        taken = Delivery.objects.filter(stop__route__driver__in=self.user_of, delivery_date__gte=since)
        of_whom = ("slot_id", "delivery_date", "stop__route__driver_id")
        by_driver = taken.exclude(status=Delivery.Status.CANCELLED).values_list(*of_whom)
        for slot_id, day, driver_id, number in by_driver.annotate(number=Count("pk")).order_by():
            if driver_id is not None:
                found.setdefault((slot_id, day), {})[driver_id] = number
        return found

    def begin(self, slot: DeliverySlot, day: date) -> None:
        """What the drivers already have in this slot."""
        self.loads = dict.fromkeys(self.user_of, 0) | self.known.get((slot.pk, day), {})

    def next(self, hub_id: int) -> int | None:
        """Give one more delivery to the hub's least busy driver."""
        driver_id = next_driver([Load(driver_id, self.loads[driver_id]) for driver_id in self.drivers_at[hub_id]])
        if driver_id is not None:
            self.loads[driver_id] += 1
        return driver_id
