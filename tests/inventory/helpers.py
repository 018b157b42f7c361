"""Short words for what the tests of stock do."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from catalog.models import Variant
from inventory import actions
from inventory.actions import BatchFacts
from inventory.models import Batch, DailySupply, Stock
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from vendors.models import Vendor

ME = Actor.system("tests")


def march(day: int) -> date:
    return date(2026, 3, day)


def batch(code: str, *, expires: int, produced: int = 1) -> BatchFacts:
    return BatchFacts(code=code, produced_on=march(produced), expires_on=march(expires))


def batches() -> QuerySet[Batch]:
    """Those that somebody named: without what a shelf began with."""
    return Batch.objects.filter(days_presumed=False)


class Shelf:
    """One shelf and what is done to it; days are days of March 2026."""

    def __init__(self, vendor: Vendor, variant: Variant) -> None:
        self.key: dict[str, Any] = {"vendor_id": vendor.pk, "variant_id": variant.pk}
        self.pair = (vendor.pk, variant.pk)

    @property
    def row(self) -> Stock:
        return Stock.objects.get(**self.key)

    def receive(self, quantity: int, facts: BatchFacts | None = None) -> Stock:
        return actions.receive(**self.key, quantity=quantity, batch=facts, by=ME)

    def plan(self, quantity: int, *, on: int) -> DailySupply:
        return actions.plan_supply(**self.key, quantity=quantity, on=march(on), by=ME)

    def receive_supply(self, quantity: int, *, on: int, facts: BatchFacts | None = None) -> DailySupply:
        """On the morning of its day, if that is yet to come."""
        morning = datetime.combine(march(on), time(9), ZoneInfo("Asia/Kolkata"))
        with clock.override(max(clock.now(), morning)):
            return actions.receive_supply(**self.key, quantity=quantity, on=march(on), batch=facts, by=ME)

    def left(self, *, on: int) -> int:
        with transaction.atomic():
            return actions.lock_available([self.pair], on=march(on))[self.pair]

    def promise(self, reference: str, quantity: int, *, on: int) -> None:
        with transaction.atomic():
            actions.reserve({self.pair: quantity}, on=march(on), reference=reference, by=ME)


def release(reference: str, **options: Any) -> None:
    with transaction.atomic():
        actions.release(reference=reference, by=ME, **options)


def sell(reference: str) -> None:
    with transaction.atomic():
        actions.sell(reference=reference, by=ME)


def take_back(reference: str) -> None:
    with transaction.atomic():
        actions.take_back(reference=reference, by=ME, reason="Came back")
