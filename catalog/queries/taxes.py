"""What can't be sold because nobody has said what tax it bears."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from catalog.queries.shelf import priced_packs
from milkdelivery.core import clock
from milkdelivery.core.models import Region, TaxRate
from milkdelivery.core.rules import HORIZON_DAYS, Span


@dataclass(frozen=True, slots=True)
class LosingPack:
    """A pack on sale that nobody would know the tax of from a day on."""

    name: str
    since: date


def packs_losing(rate: TaxRate, span: Span) -> list[LosingPack]:
    """Packs on sale whose tax nobody would know on some day, were this rate to hold on the days of `span` alone; the
    soonest day first, then as they stand on the shelf.

    `rate` is as it is stored. Past days are not looked at. A pack loses its tax on a day that the rate leaves, or where
    another one that covered for it ends there: one query for each of those.
    """
    today = clock.today(rate.region)
    others = TaxRate.objects.filter(region_id=rate.region_id).exclude(pk=rate.pk)
    ends = [*others.values_list("valid_until", flat=True), span.last]
    days = {rate.valid_from, today, *(end + timedelta(days=1) for end in ends if end not in (None, date.max))}
    found: dict[int, LosingPack] = {}
    for day in sorted(each for each in days if each >= today and rate.span.covers(each) and not span.covers(each)):
        where = {"region_id": rate.region_id, "on": day}
        packs = priced_packs(region=rate.region, on=day).on_sale().taxed(**where).untaxed(**where, without=rate.pk)
        shelf = packs.order_by("product__category__position", "product__position", "position", "pk")
        for pk, product, name in shelf.values_list("pk", "product__name", "name"):
            found.setdefault(pk, LosingPack(f"{product} {name}", day))
    return list(found.values())


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
