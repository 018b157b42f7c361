"""Stock, with the movements that explain it."""

from __future__ import annotations

from typing import Any

import factory
from factory.django import DjangoModelFactory

from inventory.actions import receive
from inventory.models import Stock
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
