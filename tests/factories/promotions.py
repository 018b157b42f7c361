"""Promotions and their codes."""

from __future__ import annotations

from datetime import date

import factory
from factory.django import DjangoModelFactory

from catalog.models import PromoCode, Promotion
from tests.factories.core import RegionFactory


class PromotionFactory(DjangoModelFactory):
    """Ten percent off everything in Bengaluru, since long ago."""

    class Meta:
        model = Promotion

    name = factory.Sequence(lambda n: f"Offer {n}")
    region = factory.SubFactory(RegionFactory)
    kind = "PERCENT"
    percent = factory.Maybe("is_percent", 10, None)
    starts_on = date(2020, 1, 1)

    class Params:
        is_percent = factory.LazyAttribute(lambda made: made.kind == "PERCENT")


class PromoCodeFactory(DjangoModelFactory):
    class Meta:
        model = PromoCode

    promotion = factory.SubFactory(PromotionFactory)
    code = factory.Sequence(lambda n: f"SAVE-{n}")
