"""The catalogue and the product page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client

from catalog.actions import deactivate_product, store_alternatives
from catalog.models import Alternative, Product, Variant
from milkdelivery.core.actors import Actor
from tests.factories.catalog import CategoryFactory, PriceListEntryFactory, ProductFactory, VariantFactory
from tests.factories.core import PincodeFactory, RegionFactory, TaxRateFactory
from tests.factories.inventory import StockFactory, count_shelves
from tests.factories.vendors import OfferFactory, VendorFactory
from tests.factories.world import World
from tests.kept import forget_everything
from tests.shop.visitor import Visitor, form_of, text_of


def test_cards_tell_price_size_and_what_is_left(world: World, guest: Visitor) -> None:
    Variant.objects.filter(pk=world.milk.pk).update(mrp=3000, deposit=1500)
    count_shelves(4, variant=world.variants[1])
    count_shelves(0, variant=world.variants[2])
    page = text_of(guest.get("/shop/"))
    assert "Toned milk 500 ml ₹28.00 MRP ₹30.00 + ₹15.00 bottle deposit Add" in page
    assert "Set curd 400 g Only 4 left ₹35.00 Add" in page
    assert "Malai paneer 200 g Out of stock ₹90.00" in page
    assert "Add Malai paneer" not in page


def test_an_mrp_that_is_the_price_is_not_struck_through(world: World, guest: Visitor) -> None:
    Variant.objects.filter(pk=world.milk.pk).update(mrp=2800)
    assert "MRP" not in text_of(guest.get("/shop/"))


def test_stock_of_another_place_does_not_count(world: World, guest: Visitor) -> None:
    elsewhere = VariantFactory(product=ProductFactory(name="Hill ghee", category=CategoryFactory()))
    OfferFactory(variant=elsewhere)
    assert "Hill ghee 500 ml Out of stock" in text_of(guest.get("/shop/"))


def test_a_category_shows_its_products_alone(world: World, guest: Visitor) -> None:
    page = text_of(guest.get("/shop/?category=curd"))
    assert "Set curd" in page
    assert "Toned milk" not in page


def test_an_unknown_category_is_told_in_words(world: World, guest: Visitor) -> None:
    response = guest.get("/shop/", data={"category": "no-such"})
    assert response.status_code == 404
    assert "There is no such category" in text_of(response)


def test_search_finds_by_both_names_and_by_category(world: World, guest: Visitor) -> None:
    Product.objects.filter(pk=world.products[1].pk).update(name_hi="दही")
    assert "Set curd" in text_of(guest.get("/shop/", data={"q": "दही"}))
    assert "Set curd" in text_of(guest.get("/shop/", data={"q": " set   CURD "}))
    assert "Malai paneer" in text_of(guest.get("/shop/", data={"q": "paneer"}))


@pytest.mark.parametrize(
    "typed", ["%", "_", "\\", "' OR 1=1 --", "x" * 10_000, "🥛", "<b>", "a\nb", "milx' & !x:*", "x " * 200]
)
def test_a_hostile_search_finds_nothing_and_breaks_nothing(world: World, guest: Visitor, typed: str) -> None:
    response = guest.get("/shop/", data={"q": typed})
    assert response.status_code == 200
    assert "Nothing found" in text_of(response)
    assert "<b>”" not in response.content.decode()


@pytest.mark.parametrize("page", ["0", "-1", "two", "1e9", "९", "", "9" * 30])
def test_a_page_number_that_makes_no_sense_is_the_first(world: World, guest: Visitor, page: str) -> None:
    response = guest.get("/shop/", data={"page": page})
    assert response.status_code == 200
    assert "Toned milk" in text_of(response)


def test_a_page_behind_the_last_one(world: World, guest: Visitor) -> None:
    assert "Nothing more here" in text_of(guest.get("/shop/?page=7"))


def test_a_nul_byte_is_refused_before_anything_reads_it(world: World, client: Client) -> None:
    assert client.get("/shop/?q=%00").status_code == 400
    assert client.get("/shop/?category=milk%00").status_code == 400


def test_more_than_a_page_is_turned_over(world: World, guest: Visitor) -> None:
    for number in range(20):
        variant = VariantFactory(product=ProductFactory(name=f"Cow milk {number:02d}", category=CategoryFactory()))
        OfferFactory(vendor=world.vendor, variant=variant)
        StockFactory(vendor=world.vendor, variant=variant)
    first, second = guest.get("/shop/?category=milk"), guest.get("/shop/?category=milk&page=2")
    assert "?category=milk&amp;page=2" in first.content.decode()
    assert "Cow milk 19" not in text_of(first)
    assert "Cow milk 19" in text_of(second)
    assert 'rel="next"' not in second.content.decode()


def test_a_product_tells_sizes_freshness_and_who_brings_it(world: World, guest: Visitor) -> None:
    Product.objects.filter(pk=world.milk.product_id).update(dietary_facts=["A2", "ORGANIC"])
    litre = VariantFactory(product=world.milk.product, name="1 L", size=1000, price=5400)
    OfferFactory(vendor=world.vendor, variant=litre)
    page = text_of(guest.get("/shop/toned-milk/"))
    assert "A2 milk Organic" in page
    assert "500 ml In stock ₹28.00" in page
    assert "1 L Out of stock ₹54.00" in page
    assert "Tomorrow, 5–7:30 am if ordered by 10 pm today" in page
    assert "30 days after it is made" in page
    assert world.vendor.name in page


def test_a_product_that_is_gone_is_a_404(world: World, guest: Visitor) -> None:
    deactivate_product(world.milk.product_id, by=Actor.system("tests"))
    gone = guest.get("/shop/toned-milk/")
    assert gone.status_code == 410
    assert "We no longer bring Toned milk" in text_of(gone)
    assert "All of Milk" in text_of(gone)
    assert "Set curd 400 g ₹35.00 Add" in text_of(gone)
    unknown = guest.get("/shop/malai-panir/")
    assert unknown.status_code == 404
    assert "Perhaps you meant Malai paneer" in text_of(unknown)
    assert "Set curd" in text_of(guest.get("/shop/never-was/"))


def test_what_is_sold_out_names_what_stands_in_for_it(world: World, guest: Visitor) -> None:
    like = VariantFactory(product=ProductFactory(name="Cow milk", category=world.products[0].category))
    OfferFactory(vendor=world.vendor, variant=like)
    StockFactory(vendor=world.vendor, variant=like)
    assert "Instead of it" not in text_of(guest.get("/shop/toned-milk/"))
    count_shelves(0, variant=world.milk)
    forget_everything()
    page = text_of(guest.get("/shop/toned-milk/"))
    assert "Sold out for your next delivery." in page
    assert "Instead of it Cow milk" in page
    assert "Add to cart" not in page


def test_what_stands_in_is_offered_in_the_nearest_size(world: World, guest: Visitor) -> None:
    curd, milk = world.products[1], world.products[0]
    small = VariantFactory(product=milk, name="200 ml", unit="ML", size=200, price=1200, position=0)
    Variant.objects.filter(pk=world.milk.pk).update(position=1)
    gone = VariantFactory(product=ProductFactory(category=milk.category, slug="gone"), unit="ML", size=500)
    for variant in (small, gone):
        OfferFactory(vendor=world.vendor, variant=variant)
    StockFactory(vendor=world.vendor, variant=small)
    assert curd.category_id != milk.category_id
    card = guest.get("/shop/gone/").content.decode().split('id="instead-title"')[1]
    assert "500 ml · 2 sizes" in card
    assert f'name="variant" value="{world.milk.pk}"' in card


def test_what_goes_with_it_is_shown_where_that_is_known(
    world: World, guest: Visitor, django_assert_max_num_queries: Any
) -> None:
    assert 'id="together-title"' not in guest.get("/shop/toned-milk/").content.decode()
    milk, curd, paneer = (product.pk for product in world.products)
    count_shelves(0, variant__product=paneer)
    store_alternatives({milk: [paneer, curd]}, kind=Alternative.Kind.TOGETHER, by=Actor.system("tests"))
    forget_everything()
    guest.get("/shop/")  # what every page knows is known
    with django_assert_max_num_queries(7):
        page = guest.get("/shop/toned-milk/").content.decode()
    beside = page.split('id="together-title"')[1].split("</section>")[0]
    assert "Set curd" in beside
    assert "Malai paneer" not in beside  # sold out
    assert "Toned milk" not in beside


def test_sizes_and_descriptions_are_read_in_hindi(world: World, guest: Visitor) -> None:
    Product.objects.filter(pk=world.products[0].pk).update(description="Fresh.", description_hi="ताज़ा।")
    guest.client.cookies["milk_language"] = "hi"
    shelf, page = (guest.get(path).content.decode() for path in ("/shop/", "/shop/toned-milk/"))
    assert "500 मिली" in shelf
    assert "500 मिली" in page
    assert "ताज़ा।" in page
    assert "Fresh." not in page


def test_a_product_of_another_market_is_not_here_but_not_gone(world: World, guest: Visitor) -> None:
    region = RegionFactory(code="BTV", name="Burlington", currency="USD", country="US", time_zone="America/New_York")
    PincodeFactory(code="05401", name="Burlington", region=region, is_served=True)
    guest.client.cookies["milk_pincode"] = "05401"
    page = guest.get("/shop/toned-milk/")
    assert page.status_code == 404
    assert "We don’t bring Toned milk to you yet" in text_of(page)


def test_the_dairy_shows_its_licence(world: World, guest: Visitor) -> None:
    type(world.vendor).objects.filter(pk=world.vendor.pk).update(fssai_licence="11220334455667")
    assert "FSSAI 11220334455667" in text_of(guest.get("/shop/toned-milk/"))


def test_a_guest_without_a_pincode_sees_the_dairies_of_the_market_alone(world: World) -> None:
    abroad = VendorFactory(name="Winooski Creamery", region=RegionFactory(code="BTV", currency="USD"))
    OfferFactory(vendor=abroad, variant=world.milk)
    StockFactory(vendor=abroad, variant=world.milk, on_hand=50)
    count_shelves(0, vendor=world.vendor, variant=world.milk)
    page = text_of(Visitor(Client()).get("/shop/toned-milk/"))
    assert str(world.vendor) in page
    assert "Winooski" not in page
    assert "In stock" not in page


def test_a_card_holds_the_stepper_of_the_component(world: World, guest: Visitor) -> None:
    """The card writes its form out, to be quick; it is the form of `stepper.html`."""
    page = guest.get("/shop/").content.decode()
    form = re.search(r'<form method="post" action="/cart/set/".*?</form>', page, re.DOTALL)
    assert form
    context = {"action": "/cart/set/", "variant_id": world.milk.pk, "quantity": 0, "max": 50, "name": "Toned milk"}
    component = render_to_string("components/stepper.html", {**context, "swap": True, "wide": True})
    without_token = re.sub(r'<input type="hidden" name="csrfmiddlewaretoken"[^>]*>', "", form[0])
    assert "".join(without_token.split()) == "".join(component.split())


def test_another_region_sells_what_its_price_list_names(world: World, guest: Visitor) -> None:
    region = RegionFactory(code="BTV", name="Burlington", currency="USD", country="US", time_zone="America/New_York")
    PriceListEntryFactory(variant=world.milk, region=region, price=349)
    TaxRateFactory(region=region, basis_points=0)
    page = _in_region(guest, region)
    assert "Toned milk 500 ml" in page
    assert "$3.49" in page
    assert "Set curd" not in page


def _in_region(guest: Visitor, region: object) -> str:
    PincodeFactory(code="05401", name="Burlington", region=region, is_served=True)
    guest.client.cookies["milk_pincode"] = "05401"
    return text_of(guest.get("/shop/"))


def test_adding_from_the_product_page(world: World, guest: Visitor) -> None:
    response = guest.post("/cart/add/", {"variant": world.milk.pk, "quantity": "3", "next": "/shop/toned-milk/"})
    assert (response.status_code, response["Location"]) == (302, "/shop/toned-milk/")
    page = text_of(guest.get("/shop/toned-milk/"))
    assert "In your cart now: 3." in page
    assert "3 in your cart" in page


@pytest.mark.parametrize("typed", ["51", "0", "two", "-3", "9" * 40])
def test_a_refused_quantity_is_still_there(world: World, guest: Visitor, typed: str) -> None:
    response = guest.post("/cart/add/", {"variant": world.milk.pk, "quantity": typed, "next": "/shop/toned-milk/"})
    page = guest.get(response["Location"])
    assert page.status_code == 200
    assert "Choose between 1 and 50 pieces." in text_of(page)
    held = form_of(page, "buy")
    assert held["quantity"] == typed[:12]
    assert held["variant"] == str(world.milk.pk)
    assert "Toned milk" not in text_of(guest.get("/cart/"))


def test_a_pack_in_the_address_that_is_none_of_the_products(world: World, guest: Visitor) -> None:
    for query in ("pack=0&pieces=", "pack=abc&pieces=%3Cscript%3E", "pack=999999999999999999999999"):
        page = guest.get(f"/shop/toned-milk/?{query}")
        assert page.status_code == 200
        assert "<script>" not in page.content.decode()
        assert form_of(page, "buy")["variant"] == str(world.milk.pk)
