"""What people have done with shelves and plans of the demo: a later start and the worker leave that alone."""

from collections.abc import Iterable
from datetime import date, timedelta

from inventory.models import Stock, StockMovement
from milkdelivery.core import clock
from milkdelivery.core.models import Event
from milkdelivery.core.rules import HORIZON_DAYS
from milkdelivery.demo.data.products import PRODUCTS
from vendors.models import Offer

_BY_HAND = (
    StockMovement.Kind.RECEIVE,
    StockMovement.Kind.ADJUST,
    StockMovement.Kind.SET,
    StockMovement.Kind.SPOIL,
)
"""How people change a shelf. Selling and taking back are the business of an order, whoever does it."""

_SKUS = frozenset(pack.sku for product in PRODUCTS for pack in product.packs)


def untouched(offers: Iterable[Offer]) -> list[Offer]:
    """Those of the demo's own packs whose shelves nobody has counted, filled or emptied by hand. One query."""
    moved = StockMovement.objects.filter(actor__startswith="user:", kind__in=_BY_HAND)
    stocks = Stock.objects.filter(pk__in=moved.values("stock"))
    theirs = set(stocks.values_list("vendor_id", "variant_id"))
    return [each for each in offers if is_ours(each) and (each.vendor_id, each.variant_id) not in theirs]


def is_ours(offer: Offer) -> bool:
    """Whether the demo brought the pack along: what people have added to the catalogue is theirs to fill."""
    return offer.variant.sku in _SKUS


def said_by_people() -> set[tuple[int, int, date]]:
    """The days, by (vendor, variant, day), whose supply somebody has planned or called off by hand. Two queries."""
    since = clock.now() - timedelta(days=HORIZON_DAYS + 1)  # who spoke before spoke of days that have passed
    words = Event.objects.named("supply.planned").filter(actor_id__isnull=False, occurred_at__gte=since)
    said = [(data["stock_id"], date.fromisoformat(data["date"])) for data in words.values_list("data", flat=True)]
    stocks = Stock.objects.filter(pk__in={pk for pk, _day in said}).values_list("pk", "vendor_id", "variant_id")
    pairs = {pk: (vendor_id, variant_id) for pk, vendor_id, variant_id in stocks}
    return {(*pairs[pk], day) for pk, day in said if pk in pairs}
