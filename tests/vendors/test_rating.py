"""A dairy's rating is the average of all that households gave it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.errors import InvalidInput
from milkdelivery.core.models import Event
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.vendors import VendorFactory
from vendors.actions import record_rating
from vendors.models import Vendor, VendorQuerySet

HOUSEHOLD = Actor.user(901, Role.CUSTOMER)


@pytest.mark.django_db
def test_stars_are_averaged_to_two_places() -> None:
    vendor = VendorFactory(rating=0)
    ratings = [record_rating(vendor.pk, stars, by=HOUSEHOLD).rating for stars in (5, 4, 4)]
    assert ratings == [Decimal("5.00"), Decimal("4.50"), Decimal("4.33")]
    vendor.refresh_from_db()
    assert (vendor.rating, vendor.rating_count, vendor.rating_stars) == (Decimal("4.33"), 3, 13)
    assert Event.objects.filter(name="vendor.rated").count() == 3


@pytest.mark.django_db
@pytest.mark.parametrize("stars", [-1, 0, 6])
def test_other_than_one_to_five_stars_are_refused(stars: int) -> None:
    vendor = VendorFactory(rating=0)
    with pytest.raises(InvalidInput):
        record_rating(vendor.pk, stars, by=HOUSEHOLD)
    assert Vendor.objects.get(pk=vendor.pk).rating_count == 0


def rate_at_once(vendor_id: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Two households rate at once, both having looked before either writes where no lock keeps them apart."""
    meeting, save = Meeting(2), Vendor.save

    def slow(vendor: Vendor, *args: Any, **kwargs: Any) -> None:
        meeting.wait()
        save(vendor, *args, **kwargs)

    monkeypatch.setattr(Vendor, "save", slow)
    assert in_threads(*[lambda: record_rating(vendor_id, 5, by=HOUSEHOLD)] * 2) == []
    return Vendor.objects.get(pk=vendor_id).rating_count


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_one_of_two_ratings_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    vendor = VendorFactory(rating=0)
    monkeypatch.setattr(VendorQuerySet, "locked", lambda vendors, pk: vendors.get(pk=pk))
    assert rate_at_once(vendor.pk, monkeypatch) == 1


@pytest.mark.django_db(transaction=True)
def test_two_ratings_at_once_both_count(monkeypatch: pytest.MonkeyPatch) -> None:
    vendor = VendorFactory(rating=0)
    assert rate_at_once(vendor.pk, monkeypatch) == 2
