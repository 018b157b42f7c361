"""What products and packs are called: names that say something, addresses, SKUs, and sizes in Hindi."""

from __future__ import annotations

from datetime import date
from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from catalog.actions import save_packs, save_price, save_product, save_variant, switch_variant
from catalog.models import PriceListEntry, Product, Variant
from catalog.rules.names import LONGEST_SLUG, says_something, slug_of
from catalog.rules.packs import in_hindi
from catalog.rules.prices import PriceMissing
from catalog.rules.sizes import in_base_units
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import Event
from milkdelivery.core.money import Money
from milkdelivery.demo.data.products import PRODUCTS
from milkdelivery.demo.data.shelf import DESCRIPTIONS_HI, INSTEAD, TOGETHER
from tests.factories.catalog import ProductFactory, VariantFactory
from tests.factories.world import World

STAFF = Actor.system("tests")


@pytest.mark.parametrize(
    ("names", "slug"),
    [
        (["Toned Milk"], "toned-milk"),
        (["Café au lait!"], "cafe-au-lait"),
        (["ताज़ा दूध"], "taza-dudh"),
        (["ए2 देसी गाय का दूध"], "e2-desi-gay-ka-dudh"),
        (["पनीर ५०० ग्राम"], "panir-500-gram"),
        (["पंचामृत"], "panchamrit"),
        (["ಹಾಲು"], "halu"),
        (["মিষ্টি দই"], "mishti-dai"),
        (["牛奶", "दूध"], "dudh"),
        (["牛奶", ""], ""),
        (["🥛"], ""),
        (["़"], ""),
        (["x" * 300], "x" * LONGEST_SLUG),
    ],
)
def test_an_address_is_spelled_as_the_name_sounds(names: list[str], slug: str) -> None:
    assert slug_of(*names) == slug


@pytest.mark.parametrize("name", ["🥛", "!!!", " ", "़", "—"])
def test_a_name_without_letters_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        says_something(name)


@pytest.mark.parametrize("name", ["दूध", "7", "牛奶", "é"])
def test_any_script_says_something(name: str) -> None:
    says_something(name)


@pytest.mark.parametrize(
    ("size", "hindi"),
    [("500 ml", "500 मिली"), ("1 L bottle", "1 लीटर बोतल"), ("12 pieces", "12 पीस"), ("1 thali", "1 thali"), ("", "")],
)
def test_a_size_is_read_in_hindi(size: str, hindi: str) -> None:
    assert in_hindi(size) == hindi


def test_the_demo_reads_hindi_throughout() -> None:
    names = {plan.name for plan in PRODUCTS}
    assert set(DESCRIPTIONS_HI) == names
    assert {name for named in (INSTEAD, TOGETHER) for key, others in named.items() for name in (key, *others)} <= names
    latin = {word for plan in PRODUCTS for pack in plan.packs for word in in_hindi(pack.name).split() if word.isascii()}
    assert {word for word in latin if not word.isdecimal()} == set()


# -- SKUs -------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_sku_is_one_in_large_and_small_letters() -> None:
    VariantFactory(sku="MILK-500")
    other = VariantFactory(sku="CURD-400")
    other.sku = "milk-500"
    with pytest.raises(ValidationError) as refusal:
        other.full_clean()
    assert list(refusal.value.message_dict) == ["sku"]
    with pytest.raises(IntegrityError), transaction.atomic():
        Variant.objects.filter(pk=other.pk).update(sku="Milk-500")


@pytest.mark.django_db
def test_skus_that_clash_already_are_told_apart_by_the_migration() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX variant_sku_in_any_case")
    packs = [VariantFactory(sku=sku) for sku in ("milk", "MILK", "Milk-2", "mILK", "x" * 40, "X" * 40)]
    import_module("catalog.migrations.0009_one_sku_in_any_case").tell_apart(apps, connection.schema_editor())
    kept = [Variant.objects.get(pk=pack.pk).sku for pack in packs]
    assert kept == ["milk", "MILK-3", "Milk-2", "mILK-4", "x" * 40, "X" * 38 + "-2"]
    assert len({sku.lower() for sku in kept}) == len(kept)


# -- where new things stand -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_is_new_stands_behind_the_others(world: World) -> None:
    """At the top it would be, before any dairy offers it, the first thing that a household sees: out of stock."""
    category = world.products[0].category
    Product.objects.filter(category=category).update(position=4)
    made = save_product(
        ProductFactory.build(category=category, position=0),
        packs=[VariantFactory.build(product=None, name=name, sku=name, position=0) for name in ("1 L", "2 L")],
        by=STAFF,
    )
    assert Product.objects.filter(category=category).last() == made
    save_packs(made.pk, packs=[VariantFactory.build(product=None, name="5 L", sku="5 L", position=0)], by=STAFF)
    save_variant(VariantFactory.build(product=made, name="9 L", sku="9 L", position=0), by=STAFF)
    packs = list(made.variants.values_list("name", "position"))
    assert packs == [("1 L", 1), ("2 L", 2), ("5 L", 3), ("9 L", 4)]
    first = save_product(ProductFactory.build(category=category, position=1), by=STAFF)
    assert Product.objects.filter(category=category).first() == first


@pytest.mark.django_db
def test_what_is_there_may_be_put_first(world: World) -> None:
    save_product(ProductFactory.build(category=world.products[0].category, position=0), by=STAFF)
    product = Product.objects.get(pk=world.products[0].pk)
    product.position = 0
    assert save_product(product, by=STAFF).position == 0


# -- a price of nothing -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_nothing_costs_nothing(world: World) -> None:
    before = Event.objects.count()
    free = VariantFactory.build(product=world.products[0], name="Sample", sku="FREE", price=0)
    for save in (
        lambda: save_variant(free, by=STAFF),
        lambda: save_packs(world.products[0].pk, packs=[free], by=STAFF),
        lambda: save_product(ProductFactory.build(category=world.products[0].category), packs=[free], by=STAFF),
        lambda: save_price(_entry(world, price=0), by=STAFF),
    ):
        with pytest.raises(PriceMissing) as refusal:
            save()
        assert refusal.value.field == "price"
    assert Event.objects.count() == before


@pytest.mark.django_db
def test_a_price_of_nothing_from_before_can_be_ended(world: World) -> None:
    old = _entry(world, price=0)
    old.save()
    old.valid_until = old.valid_from
    assert save_price(old, by=STAFF).entry.valid_until == old.valid_from


@pytest.mark.django_db
def test_a_pack_of_nothing_from_before_can_be_taken_off_sale(world: World) -> None:
    Variant.objects.filter(pk=world.milk.pk).update(price=0)
    assert not switch_variant(world.milk.pk, on=False, by=STAFF).is_active


def _entry(world: World, *, price: int) -> PriceListEntry:
    entry = PriceListEntry(variant=world.milk, region=world.region, price=price, valid_from=date(2030, 1, 1))
    entry.deposit = Money.zero(world.region.currency)
    return entry


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("half litre", "500ml"),
        ("Half-litre milk", "500ml milk"),
        ("half a litre of milk", "500ml of milk"),
        ("half kg paneer", "500g paneer"),
        ("quarter of a kg", "250g"),
        ("three quarter litre", "750ml"),
        ("aadha litre doodh", "500ml doodh"),
        ("आधा लीटर", "500ml"),
        ("पाव किलो पनीर", "250g पनीर"),
        ("डेढ़ लीटर", "1500ml"),
        ("१/२ लीटर", "500ml"),
        ("1/2 litre", "500ml"),
        ("1 1/2 kg", "1500g"),
        ("1½ l", "1500ml"),
        ("500ml", "500ml"),
        ("1 litre", "1000ml"),
        ("one litre", "1000ml"),
        ("litre", "1000ml"),
        ("a litre of milk", "1000ml of milk"),
        ("milk litre", "milk 1000ml"),
        ("लीटर", "1000ml"),
        ("ghee per kg", "ghee 1000g"),
        ("kilo", "1000g"),
        # no sizes
        ("half", "half"),
        ("half lemon", "half lemon"),
        ("11/2 kg", "11/2 kg"),
        ("1/3 l", "1/3 l"),
        ("l", "l"),
        ("ml", "ml"),
        ("kgf", "kgf"),
        ("123456 litre", "123456 litre"),
    ],
)
def test_a_size_is_read_as_it_is_said(typed: str, read: str) -> None:
    assert in_base_units(typed) == read
