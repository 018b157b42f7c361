"""What the worker does for a demo that runs on, and nowhere else."""

from collections import Counter

from django.conf import settings

from milkdelivery.core.queries import load_region_book
from milkdelivery.demo.dairies import plan_ahead
from milkdelivery.demo.households import residents
from milkdelivery.demo.loading import state


def plan_milk() -> int:
    """Say how much milk there will be on the days that can be ordered since midnight; how many shelves and days.

    Nothing outside of a demo. What people have planned or called off stays. Safe to run twice and together.
    """
    known = state() if settings.MILK_ENV == "demo" else None
    if known is None:
        return 0
    book = load_region_book()
    markets = Counter(each.region_id for each in residents(known.household_ids, seed=known.seed, book=book))
    return sum(plan_ahead(book.regions[pk], households=number) for pk, number in sorted(markets.items()))
