"""Prices, pictures, categories and packs as admins keep them through the API; alternatives and recommendations."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile

from catalog.actions import store_alternatives
from catalog.models import Alternative, Category, PriceListEntry, Product, Variant
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import Event
from tests.api.calls import Caller, problem
from tests.catalog import pictures
from tests.factories.catalog import PriceListEntryFactory, ProductFactory, VariantFactory
from tests.factories.core import RegionFactory
from tests.factories.inventory import StockFactory, count_shelves
from tests.factories.vendors import OfferFactory
from tests.factories.world import World

ME = Actor.system("tests")


def rupees(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "INR"}


def price(world: World, amount: str = "30.00", **changes: Any) -> dict[str, Any]:
    """From 1 February on; today is 15 January."""
    body = {"variant": world.milk.pk, "region": "BLR", "price": rupees(amount), "valid_from": "2026-02-01"}
    return {**body, **changes}


# -- prices -----------------------------------------------------------------------------------------------------------


def test_a_price_is_planned_changed_and_removed(world: World, admin: Caller) -> None:
    answer = admin.post("prices/", price(world, deposit=rupees("5.00")))
    assert answer.status_code == 201
    made = answer.json()
    assert (made["price"], made["deposit"], made["mrp"]) == (rupees("30.00"), rupees("5.00"), None)
    assert (made["ended"], made["resumed"]) == (None, None)
    path = f"prices/{made['id']}/"
    changed = admin.patch(path, {"price": rupees("31.00"), "valid_until": "2026-02-28"}).json()
    assert (changed["price"], changed["valid_until"], changed["deposit"]) == (
        rupees("31.00"),
        "2026-02-28",
        rupees("5.00"),
    )
    assert admin.get(path).json()["price"] == rupees("31.00")
    assert admin.delete(path).status_code == 204
    assert admin.get(path).status_code == 404
    assert Event.objects.named("price.changed").count() == 3


def test_what_a_new_price_does_not_say_stays_as_it_is(world: World, admin: Caller) -> None:
    Variant.objects.filter(pk=world.milk.pk).update(mrp=4000, deposit=3000)
    first = admin.post("prices/", price(world)).json()
    assert (first["mrp"], first["deposit"]) == (rupees("40.00"), rupees("30.00"))
    second = price(world, valid_from="2026-03-01", deposit=rupees("0.00"))
    assert admin.post("prices/", second).json()["deposit"] == rupees("0.00")
    third = admin.post("prices/", price(world, valid_from="2026-04-01")).json()
    assert (third["mrp"], third["deposit"]) == (rupees("40.00"), rupees("0.00"))


def test_an_open_ended_price_makes_room_and_the_answer_says_so(world: World, admin: Caller) -> None:
    first = admin.post("prices/", price(world)).json()
    second = admin.post("prices/", price(world, "25.00", valid_from="2026-03-01", valid_until="2026-03-05")).json()
    assert (second["ended"]["id"], second["ended"]["valid_until"]) == (first["id"], "2026-02-28")
    assert (second["resumed"]["valid_from"], second["resumed"]["price"]) == ("2026-03-06", rupees("30.00"))


def test_an_overlap_is_a_conflict_at_its_field(world: World, admin: Caller) -> None:
    first = admin.post("prices/", price(world, valid_until="2026-02-10")).json()
    refused = problem(admin.post("prices/", price(world, valid_from="2026-02-05")), 409, "price_overlap")
    assert "₹30.00" in refused["errors"]["valid_from"][0]
    assert refused["facts"] == {"other": first["id"]}
    problem(admin.post("prices/", price(world, valid_from=first["valid_from"])), 409, "price_overlap")


def test_past_days_keep_their_price(world: World, admin: Caller) -> None:
    held = PriceListEntryFactory(variant=world.milk, region=world.region)
    path = f"prices/{held.pk}/"
    assert "price" in problem(admin.patch(path, {"price": rupees("1.00")}), 409, "price_in_force")["errors"]
    assert "valid_until" in problem(admin.patch(path, {"valid_until": "2026-01-01"}), 409, "price_in_force")["errors"]
    problem(admin.delete(path), 409, "price_in_force")
    assert admin.patch(path, {"valid_until": "2026-01-31"}).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"variant": 999_999}, 400, "variant"),
        ({"variant": "two"}, 400, "variant"),
        ({"variant": 2**70}, 400, "variant"),
        ({"region": "MOON"}, 400, "region"),
        ({"price": rupees("-1.00")}, 400, "price"),
        ({"price": {"amount": "1.00", "currency": "USD"}}, 400, "price"),
        ({"price": "1.00"}, 400, "price"),
        ({"mrp": rupees("29.00")}, 400, "price"),
        ({"deposit": {"amount": "1.00", "currency": "USD"}}, 400, "deposit"),
        ({"valid_from": "2026-02-31"}, 400, "valid_from"),
        ({"valid_from": None}, 400, "valid_from"),
        ({"valid_until": "2026-01-31"}, 400, "valid_until"),
    ],
    ids=str,
)
def test_a_price_that_cannot_be(world: World, admin: Caller, changes: dict[str, Any], status: int, field: str) -> None:
    answer = admin.post("prices/", price(world, **changes))
    assert answer.status_code == status
    assert field in answer.json()["errors"]
    assert not PriceListEntry.objects.exists()


def test_the_list_is_filtered(world: World, admin: Caller, django_assert_max_num_queries: Any) -> None:
    abroad = RegionFactory(code="BTV", currency="USD")
    for variant in world.variants:
        PriceListEntryFactory(variant=variant, region=world.region)
        PriceListEntryFactory(variant=variant, region=abroad)
    assert len(admin.get("prices/").json()["results"]) == 6
    found = admin.get(f"prices/?variant={world.milk.pk}&region=BTV").json()["results"]
    assert [(each["variant"], each["region"]) for each in found] == [(world.milk.pk, "BTV")]
    with django_assert_max_num_queries(4):
        admin.get("prices/")


# -- pictures ---------------------------------------------------------------------------------------------------------


def send(caller: Caller, path: str, content: bytes | None, **fields: str) -> Any:
    body: dict[str, Any] = dict(fields)
    if content is not None:
        body["file"] = SimpleUploadedFile("photo.jpg", content, content_type="image/jpeg")
    return caller.client.post(f"/api/v1/{path}", body, format="multipart")


def test_pictures_are_sent_read_moved_and_removed(world: World, admin: Caller, guest: Caller) -> None:
    path = f"products/{world.products[0].pk}/images/"
    one, two = (
        send(admin, path, pictures.photo(colour=(shade, 0, 0)), alt=f"Shade {shade}").json() for shade in (10, 200)
    )
    assert [source["width"] for source in one["sources"]] == [160, 320, 640, 900]
    shown: Any = guest.client.get(one["sources"][0]["url"])
    assert shown["Content-Type"] == "image/webp"
    assert b"".join(shown.streaming_content)[8:12] == b"WEBP"
    caches["local"].clear()
    picture = guest.get(f"products/{world.products[0].pk}/").json()["picture"]
    assert (picture["alt"], picture["sources"]) == ("Shade 10", one["sources"])
    assert guest.get(f"products/{world.products[1].pk}/").json()["picture"] is None
    moved = admin.patch(f"{path}{two['id']}/", {"position": 1, "alt": "From above"}).json()
    assert [(each["id"], each["alt"]) for each in moved] == [(two["id"], "From above"), (one["id"], "Shade 10")]
    assert admin.delete(f"{path}{two['id']}/").status_code == 204
    assert [each["id"] for each in guest.get(path).json()] == [one["id"]]
    assert admin.delete(f"{path}{two['id']}/").status_code == 404
    other = f"products/{world.products[1].pk}/images/{one['id']}/"
    assert admin.delete(other).status_code == 404


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (pictures.SVG, "not_a_picture"),
        (b"", "empty"),
        (pictures.bomb(), "too_many_pixels"),
        (b"\0" * 11_000_000, "too_large"),
    ],
    ids=["svg", "empty", "bomb", "large"],
)
def test_what_is_no_picture_is_refused_at_the_field(world: World, admin: Caller, content: bytes, reason: str) -> None:
    path = f"products/{world.products[0].pk}/images/"
    refused = problem(send(admin, path, content, alt="A bottle"), 422, "bad_picture")
    assert refused["facts"] == {"reason": reason}
    assert list(refused["errors"]) == ["file"]
    assert not world.products[0].images.exists()


def test_a_request_beyond_all_bounds_is_not_read(world: World, admin: Caller) -> None:
    answer = send(admin, f"products/{world.products[0].pk}/images/", b"\0" * 61_000_000, alt="A bottle")
    problem(answer, 413, "body_too_large")


@pytest.mark.parametrize("fields", [{}, {"alt": ""}, {"alt": "x" * 161}, {"alt": "a\0b"}], ids=str)
def test_a_picture_needs_words(world: World, admin: Caller, fields: dict[str, str]) -> None:
    path = f"products/{world.products[0].pk}/images/"
    assert "alt" in problem(send(admin, path, pictures.photo(), **fields), 400, "invalid")["errors"]
    assert "file" in problem(send(admin, path, None, alt="A bottle"), 400, "invalid")["errors"]


def test_a_picture_comes_as_a_form_not_as_json(world: World, admin: Caller) -> None:
    assert admin.post(f"products/{world.products[0].pk}/images/", {"file": "x", "alt": "y"}).status_code == 415


# -- categories and packs ---------------------------------------------------------------------------------------------


def test_a_category_is_made_changed_and_hidden(world: World, admin: Caller, guest: Caller) -> None:
    made = admin.put("categories/lassi/", {"name": "Lassi", "name_hi": "लस्सी", "illustration": "other", "position": 9})
    assert (made.status_code, made.json()["slug"], made.json()["name_hi"]) == (201, "lassi", "लस्सी")
    assert admin.patch("categories/lassi/", {"name": "Lassi and chaas"}).json()["position"] == 9
    assert admin.delete("categories/milk/").status_code == 204
    assert admin.delete("categories/milk/").status_code == 204
    assert not Category.objects.get(slug="milk").is_active
    assert guest.get("categories/milk/").json()["is_active"] is False
    assert Product.objects.get(pk=world.products[0].pk).is_active
    assert admin.patch("categories/milk/", {"is_active": True}).json()["is_active"] is True


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("categories/lassi/", {"name": "Curd"}, "name"),
        ("categories/lassi/", {"name": "  "}, "name"),
        ("categories/lassi/", {"name": "x" * 61}, "name"),
        ("categories/lassi/", {"name": "Lassi", "position": -1}, "position"),
        ("categories/lassi/", {"name": "Lassi", "position": 99_999}, "position"),
    ],
)
def test_a_category_that_cannot_be(world: World, admin: Caller, path: str, body: dict[str, Any], field: str) -> None:
    assert field in problem(admin.put(path, body), 400, "invalid")["errors"]


def test_a_pack_is_taken_off_sale_and_put_back(world: World, admin: Caller, guest: Caller) -> None:
    product, pack = world.products[0], world.milk
    for _ in range(2):
        assert admin.delete(f"products/{product.pk}/variants/{pack.pk}/").status_code == 204
    assert not Variant.objects.get(pk=pack.pk).is_active
    assert guest.get(f"products/{product.pk}/").status_code == 404
    assert admin.delete(f"products/{world.products[1].pk}/variants/{pack.pk}/").status_code == 404
    back = admin.patch(f"products/{product.pk}/", {"variants": [{"id": pack.pk, "is_active": True}]})
    assert back.json()["variants"][0]["is_active"] is True


@pytest.mark.parametrize(
    ("pack", "field"),
    [
        ({"mrp": rupees("20.00")}, "variants.0.price"),
        ({"name": "x" * 10_000}, "variants.0.name"),
        ({"size": 0}, "variants.0.size"),
        ({"hsn_code": "123456789"}, "variants.0.hsn_code"),
        ({"hsn_code": "abcd"}, "variants.0.hsn_code"),
        ({"hsn_code": "9999"}, "variants.0.hsn_code"),
    ],
)
def test_a_pack_that_cannot_be(world: World, admin: Caller, pack: dict[str, Any], field: str) -> None:
    body = {"variants": [{"id": world.milk.pk, **pack}]}
    refused = problem(admin.patch(f"products/{world.products[0].pk}/", body), 400, "invalid")
    assert list(refused["errors"]) == [field]


# -- alternatives and recommendations ---------------------------------------------------------------------------------


def sold(world: World, name: str, *, size: int = 500, like: int = 0, on_hand: int = 10) -> Product:
    """Another product of the category of `world.products[like]`, in stock."""
    product: Product = ProductFactory(name=name, category=world.products[like].category)
    pack = VariantFactory(product=product, size=size)
    OfferFactory(vendor=world.vendor, variant=pack)
    StockFactory(vendor=world.vendor, variant=pack, on_hand=on_hand)
    return product


def named(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [each["name"] for each in answer.json()["results"]]


def test_staffs_choice_goes_before_what_was_computed_and_that_before_likeness(world: World, guest: Caller) -> None:
    product = world.products[0]
    large, same = sold(world, "Large", size=1000), sold(world, "Same size")
    sold(world, "Sold out", on_hand=0)
    path = f"products/{product.pk}/alternatives/?pincode=560034"
    assert named(guest.get(path)) == ["Same size", "Large"]
    curd, paneer = world.products[1:]
    store_alternatives({product.pk: [curd.pk, large.pk]}, by=ME)
    store_alternatives({product.pk: [paneer.pk]}, source="STAFF", by=ME)
    assert named(guest.get(f"{path}&region=BLR")) == ["Malai paneer", "Set curd", "Large", "Same size"]
    Product.objects.filter(pk=product.pk).update(is_active=False)
    assert same.name in named(guest.get(f"products/{product.pk}/alternatives/"))


def test_what_is_sold_out_or_off_sale_stands_in_for_nothing(world: World, guest: Caller) -> None:
    product, curd, paneer = world.products
    store_alternatives({product.pk: [curd.pk, paneer.pk]}, by=ME)
    count_shelves(0, variant=world.variants[1])
    Product.objects.filter(pk=paneer.pk).update(is_active=False)
    assert named(guest.get(f"products/{product.pk}/alternatives/")) == []
    assert guest.get("products/999999/alternatives/").status_code == 404


def test_recommendations_say_why(world: World, guest: Caller) -> None:
    milk, curd, paneer = world.products
    mixed = guest.get("recommendations/").json()
    assert (mixed["basis"], len(mixed["results"])) == ("MIXED", 3)
    assert named(guest.get(f"recommendations/?product={milk.pk}")) == ["Set curd", "Malai paneer"]
    store_alternatives({milk.pk: [paneer.pk, curd.pk]}, kind="TOGETHER", by=ME)
    together = guest.get(f"recommendations/?product={milk.pk}&product={curd.pk}&pincode=560034").json()
    assert (together["basis"], [each["name"] for each in together["results"]]) == ("BOUGHT_TOGETHER", ["Malai paneer"])


@pytest.mark.parametrize(
    "query", ["product=two", "product=-1", f"product={2**70}", "&".join(["product=1"] * 51), "pincode=1"]
)
def test_bad_questions(world: World, guest: Caller, query: str) -> None:
    problem(guest.get(f"recommendations/?{query}"), 400, "invalid")


def test_questions_do_not_grow(world: World, guest: Caller, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        sold(world, f"Milk {number}")
    guest.get("serviceability/?pincode=560034")
    with django_assert_max_num_queries(7):  # one of them asks for the edition, once a second
        guest.get(f"products/{world.products[0].pk}/alternatives/?pincode=560034")
    with django_assert_max_num_queries(4):
        guest.get(f"recommendations/?product={world.products[0].pk}&pincode=560034")


def test_what_is_stored_replaces_what_its_source_said_before(world: World, django_assert_max_num_queries: Any) -> None:
    milk, curd, paneer = world.products
    store_alternatives({milk.pk: [curd.pk]}, source="STAFF", by=ME)
    store_alternatives({milk.pk: [curd.pk, paneer.pk], curd.pk: [milk.pk]}, by=ME)
    wanted = {milk.pk: [paneer.pk, paneer.pk, milk.pk, 999_999], 888_888: [milk.pk]}
    with django_assert_max_num_queries(8):
        assert store_alternatives(wanted, by=ME) == 1
    rows = Alternative.objects.order_by("source", "product_id").values_list("source", "product_id", "other_id")
    assert list(rows) == [
        ("COMPUTED", milk.pk, paneer.pk),
        ("COMPUTED", curd.pk, milk.pk),
        ("STAFF", milk.pk, curd.pk),
    ]
    assert Event.objects.named("alternatives.stored").count() == 2


def test_a_price_in_force_since_midnight_is_not_deleted(world: World, admin: Caller) -> None:
    made = admin.post("prices/", price(world, valid_from="2026-01-15")).json()
    problem(admin.delete(f"prices/{made['id']}/"), 409, "price_in_force")
    assert admin.get(f"prices/{made['id']}/").status_code == 200
