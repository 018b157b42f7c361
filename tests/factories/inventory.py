"""Stock, with the movements that explain it."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import factory
from factory.django import DjangoModelFactory

from inventory.actions import receive, receive_supply, set_on_hand
from inventory.models import DailySupply, Stock
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from tests.factories.catalog import VariantFactory
from tests.factories.vendors import VendorFactory


class StockFactory(DjangoModelFactory):
    """`on_hand` pieces, received by the action, so that stock equals its movements. The same pair again adds."""

    class Meta:
        model = Stock

    vendor = factory.SubFactory(VendorFactory)
    variant = factory.SubFactory(VariantFactory)
    on_hand = 100

    @classmethod
    def _create(cls, model_class: type[Stock], *args: Any, **kwargs: Any) -> Stock:
        vendor, variant, on_hand = kwargs.pop("vendor"), kwargs.pop("variant"), kwargs.pop("on_hand")
        if on_hand:
            stock = receive(
                vendor_id=vendor.pk, variant_id=variant.pk, quantity=on_hand, by=Actor.system("tests"), reason="Test"
            )
        else:
            stock, _ = Stock.objects.get_or_create(vendor=vendor, variant=variant)
        if kwargs:
            Stock.objects.filter(pk=stock.pk).update(**kwargs)
            stock.refresh_from_db()
        return stock


def count_shelves(on_hand: int, **which: Any) -> None:
    """So many pieces stand on these shelves (all, if none are named): they were counted just now."""
    for stock in Stock.objects.filter(**which).order_by("pk"):
        set_on_hand(
            vendor_id=stock.vendor_id,
            variant_id=stock.variant_id,
            quantity=on_hand,
            by=Actor.system("tests"),
            reason="Counted",
        )


def milk_comes(quantity: int, *, on: date, vendor_id: int, variant_id: int) -> DailySupply:
    """What was planned for the day comes in, in the night before it is delivered (or now, where that has passed)."""
    night = datetime.combine(on, time(1), ZoneInfo("Asia/Kolkata"))
    with clock.override(max(clock.now(), night)):
        return receive_supply(
            vendor_id=vendor_id, variant_id=variant_id, on=on, quantity=quantity, by=Actor.system("tests")
        )
