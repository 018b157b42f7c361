"""What the dairies do by the day: goods of tomorrow come in as batches, the milk of later days is said beforehand."""

from collections.abc import Mapping
from datetime import date, timedelta

from django.db import transaction

from inventory.actions import BatchFacts, date_goods, plan_supply, receive, receive_supply, take_away
from inventory.models import DailySupply, Stock
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import Region
from milkdelivery.core.rules import HORIZON_DAYS
from milkdelivery.demo.data.products import Supply
from milkdelivery.demo.habits import supply_of
from milkdelivery.demo.hands import is_ours, said_by_people
from milkdelivery.demo.supply import shelf_size
from vendors.models import Offer

DAIRY = Actor.system("demo")
BY_THE_DAY = "milk"
"""The category that is made for its day; the rest keeps."""

FIRST_MILK = 3
"""How many days from now on milk is planned by the day. Tomorrow's and what may follow a holiday is on the shelf."""

LEAST_LIFE = 3
"""Days that tomorrow's goods are good for at least, so that a closed day in between does no harm."""


def bring(offer: Offer, quantity: int) -> None:
    """Goods for tomorrow, as a batch of today with the life of the pack."""
    today = clock.today(offer.vendor.region)
    life = max(LEAST_LIFE, offer.variant.shelf_life_days)
    receive(
        vendor_id=offer.vendor_id,
        variant_id=offer.variant_id,
        quantity=quantity,
        batch=BatchFacts(
            code=f"{today:%y%m%d}-{offer.variant.sku}"[:40], produced_on=today, expires_on=today + timedelta(days=life)
        ),
        reason="Goods for tomorrow",
        by=DAIRY,
    )


def plan_ahead(region: Region, *, households: int) -> int:
    """Say how much there will be on the days that what is on the shelf doesn't last until, as far as can be ordered;
    of how many shelves and days.

    Days that something is said of stay as they are, and so do those that somebody has called off. Safe to repeat.
    """
    today = clock.today(region)
    supplies = DailySupply.objects.filter(date__gte=today)
    known = set(supplies.values_list("stock__vendor_id", "stock__variant_id", "date")) | said_by_people()
    planned = 0
    offers = Offer.objects.filter(vendor__region=region, vendor__is_active=True, is_active=True)
    for offer in offers.select_related("variant__product__category").order_by("pk"):
        if supply_of(offer.variant.sku) != Supply.PLENTY or not is_ours(offer):
            continue
        size = shelf_size(offer.variant.sku, households=households, region_code=region.code)
        is_milk = offer.variant.product.category.slug == BY_THE_DAY
        first = FIRST_MILK if is_milk else offer.variant.shelf_life_days + 1
        for day in (today + timedelta(days=ahead) for ahead in range(first, HORIZON_DAYS + 1)):
            if (offer.vendor_id, offer.variant_id, day) not in known:
                planned += _plan(offer, day, size)
    return planned


def _plan(offer: Offer, day: date, quantity: int) -> bool:
    """Say it, unless somebody has said something of the day this very moment."""
    pair = (offer.vendor_id, offer.variant_id)
    with transaction.atomic():
        Stock.objects.locked([pair])
        if DailySupply.objects.filter(stock__vendor_id=pair[0], stock__variant_id=pair[1], date=day).exists():
            return False
        plan_supply(vendor_id=pair[0], variant_id=pair[1], on=day, quantity=quantity, by=DAIRY)
    return True


def put_away(sizes: Mapping[tuple[int, int], int]) -> None:
    """What the past has left, by (vendor, variant), gets its last day; what is more than the shelf holds goes back."""
    for (vendor_id, variant_id), size in sizes.items():
        pair = {"vendor_id": vendor_id, "variant_id": variant_id}
        if date_goods(**pair, by=DAIRY):
            surplus = Stock.objects.get(**pair).available - size
            if surplus > 0:
                take_away(**pair, quantity=surplus, by=DAIRY, reason="Taken back to the dairy")


def receive_due() -> int:
    """The milk of days that have come is on the shelf, as much as was promised; how many supplies. Safe to repeat."""
    due = [
        supply
        for supply in DailySupply.objects.open().select_related("stock__vendor__region").order_by("date", "pk")
        if supply.date <= clock.today(supply.stock.vendor.region)
    ]
    for supply in due:
        stock: Stock = supply.stock
        receive_supply(
            vendor_id=stock.vendor_id,
            variant_id=stock.variant_id,
            on=supply.date,
            quantity=supply.promised,
            reason="Milk of the day",
            by=DAIRY,
        )
    return len(due)
