"""What can't be sold because nobody has said what tax it bears."""

from collections.abc import Mapping
from datetime import date, timedelta

from catalog.queries.shelf import priced_packs
from milkdelivery.core import clock
from milkdelivery.core.models import Region, TaxRate
from milkdelivery.core.rules import HORIZON_DAYS


def untaxed_packs(region: Region) -> Mapping[int, date]:
    """Packs on sale with a price in the region that no tax rate covers on some day that can be ordered: the first such
    day, by variant.

    A day lacks a rate that the day before had only where a rate ends, so only those days are looked at: one query each.
    """
    today = clock.today(region)
    last = today + timedelta(days=HORIZON_DAYS)
    ends = TaxRate.objects.filter(region=region, valid_until__gte=today, valid_until__lt=last)
    found: dict[int, date] = {}
    for day in sorted({today, *(end + timedelta(days=1) for end in ends.values_list("valid_until", flat=True) if end)}):
        packs = priced_packs(region=region, on=day).on_sale().untaxed(region_id=region.pk, on=day)
        for pk in packs.values_list("pk", flat=True):
            found.setdefault(pk, day)
    return found
