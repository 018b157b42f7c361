"""Products, categories, places, dairies and stock, read and kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import caches

from catalog.models import Category, Product, Variant
from milkdelivery.core.models import Event
from tests.api.calls import Caller, problem
from tests.factories.catalog import PriceListEntryFactory, ProductFactory, VariantFactory
from tests.factories.core import PincodeFactory, RegionFactory, TaxRateFactory
from tests.factories.inventory import StockFactory, count_shelves
from tests.factories.vendors import OfferFactory, VendorFactory
from tests.factories.world import World


def names(response: Any) -> list[str]:
    return [product["name"] for product in response.json()["results"]]


def test_the_shelf(world: World, guest: Caller) -> None:
    response = guest.get("products/?pincode=560034")
    assert response.status_code == 200
    milk = next(each for each in response.json()["results"] if each["name"] == "Toned milk")
    assert milk["category"] == {"slug": "milk", "name": "Milk", "name_hi": ""}
    (pack,) = milk["variants"]
    assert pack["id"] == world.milk.pk
    assert pack["price"] == {"amount": "28.00", "currency": "INR"}
    assert pack["mrp"] is None
    assert pack["availability"] == "IN_STOCK"
    assert pack["available_quantity"] == 50


def test_shelf_is_the_same_for_everybody(world: World, guest: Caller, admin: Caller, customer: Caller) -> None:
    assert guest.get("products/").json() == customer.get("products/").json() == admin.get("products/").json()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("category=curd", ["Set curd"]),
        ("dietary=A2&dietary=ORGANIC", []),
        ("available=true&pincode=560034", ["Toned milk", "Set curd", "Malai paneer"]),
        ("q=PANEER", ["Malai paneer"]),
        ("q=%F0%9F%A5%9B", []),
        ("price_min=30", ["Set curd", "Malai paneer"]),
        ("price_max=35", ["Toned milk", "Set curd"]),
        ("price_min=35&price_max=35.00", ["Set curd"]),
        ("region=BLR&q=milk", ["Toned milk"]),
    ],
)
def test_filters(world: World, guest: Caller, query: str, found: list[str]) -> None:
    assert sorted(names(guest.get(f"products/?{query}"))) == sorted(found)


def test_filter_by_dairy(world: World, guest: Caller) -> None:
    other = VendorFactory(region=world.region)
    OfferFactory(vendor=other, variant=world.milk)
    assert names(guest.get(f"products/?vendor={other.pk}")) == ["Toned milk"]
    assert "vendor" in problem(guest.get("products/?vendor=999999"), 400, "invalid")["errors"]


def test_price_filter_goes_by_the_price_of_the_place(world: World, guest: Caller) -> None:
    PriceListEntryFactory(variant=world.milk, region=world.region, price=9900)
    assert names(guest.get("products/?price_min=99&price_max=99")) == ["Toned milk"]
    assert "Toned milk" not in names(guest.get("products/?price_max=28"))


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("pincode=12", "pincode"),
        ("pincode=999999", "pincode"),
        ("pincode=५६००३४", "pincode"),
        ("region=MOON", "region"),
        ("price_min=cheap", "price_min"),
        ("price_min=-1", "price_min"),
        ("price_max=1e400", "price_max"),
        ("price_max=NaN", "price_max"),
        ("vendor=two", "vendor"),
        ("vendor=99999999999999999999", "vendor"),
        ("category=a%20b", "category"),
        ("category=soap", "category"),
        ("price_min=50&price_max=20", "price_max"),
        ("dietary=TASTY", "dietary"),
        ("available=true", "available"),
        ("available=perhaps", "available"),
        ("sort=cheap", "sort"),
        ("sort=match", "sort"),
        ("price_min=1e99", "price_min"),
        (f"q={'x' * 255}", "q"),
        ("category=milk&category=curd", "category"),
        ("price_max=20&price_max=90", "price_max"),
        ("pincode=560034&pincode=560035", "pincode"),
    ],
)
def test_bad_questions_are_refused_at_their_field(world: World, guest: Caller, query: str, field: str) -> None:
    assert field in problem(guest.get(f"products/?{query}"), 400, "invalid")["errors"]


def test_what_is_said_twice_alike_is_said_once(world: World, guest: Caller) -> None:
    assert names(guest.get("products/?category=milk&category=milk")) == ["Toned milk"]
    assert guest.get("products/?dietary=VEGAN&dietary=ORGANIC").status_code == 200


def test_a_pincode_of_another_market(world: World, guest: Caller) -> None:
    other = RegionFactory(code="NYC", currency="USD", time_zone="America/New_York", postal_code_pattern="[0-9]{5}")
    PincodeFactory(region=other, code="10001", name="Chelsea")
    assert "pincode" in problem(guest.get("products/?pincode=10001&region=BLR"), 400, "invalid")["errors"]
    assert names(guest.get("products/?pincode=10001")) == []


def test_pages_hold_each_product_once(world: World, guest: Caller) -> None:
    for position in range(7):
        VariantFactory(product=ProductFactory(position=position % 3, category=world.products[position % 3].category))
    seen, address = [], "products/?page_size=3"
    while address:
        page = guest.get(address.removeprefix("http://testserver/api/v1/")).json()
        assert len(page["results"]) <= 3
        seen += [each["id"] for each in page["results"]]
        address = page["next"]
    assert len(seen) == len(set(seen)) == 10
    in_shop_order = Product.objects.order_by("category__position", "position", "id").values_list("pk", flat=True)
    assert seen == list(in_shop_order)


@pytest.mark.parametrize("cursor", ["nonsense", "cD1ub25l", "%00"])
def test_made_up_cursor(world: World, guest: Caller, cursor: str) -> None:
    answer = guest.get(f"products/?cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) in ((400, "invalid_cursor"), (400, "nul_byte"))


def test_who_has_it_gets_nothing_again(world: World, guest: Caller) -> None:
    for path in ("products/", f"products/{world.products[0].pk}/", "categories/"):
        first = guest.get(path)
        again = guest.get(path, If_None_Match=first["ETag"])
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        assert guest.get(path, If_None_Match='"other"').status_code == 200


def test_tag_changes_with_the_stock(world: World, guest: Caller) -> None:
    before = guest.get("products/")
    StockFactory(vendor=world.vendor, variant=world.variants[1], on_hand=0)
    stock = world.stocks[0]
    count_shelves(3, pk=stock.pk)
    caches["local"].clear()
    after = guest.get("products/", If_None_Match=before["ETag"])
    assert after.status_code == 200
    milk = next(each for each in after.json()["results"] if each["name"] == "Toned milk")["variants"][0]
    assert (milk["availability"], milk["available_quantity"]) == ("LOW", 3)


def test_queries_do_not_grow_with_the_shelf(world: World, guest: Caller, django_assert_max_num_queries: Any) -> None:
    for _ in range(15):
        variant = VariantFactory()
        OfferFactory(vendor=world.vendor, variant=variant)
        StockFactory(vendor=world.vendor, variant=variant)
    guest.get("serviceability/?pincode=560034")  # reads the region book, which is kept
    with django_assert_max_num_queries(4):  # one of them asks for the edition, once a second
        assert len(guest.get("products/?pincode=560034").json()["results"]) == 18
    with django_assert_max_num_queries(0):
        guest.get("products/?pincode=560034")


def test_one_product(world: World, guest: Caller) -> None:
    product = world.products[0]
    assert guest.get(f"products/{product.pk}/").json()["slug"] == product.slug
    for unknown in (0, 999999, 2**70):
        problem(guest.get(f"products/{unknown}/"), 404, "not_found")
    Product.objects.filter(pk=product.pk).update(is_active=False)
    problem(guest.get(f"products/{product.pk}/?pincode=560034"), 404, "not_found")


def test_categories(world: World, guest: Caller) -> None:
    Category.objects.filter(slug="milk").update(name_hi="दूध")
    categories = {each["slug"]: each["name_hi"] for each in guest.get("categories/").json()}
    assert categories == {"milk": "दूध", "curd": "", "paneer": ""}


# -- keeping -----------------------------------------------------------------------------------------------------------

PACK = {
    "name": "1 L",
    "unit": "ML",
    "size": 1000,
    "sku": "A2-1000",
    "price": {"amount": "72.50", "currency": "INR"},
    "hsn_code": "0401",
    "shelf_life_days": 2,
}
RECORD = {"name": "A2 milk 🥛 دودھ", "slug": "a2-milk", "category": "milk", "dietary_facts": ["A2"], "variants": [PACK]}


def test_admin_makes_a_product(world: World, admin: Caller) -> None:
    response = admin.post("products/", RECORD)
    assert response.status_code == 201, response.content
    made = Product.objects.get(pk=response.json()["id"])
    assert made.name == RECORD["name"]
    assert made.created_by is not None
    (pack,) = response.json()["variants"]
    assert pack["price"] == {"amount": "72.50", "currency": "INR"}
    assert Event.objects.filter(name="product.created", data__product_id=made.pk).count() == 1


def test_slug_comes_from_the_name(world: World, admin: Caller) -> None:
    made = admin.post("products/", {"name": "Goat milk", "category": "milk"})
    assert made.json()["slug"] == "goat-milk"
    hindi = admin.post("products/", {"name": "ताज़ा दूध", "category": "milk"})
    assert hindi.json()["slug"] == "taza-dudh"
    elsewhere = admin.post("products/", {"name": "牛奶", "name_hi": "दूध", "category": "milk"})
    assert elsewhere.json()["slug"] == "dudh"
    unspellable = problem(admin.post("products/", {"name": "牛奶", "category": "milk"}), 400, "invalid")
    assert list(unspellable["errors"]) == ["slug"]
    faces = problem(admin.post("products/", {"name": "🥛🥛", "slug": "milk-faces", "category": "milk"}), 400, "invalid")
    assert faces["errors"] == {"name": ["A name needs letters or digits."]}


def test_admin_changes_a_product(world: World, admin: Caller, guest: Caller) -> None:
    product, pack = world.products[0], world.milk
    changed = admin.patch(
        f"products/{product.pk}/",
        {"description": "Fresh.", "variants": [{"id": pack.pk, "price": {"amount": "30.00", "currency": "INR"}}, PACK]},
    )
    assert changed.status_code == 200, changed.content
    assert {each["sku"] for each in changed.json()["variants"]} == {pack.sku, "A2-1000"}
    pack.refresh_from_db()
    assert pack.price.minor == 3000
    whole = admin.put(f"products/{product.pk}/", {"name": "Toned", "category": "curd"})
    assert (whole.json()["name"], whole.json()["category"]) == ("Toned", "curd")


def test_deleting_takes_off_sale_and_back(world: World, admin: Caller, guest: Caller) -> None:
    path = f"products/{world.products[0].pk}/"
    assert admin.delete(path).status_code == 204
    assert admin.delete(path).status_code == 204
    assert Product.objects.filter(pk=world.products[0].pk, is_active=False).exists()
    problem(guest.get(path), 404, "not_found")
    assert admin.patch(path, {"is_active": True}).json()["is_active"] is True
    assert guest.get(path).status_code == 200
    problem(admin.delete("products/999999/"), 404, "not_found")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 255}, "name"),
        ({"category": "soap"}, "category"),
        ({"category": ["milk"]}, "category"),
        ({"dietary_facts": ["TASTY"]}, "dietary_facts.0"),
        ({"slug": "not a slug"}, "slug"),
        ({"slug": "set-curd"}, "slug"),
        ({"variants": [{**PACK, "price": {"amount": "1.00", "currency": "USD"}}]}, "variants.0.price"),
        ({"variants": [{**PACK, "price": {"amount": "-1.00", "currency": "INR"}}]}, "variants.0.price"),
        ({"variants": [{**PACK, "price": 72.5}]}, "variants.0.price"),
        ({"variants": [{**PACK, "sku": "MILK-500"}]}, "variants.0.sku"),
        ({"variants": [{**PACK, "size": 0}]}, "variants.0.size"),
        ({"variants": [{**PACK, "size": 2**40}]}, "variants.0.size"),
        ({"variants": [PACK, PACK]}, "variants"),
        ({"variants": [{**PACK, "id": 999999}]}, "variants.0.id"),
        ({"variants": "all"}, "variants.non_field_errors"),
    ],
)
def test_bad_records_are_refused_at_their_field(world: World, admin: Caller, change: Any, field: str) -> None:
    count = Variant.objects.count()
    assert field in problem(admin.post("products/", {**RECORD, **change}), 400, "invalid")["errors"]
    assert Variant.objects.count() == count
    assert not Product.objects.filter(name=RECORD["name"]).exists()


def test_an_address_that_is_taken_gets_a_number(world: World, admin: Caller) -> None:
    slugs = [admin.post("products/", {"name": "Set curd", "category": "curd"}).json()["slug"] for _ in range(2)]
    assert slugs == ["set-curd-2", "set-curd-3"]
    told = problem(admin.post("products/", {"name": "X", "category": "curd", "slug": "set-curd"}), 400, "invalid")
    assert told["errors"]["slug"] == ["This is in use already. Choose another."]


def test_facts_are_kept_once_and_none_denies_another(world: World, admin: Caller) -> None:
    path = f"products/{world.products[0].pk}/"
    kept = admin.patch(path, {"dietary_facts": ["VEGETARIAN", "CONTAINS_NUTS", "VEGETARIAN"]}).json()
    assert kept["dietary_facts"] == ["VEGETARIAN", "CONTAINS_NUTS"]
    told = problem(admin.patch(path, {"dietary_facts": ["VEGAN", "A2"]}), 400, "invalid")
    assert told["errors"]["dietary_facts"] == ["What is vegan can't be “A2 milk” too: take one of them off."]


def test_what_is_taxed_as_milk_is_not_vegan(world: World, admin: Caller) -> None:
    path = f"products/{world.products[0].pk}/"
    told = problem(admin.patch(path, {"dietary_facts": ["VEGAN"]}), 400, "invalid")["errors"]
    words = "What is taxed by HSN 0401 can't be “Vegan”: take the fact off the product, or mend the code."
    assert told == {"dietary_facts": [words]}
    assert admin.patch(path, {"dietary_facts": ["LACTOSE_FREE"]}).status_code == 200  # there is such milk

    oats = {"name": "Oat drink", "category": "milk", "dietary_facts": ["VEGAN"], "variants": [PACK]}
    told = problem(admin.post("products/", oats), 400, "invalid")["errors"]
    assert told == {"variants.0.hsn_code": [words]}
    TaxRateFactory(region=world.region, hsn_code="2202")
    drink = admin.post("products/", {**oats, "variants": [{**PACK, "hsn_code": "220299"}]})
    assert drink.status_code == 201, drink.json()
    made = drink.json()
    again = {"variants": [{"id": made["variants"][0]["id"], "hsn_code": "0401"}]}
    told = problem(admin.patch(f"products/{made['id']}/", again), 400, "invalid")["errors"]
    assert told["variants.0.hsn_code"] == [words]


def test_butter_is_not_low_in_fat(world: World, admin: Caller) -> None:
    curd = next(pack for pack in world.variants if pack != world.milk)
    Variant.objects.filter(pk=curd.pk).update(hsn_code="04059020")
    told = problem(admin.patch(f"products/{curd.product_id}/", {"dietary_facts": ["LOW_FAT"]}), 400, "invalid")
    assert "“Low fat”" in told["errors"]["dietary_facts"][0]
    assert admin.patch(f"products/{world.milk.product_id}/", {"dietary_facts": ["LOW_FAT"]}).status_code == 200


def test_a_pack_of_another_product_is_not_changed(world: World, admin: Caller) -> None:
    foreign = {"variants": [{"id": world.variants[1].pk, "name": "Mine"}]}
    told = problem(admin.patch(f"products/{world.products[0].pk}/", foreign), 400, "invalid")
    assert "variants.0.id" in told["errors"]


# -- places ------------------------------------------------------------------------------------------------------------


def test_where_milk_comes(world: World, guest: Caller, at: Any) -> None:
    at("2026-01-15T21:00+05:30")
    told = guest.get("serviceability/?pincode=560 034").json()
    assert told["is_served"] is True
    assert told["region"]["currency"] == "INR"
    assert told["next_delivery"] == {"slot": "MORNING", "date": "2026-01-16", "cutoff_at": "2026-01-15T22:00:00+05:30"}
    morning, evening = told["slots"]
    assert (morning["code"], morning["starts_at"]) == ("MORNING", "05:00:00")
    assert morning["cutoff_at"] == "2026-01-15T22:00:00+05:30"
    assert (evening["code"], evening["next_delivery_date"]) == ("EVENING", "2026-01-16")
    assert len(morning["days"]) == 14


def test_where_it_does_not(world: World, guest: Caller) -> None:
    PincodeFactory(region=world.region, code="560001", name="Fort")
    known = guest.get("serviceability/?pincode=560001").json()
    assert (known["is_served"], known["place"], known["slots"]) == (False, "Fort", [])
    unknown = guest.get("serviceability/?pincode=999999").json()
    assert (unknown["is_served"], unknown["place"]) == (False, None)
    assert "999999" in unknown["message"]
    for query in ("", "?pincode=", "?pincode=abc", "?pincode=5600345600345600"):
        assert "pincode" in problem(guest.get(f"serviceability/{query}"), 400, "invalid")["errors"]


def test_dairies(world: World, guest: Caller) -> None:
    idle = VendorFactory(region=world.region)
    (served,) = guest.get("vendors/?pincode=560034").json()["results"]
    assert served == {
        "id": world.vendor.pk,
        "name": world.vendor.name,
        "name_hi": "",
        "rating": "4.50",
        "fssai_licence": world.vendor.fssai_licence,
    }
    assert {each["id"] for each in guest.get("vendors/").json()["results"]} == {world.vendor.pk, idle.pk}
    assert guest.get(f"vendors/{idle.pk}/").status_code == 200
    type(idle).objects.filter(pk=idle.pk).update(is_active=False)
    problem(guest.get(f"vendors/{idle.pk}/"), 404, "not_found")
    assert "pincode" in problem(guest.get("vendors/?pincode=999999"), 400, "invalid")["errors"]


@pytest.mark.parametrize(
    ("query", "available", "reason"),
    [("quantity=2", True, "OK"), ("quantity=12", False, "SHORT"), ("", True, "OK")],
)
def test_stock_check(world: World, guest: Caller, query: str, available: bool, reason: str) -> None:
    stock = world.stocks[0]
    count_shelves(11, pk=stock.pk)
    told = guest.get(f"inventory/check/?variant={world.milk.pk}&pincode=560034&{query}").json()
    assert (told["available"], told["available_quantity"], told["reason"]) == (available, 11, reason)


def test_stock_check_of_nothing(world: World, guest: Caller) -> None:
    told = guest.get("inventory/check/?variant=999999").json()
    assert (told["available"], told["reason"], told["available_quantity"]) == (False, "UNAVAILABLE", 0)
    for query in ("", "variant=two", "variant=1&quantity=51", "variant=1&quantity=0", "variant=1&pincode=1"):
        problem(guest.get(f"inventory/check/?{query}"), 400, "invalid")
