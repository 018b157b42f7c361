"""Two people price the same pack for the same days at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from catalog.actions import prices, save_price
from catalog.actions.prices import PriceOverlap
from catalog.models import PriceListEntry, Variant, VariantQuerySet
from milkdelivery.core.actors import Actor
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.catalog import VariantFactory
from tests.factories.core import RegionFactory

pytestmark = pytest.mark.django_db(transaction=True)


def race(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """Both look, and then both write."""
    variant, region, meeting = VariantFactory(), RegionFactory(), Meeting(2)
    look = prices._entries

    def slow(*args: Any) -> Any:
        found = look(*args)
        meeting.wait()
        return found

    monkeypatch.setattr(prices, "_entries", slow)

    def work(first: date) -> Callable[[], object]:
        entry = PriceListEntry(
            variant=variant, region=region, price=3000, valid_from=first, valid_until=date(2030, 3, 1)
        )
        entry.region.refresh_from_db()
        return lambda: save_price(entry, by=Actor.system("tests"))

    return in_threads(work(date(2030, 1, 1)), work(date(2030, 2, 1)))


def test_without_the_lock_two_prices_hold_on_one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VariantQuerySet, "locked", lambda queryset, pk: Variant.objects.get(pk=pk))
    assert race(monkeypatch) == []
    assert PriceListEntry.objects.in_force(region_id=RegionFactory().pk, on=date(2030, 2, 15)).count() == 2


def test_one_of_two_overlapping_prices_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [type(problem) for problem in race(monkeypatch)] == [PriceOverlap]
    assert PriceListEntry.objects.count() == 1
