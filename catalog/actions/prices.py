"""Writes of the price list."""

from datetime import date

from django.db import transaction

from catalog.events import PriceChanged
from catalog.models import PriceListEntry, Variant
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from milkdelivery.core.models import Region
from milkdelivery.core.money import Money


def save_price(entry: PriceListEntry, *, by: Actor) -> PriceListEntry:
    """Create or change an entry of the price list. Emits PriceChanged."""
    with transaction.atomic():
        entry.save()
        emit(PriceChanged(entry.variant_id, entry.region_id, entry.price, entry.valid_from), actor=by)
    return entry


def set_price(
    variant: Variant, *, region: Region, price: Money, valid_from: date, by: Actor, **terms: Money | date | None
) -> PriceListEntry:
    """Price a variant in a region from a delivery day on. The same day again replaces it. Emits PriceChanged.

    `terms` may hold mrp, deposit and valid_until.
    """
    with transaction.atomic():
        entry, _created = PriceListEntry.objects.update_or_create(
            variant=variant, region=region, valid_from=valid_from, defaults={"price": price, **terms}
        )
        emit(PriceChanged(variant.pk, region.pk, price, valid_from), actor=by)
    return entry
