"""Categories, products, packs and prices."""

from __future__ import annotations

from datetime import date

import factory
from factory.django import DjangoModelFactory

from catalog.models import Category, PriceListEntry, Product, Variant
from tests.factories.core import RegionFactory


class CategoryFactory(DjangoModelFactory):
    class Meta:
        model = Category
        django_get_or_create = ("slug",)

    name = "Milk"
    slug = "milk"
    illustration = "milk"


class ProductFactory(DjangoModelFactory):
    class Meta:
        model = Product

    name = factory.Sequence(lambda n: f"Toned milk {n}")
    slug = factory.Sequence(lambda n: f"toned-milk-{n}")
    description = "Fresh every morning."
    category = factory.SubFactory(CategoryFactory)


class VariantFactory(DjangoModelFactory):
    """Half a litre for 28 rupees, with a product of its own. `price`, `mrp` and `deposit` are paise."""

    class Meta:
        model = Variant

    product = factory.SubFactory(ProductFactory)
    name = "500 ml"
    unit = Variant.Unit.MILLILITRE
    size = 500
    sku = factory.Sequence(lambda n: f"PACK-{n}")
    price = 2800
    hsn_code = "0401"
    shelf_life_days = 30


class PriceListEntryFactory(DjangoModelFactory):
    class Meta:
        model = PriceListEntry

    variant = factory.SubFactory(VariantFactory)
    region = factory.SubFactory(RegionFactory)
    price = 2600
    valid_from = date(2020, 1, 1)
