"""Two admins at one dairy, or at one name, at the same moment."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from milkdelivery.core.actors import Actor
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.vendors import VendorFactory
from vendors.actions import NameInUse, change_vendor, dairies, save_vendor
from vendors.models import Vendor, VendorQuerySet

pytestmark = pytest.mark.django_db(transaction=True)

ME = Actor.system("tests")


def edited_at_once(monkeypatch: pytest.MonkeyPatch, edit: Callable[..., object]) -> tuple[str, int]:
    """One admin moves the dairy, another gives it more orders a day; each has read it before either writes."""
    vendor, meeting = VendorFactory(address="Before", daily_order_limit=100), Meeting(2)
    look = dairies._ensure_licensed  # both pass here between the look and the write

    def slow(of: Vendor) -> None:
        meeting.wait()
        look(of)

    monkeypatch.setattr(dairies, "_ensure_licensed", slow)
    changes = ({"address": "After"}, {"daily_order_limit": 250})
    assert in_threads(*(lambda each=each: edit(vendor.pk, each) for each in changes)) == []
    vendor.refresh_from_db()
    return vendor.address, vendor.daily_order_limit


def whole_row(pk: int, changes: dict[str, object]) -> None:
    vendor = Vendor.objects.get(pk=pk)
    for name, value in changes.items():
        setattr(vendor, name, value)
    save_vendor(vendor, by=ME)


def test_without_the_lock_the_whole_row_loses_one_of_two_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VendorQuerySet, "lock_identities", lambda queryset: None)
    assert edited_at_once(monkeypatch, whole_row) in (("After", 100), ("Before", 250))


def test_two_changes_of_one_dairy_are_both_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = edited_at_once(monkeypatch, lambda pk, changes: change_vendor(pk, changes=changes, by=ME))
    assert kept == ("After", 250)
    history = Vendor.objects.get().history.order_by("history_id")
    told = [(each.address, each.daily_order_limit) for each in history][1:]
    assert told in ([("After", 100), ("After", 250)], [("Before", 250), ("After", 250)])


def named_at_once(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """Two new dairies of one name in other letters; both look before either writes."""
    meeting = Meeting(2)
    region = VendorFactory().region
    look = dairies._ensure_its_own

    def slow(of: Vendor) -> None:
        look(of)
        meeting.wait()

    monkeypatch.setattr(dairies, "_ensure_its_own", slow)
    made = [VendorFactory.build(name=name, region=region) for name in ("Kaveri Dairy", "kaveri dairy")]
    return in_threads(*(lambda each=each: save_vendor(each, by=ME) for each in made))


def test_without_the_lock_one_name_is_given_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VendorQuerySet, "lock_identities", lambda queryset: None)
    assert named_at_once(monkeypatch) == []
    assert Vendor.objects.filter(name__iexact="kaveri dairy").count() == 2


def test_one_of_two_takes_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [type(problem) for problem in named_at_once(monkeypatch)] == [NameInUse]
    assert Vendor.objects.filter(name__iexact="kaveri dairy").count() == 1
