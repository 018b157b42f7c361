"""What a household drinks: pure functions of the seed, the household's place in the row, and the day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from random import Random

from milkdelivery.core.models import DeliverySlot
from milkdelivery.demo.data.geography import BENGALURU
from milkdelivery.demo.data.products import PRODUCTS, Pack, Supply

# How often an order has something of a category beside the milk, in per cent; and how much more so at the weekend.
_EXTRAS = {"curd": 28, "paneer": 8, "butter": 4, "ghee": 2, "other": 6}
_AT_WEEKENDS = {"curd": 1, "paneer": 2, "butter": 1, "ghee": 1, "other": 4}
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Habits:
    """`daily` is the chance of an order on a day, in per cent. Away `away_days` out of every `AWAY_CYCLE`."""

    slot: str
    milk: tuple[tuple[str, int], ...]
    daily: int
    away_days: int
    away_phase: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to come on one day: pieces by SKU, and the chance that decides everything else about the order."""

    pieces: Mapping[str, int]
    chance: Random


AWAY_CYCLE = 75
"""Days from one holiday of a household to its next."""

THE_HOUSEHOLD = Habits(DeliverySlot.Code.MORNING, (("MLK-TON-1000", 1),), daily=100, away_days=0, away_phase=0)
"""Whoever tries the demo finds an order on every day."""


@cache
def packs_by_category(region_code: str) -> Mapping[str, Sequence[Pack]]:
    """What a region's households choose from."""
    packs: dict[str, list[Pack]] = {}
    for product in PRODUCTS:
        for pack in product.packs:
            if region_code == BENGALURU.code or pack.abroad is not None:
                packs.setdefault(product.category, []).append(pack)
    return packs


@cache
def supply_of(sku: str) -> Supply:
    """How much of a pack the dairies keep; plenty of what others have added to the catalogue."""
    return next((pack.supply for plan in PRODUCTS for pack in plan.packs if pack.sku == sku), Supply.PLENTY)


def habits_of(index: int, *, seed: int, region_code: str) -> Habits:
    """The habits of the household at `index`; 0 is the one that visitors sign in as."""
    if index == 0:
        return THE_HOUSEHOLD
    chance = Random(f"{seed}/habits/{index}")
    milk = {_choose("milk", region_code, chance).sku: chance.choices((1, 2, 3), (62, 31, 7))[0]}
    if chance.randrange(100) < 15:
        milk.setdefault(_choose("milk", region_code, chance).sku, 1)
    return Habits(
        slot=DeliverySlot.Code.EVENING if chance.randrange(100) < 12 else DeliverySlot.Code.MORNING,
        milk=tuple(milk.items()),
        daily=chance.randint(72, 97),
        away_days=chance.choice((0, 0, 0, 3, 4, 6, 8)),
        away_phase=chance.randrange(AWAY_CYCLE),
    )


def wish_for(day: date, *, index: int, habits: Habits, seed: int, region_code: str) -> Wish | None:
    """What the household wants on a day; None on a day without."""
    if (day.toordinal() + habits.away_phase) % AWAY_CYCLE < habits.away_days:
        return None
    chance = Random(f"{seed}/day/{index}/{day}")
    if chance.randrange(100) >= habits.daily:
        return None
    pieces = dict(habits.milk)
    is_weekend = day.weekday() >= SATURDAY
    for category, percent in _EXTRAS.items():
        if chance.randrange(100) < percent * (_AT_WEEKENDS[category] if is_weekend else 1):
            if category not in packs_by_category(region_code):
                continue
            sku = _choose(category, region_code, chance).sku
            pieces[sku] = pieces.get(sku, 0) + (2 if chance.randrange(100) < 15 else 1)
    return Wish(pieces, chance)


def pieces_expected(sku: str, *, households: int, region_code: str) -> int:
    """Roughly how many pieces of a pack a region's households take on a weekend day."""
    for category, packs in packs_by_category(region_code).items():
        for pack in packs:
            if pack.sku == sku:
                percent = 150 if category == "milk" else _EXTRAS[category] * _AT_WEEKENDS[category] * 2
                return -(-households * percent * pack.wanted // (100 * sum(other.wanted for other in packs)))
    return 0


def _choose(category: str, region_code: str, chance: Random) -> Pack:
    packs = packs_by_category(region_code)[category]
    return chance.choices(packs, [pack.wanted for pack in packs])[0]
