"""Finding: by name, by the beginning of a word, in Hindi, with typos; narrowing and sorting; what can't be right."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import pytest
from django.test import Client

from catalog.actions import save_search_word
from catalog.models import Category, Product, SearchWord, Variant
from catalog.queries import search_for, suggestions_for
from catalog.reference import sync
from catalog.rules.words import nearest, normal, sound_of, words_of
from milkdelivery.core.actors import Actor
from milkdelivery.demo.data.products import PRODUCTS
from tests.factories.catalog import CategoryFactory, ProductFactory, VariantFactory
from tests.factories.inventory import StockFactory, count_shelves
from tests.factories.vendors import OfferFactory, ServiceAreaFactory, VendorFactory
from tests.factories.world import World
from tests.kept import forget_everything
from tests.shop.visitor import Visitor, text_of

STAFF = Actor.system("tests")


@pytest.fixture
def shelf(world: World) -> World:
    """Milk, curd and paneer; buttermilk, two more paneers, butter; with Hindi names and the first search words."""
    sync()
    curd, butter = world.products[1].category, CategoryFactory(name="Butter", slug="butter", illustration="butter")
    paneer = world.products[2].category
    for name, hindi, category, price, text in (
        ("Masala buttermilk", "मसाला छाछ", curd, 1500, "Churned with roasted cumin."),
        ("Paneer", "पनीर", paneer, 8000, "Soft."),
        ("Low fat paneer", "", paneer, 9500, "For those who count."),
        ("White makhan", "सफ़ेद मक्खन", butter, 12000, "From cow milk, by hand."),
    ):
        product = ProductFactory(name=name, name_hi=hindi, category=category, description=text)
        stock(world, VariantFactory(product=product, price=price))
    forget_everything()
    return world


def stock(world: World, variant: Variant) -> None:
    OfferFactory(vendor=world.vendor, variant=variant)
    StockFactory(vendor=world.vendor, variant=variant)


def found(response: Any) -> list[str]:
    """Names of the products on a page, in its order."""
    page = response.content.decode()
    return [part.split("</a>")[0].rsplit(">", 1)[-1] for part in page.split('<h3 class="product__name">')[1:]]


# -- what is typed -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("paneer", "Paneer"),
        ("PANEER ", "Paneer"),
        ("पनीर", "Paneer"),
        ("toned", "Toned milk"),
        ("milk toned", "Toned milk"),
        ("ton", "Toned milk"),
        ("butterm", "Masala buttermilk"),
        ("cumin", "Masala buttermilk"),
        ("churning", "Masala buttermilk"),
        ("doodh", "Toned milk"),
        ("dahi", "Set curd"),
        ("makkhan", "White makhan"),
        ("दूध", "Toned milk"),
        ("milk for the", "Toned milk"),
    ],
)
def test_what_is_called_so_comes_first(shelf: World, guest: Visitor, typed: str, first: str) -> None:
    response = guest.get("/shop/", data={"q": typed})
    assert found(response)[:1] == [first], found(response)
    assert "Showing results for" not in text_of(response)


@pytest.mark.parametrize(
    ("typed", "meant", "first"),
    [
        ("panir", "paneer", "Paneer"),
        ("mlk", "milk", "Toned milk"),
        ("butermilk", "buttermilk", "Masala buttermilk"),
        ("pannerr", "paneer", "Paneer"),
        ("tonned milk", "toned milk", "Toned milk"),
        ("dhai", "dahi", "Set curd"),
        ("dooodh", "doodh", "Toned milk"),
    ],
)
def test_a_typo_finds_what_was_meant_and_says_so(
    shelf: World, guest: Visitor, typed: str, meant: str, first: str
) -> None:
    response = guest.get("/shop/", data={"q": typed})
    assert found(response)[:1] == [first], found(response)
    assert f"Nothing is called “{typed}”. Showing results for {meant} ." in text_of(response)


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("toned milk 500", ["Toned milk"]),
        ("Toned Milk 500 ml", ["Toned milk"]),
        ("500ml milk", ["Toned milk"]),
        ("milk 0.5 l", ["Toned milk"]),
        ("दूध 500 मिली", ["Toned milk"]),
        ("paneer 1 kg", ["Paneer"]),
        ("paneer 1000g", ["Paneer"]),
        ("tonned milk 500ml", ["Toned milk"]),
        ("milk 750", ["Toned milk"]),  # nobody sells that: the milk, rather than nothing
        ("MILK-500", ["Toned milk"]),
        ("milk_500", ["Toned milk"]),
        ("CURD-400", ["Set curd"]),
    ],
)
def test_a_size_or_a_whole_sku_finds_the_pack(shelf: World, guest: Visitor, typed: str, names: list[str]) -> None:
    paneer = Product.objects.get(name="Paneer")
    stock(shelf, VariantFactory(product=paneer, name="1 kg", unit="G", size=1000, sku="PNR-KG"))
    Product.objects.exclude(name__in=["Toned milk", "Set curd"]).exclude(pk=paneer.pk).update(is_active=False)
    forget_everything()
    assert found(guest.get("/shop/", data={"q": typed})) == names


def test_a_size_alone_finds_all_packs_of_it(shelf: World, guest: Visitor) -> None:
    assert "Set curd" in found(guest.get("/shop/", data={"q": "400 g"}))
    assert "Toned milk" not in found(guest.get("/shop/", data={"q": "400 g"}))


def test_two_things_at_once_find_both_and_say_so(shelf: World, guest: Visitor) -> None:
    response = guest.get("/shop/", data={"q": "curd makhan"})
    assert set(found(response)) == {"Set curd", "Masala buttermilk", "White makhan"}
    assert "Nothing has all the words of “curd makhan”" in text_of(response)
    assert "Nothing has all the words" not in text_of(guest.get("/shop/", data={"q": "low fat paneer"}))
    offered = guest.get("/shop/search/suggestions/", data={"q": "curd makhan"}).content.decode()
    assert "White makhan" in offered


def test_words_that_one_description_holds_together_come_before_words_apart(shelf: World, guest: Visitor) -> None:
    basundi = ProductFactory(name="Basundi", description="Of curd, sweet as makhan.")
    stock(shelf, VariantFactory(product=basundi))
    forget_everything()
    assert found(guest.get("/shop/", data={"q": "curd makhan"})) == ["Basundi"]


def test_exact_before_beginning_before_words_before_descriptions(shelf: World, guest: Visitor) -> None:
    mix = ProductFactory(name="Paneer tikka mix", category=shelf.products[0].category, position=0)
    base = ProductFactory(name="Curry base", description="Goes with paneer.", position=0)
    for product in (mix, base):
        stock(shelf, VariantFactory(product=product))
    forget_everything()
    names = found(guest.get("/shop/", data={"q": "paneer"}))
    assert names[:2] == ["Paneer", "Paneer tikka mix"]
    assert set(names[2:4]) == {"Malai paneer", "Low fat paneer"}
    assert "Curry base" not in names[:4]


def test_what_can_be_had_comes_before_what_cannot(shelf: World, guest: Visitor) -> None:
    VariantFactory(product=ProductFactory(name="Paneer", slug="nobodys-paneer", position=0))  # no dairy offers it
    count_shelves(0, variant__product__name="Malai paneer")
    forget_everything()
    page = guest.get("/shop/", data={"q": "paneer"}).content.decode()
    assert page.index("/shop/nobodys-paneer/") > page.index(">Low fat paneer<")
    assert page.index(">Malai paneer<") > page.index("/shop/nobodys-paneer/")  # both are out, one is called so
    offered = guest.get("/shop/search/suggestions/", data={"q": "panee"}).content.decode()
    assert offered.index("Low fat paneer") < offered.index("/shop/nobodys-paneer/")


def test_a_price_beyond_all_reason_sorts_too(shelf: World, guest: Visitor) -> None:
    Variant.objects.filter(pk=shelf.milk.pk).update(price=10**17)
    forget_everything()
    assert found(guest.get("/shop/", data={"sort": "-price"}))[0] == "Toned milk"


def test_a_word_that_only_descriptions_hold_is_found_as_typed(shelf: World, guest: Visitor) -> None:
    response = guest.get("/shop/", data={"q": "roasted cumin"})
    assert found(response) == ["Masala buttermilk"]
    assert "Showing results for" not in text_of(response)


@pytest.mark.parametrize("typed", ["भुने जीरे", "ताज़गी", "ताजगी", "जीरा"])
def test_hindi_descriptions_are_searched_too(shelf: World, guest: Visitor, typed: str) -> None:
    text = "भुने जीरे की ताज़गी के साथ मथी हुई।"
    Product.objects.filter(name="Masala buttermilk").update(description_hi=text)
    assert found(guest.get("/shop/", data={"q": typed})) == ["Masala buttermilk"]


@pytest.mark.parametrize("typed", ["xylophone", "panir xylophone", "milk paneer ghee", "qq", "१२३"])
def test_what_there_is_not_is_not_made_up(shelf: World, guest: Visitor, typed: str) -> None:
    response = guest.get("/shop/", data={"q": typed})
    assert found(response) == []
    assert f"Nothing found for “{typed}”" in text_of(response)


def test_staff_add_another_word(shelf: World, guest: Visitor) -> None:
    assert found(guest.get("/shop/?q=haldi")) == []
    save_search_word(SearchWord(word="haldi", meaning="buttermilk"), by=STAFF)
    forget_everything()
    assert found(guest.get("/shop/?q=haldi")) == ["Masala buttermilk"]
    word = SearchWord.objects.get(word="haldi")
    word.is_active = False
    save_search_word(word, by=STAFF)
    forget_everything()
    assert found(guest.get("/shop/?q=haldi")) == []


def test_the_first_words_come_once_and_stay_as_staff_left_them(shelf: World) -> None:
    SearchWord.objects.filter(word="doodh").update(meaning="paneer", is_active=False)
    before = SearchWord.objects.count()
    sync()
    assert SearchWord.objects.count() == before
    assert not SearchWord.objects.get(word="doodh").is_active


def test_a_product_off_sale_is_not_found(shelf: World, guest: Visitor) -> None:
    Product.objects.filter(name="Paneer").update(is_active=False)
    forget_everything()
    assert "Paneer" not in found(guest.get("/shop/?q=paneer"))


def test_words_are_compared_in_one_spelling() -> None:
    assert normal("  Toned\tMILK’s\N{RIGHT-TO-LEFT OVERRIDE} ") == "toned milk s"
    assert normal("सफ़ेद") == normal("सफेद")
    assert normal("ｍｉｌｋ") == "milk"
    assert len(normal("x" * 100_000)) == 80
    assert words_of("milk and the milk") == ["milk"]
    assert words_of("the") == ["the"]
    assert sound_of("doodh") == sound_of("dudh")
    assert sound_of("paneer") == sound_of("panir")
    assert sound_of("दूध") == "दूध"


@pytest.mark.parametrize(
    ("typed", "known", "meant"),
    [
        ("mlk", ["milk", "curd"], ["milk"]),
        ("mikl", ["milk", "curd"], ["milk"]),
        ("ml", ["milk"], []),
        ("gee", ["ghee", "bee"], ["ghee"]),
        ("1234", ["1235"], []),
        ("paneeeer", ["paneer"], ["paneer"]),
        ("pizza", ["paneer"], []),
    ],
)
def test_how_near_is_near(typed: str, known: list[str], meant: list[str]) -> None:
    assert nearest(typed, known) == meant


def test_ten_thousand_products_are_searched_in_no_time(world: World) -> None:
    """Processor time, generously: the words are read once, then a search is a few milliseconds, however long."""
    category = world.products[0].category
    Product.objects.bulk_create(
        Product(name=f"Farm {n:05d} gold{n % 700} milk", slug=f"farm-{n}", category=category, description="Fresh milk.")
        for n in range(10_000)
    )
    forget_everything()
    search_for("milk")
    started = perf_counter()
    assert len(search_for("milk").ranks[2]) == 10_001
    assert search_for("glod123 mlk").understood == "gold123 milk"
    assert search_for("zq " * 4_000).ranks == ((), (), ())
    assert search_for("q" * 10_000).ranks == ((), (), ())
    assert suggestions_for("farm 0001").ranks[1]
    assert perf_counter() - started < 2


# -- while typing ------------------------------------------------------------------------------------------------------


def test_suggestions_name_categories_and_products(shelf: World, guest: Visitor) -> None:
    page = guest.get("/shop/search/suggestions/?q=pan")
    assert page.status_code == 200
    assert text_of(page).startswith("Paneer Paneer")
    assert 'role="option"' in page.content.decode()
    assert 'href="/shop/toned-milk/"' in guest.get("/shop/search/suggestions/?q=tone").content.decode()
    assert 'href="/shop/?category=curd"' in guest.get("/shop/search/suggestions/?q=curd").content.decode()
    assert "Did you mean paneer?" in text_of(guest.get("/shop/search/suggestions/?q=panir"))


@pytest.mark.parametrize("typed", ["", "p", " ", "xylophone", "%", "<script>", "q" * 10_000])
def test_nothing_to_suggest(shelf: World, guest: Visitor, typed: str) -> None:
    page = guest.get("/shop/search/suggestions/", data={"q": typed})
    assert page.status_code == 200
    assert "option" not in page.content.decode()


def test_suggestions_cost_one_query(shelf: World, client: Client, django_assert_max_num_queries: Any) -> None:
    client.get("/shop/search/suggestions/?q=pan")
    with django_assert_max_num_queries(1):
        client.get("/shop/search/suggestions/?q=panir")


# -- narrowing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("price_min=90", {"Malai paneer", "Low fat paneer", "White makhan"}),
        ("price_max=28", {"Toned milk", "Masala buttermilk"}),
        ("price_min=28&price_max=28.00", {"Toned milk"}),
        ("price_max=0", set()),
        ("diet=A2", {"Toned milk"}),
        ("diet=A2&diet=ORGANIC", {"Toned milk"}),
        ("diet=A2&diet=LOW_FAT", set()),
        ("category=paneer&price_max=85", {"Paneer"}),
        ("q=paneer&price_max=85", {"Paneer"}),
        ("available=1&price_max=28", {"Masala buttermilk"}),
        ("price_min=&price_max=&diet=&vendor=&sort=&category=curd&q=", {"Set curd", "Masala buttermilk"}),
    ],
)
def test_filters(shelf: World, guest: Visitor, query: str, names: set[str]) -> None:
    Product.objects.filter(pk=shelf.milk.product_id).update(dietary_facts=["A2", "ORGANIC"])
    count_shelves(0, variant=shelf.milk)
    response = guest.get(f"/shop/?{query}")
    assert response.status_code == 200
    assert set(found(response)) == names


def test_by_dairy(shelf: World, guest: Visitor) -> None:
    other = VendorFactory(region=shelf.region, name="Hill & Hoof")
    ServiceAreaFactory(vendor=other, pincode=shelf.pincode)
    OfferFactory(vendor=other, variant=shelf.milk)
    forget_everything()
    response = guest.get(f"/shop/?vendor={other.pk}")
    assert found(response) == ["Toned milk"]
    assert "Remove the filter Hill & Hoof" in text_of(response)


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("price", ["Masala buttermilk", "Toned milk", "Set curd"]),
        ("-price", ["White makhan", "Low fat paneer", "Malai paneer"]),
        ("name", ["Low fat paneer", "Malai paneer", "Masala buttermilk"]),
        ("newest", ["White makhan", "Low fat paneer", "Paneer"]),
    ],
)
def test_sorting(shelf: World, guest: Visitor, sort: str, names: list[str]) -> None:
    assert found(guest.get("/shop/", data={"sort": sort}))[:3] == names


def test_every_order_turns_pages_without_a_gap(shelf: World, guest: Visitor) -> None:
    for number in range(40):
        variant = VariantFactory(product=ProductFactory(name=f"Milk {number % 3}", category=shelf.products[0].category))
        Variant.objects.filter(pk=variant.pk).update(price=1000 + number % 2)
    forget_everything()
    everything = Product.objects.count()
    for sort in ("shelf", "price", "-price", "newest", "name"):
        seen = [name for page in (1, 2, 3) for name in found(guest.get(f"/shop/?sort={sort}&page={page}"))]
        assert len(seen) == everything, sort


def test_what_narrows_is_told_and_comes_off_one_by_one(shelf: World, guest: Visitor) -> None:
    page = guest.get("/shop/?category=paneer&diet=A2&diet=ORGANIC&price_min=10&sort=price").content.decode()
    for href in (
        "/shop/?category=paneer&amp;diet=A2&amp;diet=ORGANIC&amp;sort=price",
        "/shop/?category=paneer&amp;price_min=10&amp;diet=ORGANIC&amp;sort=price",
        "/shop/?category=paneer&amp;price_min=10&amp;diet=A2&amp;sort=price",
        "/shop/?category=paneer",  # all of them
        "/shop/?price_min=10&amp;diet=A2&amp;diet=ORGANIC&amp;sort=price",  # another category keeps the rest
    ):
        assert f'href="{href}"' in page, href
    assert "From ₹10.00" in page


def test_nothing_left_offers_the_way_back(shelf: World, guest: Visitor) -> None:
    page = text_of(guest.get("/shop/?price_max=1"))
    assert "Nothing matches all of that" in page
    assert "Clear all filters" in page


@pytest.mark.parametrize(
    ("query", "message", "typed"),
    [
        ("price_min=abc", "Enter an amount, such as 50.", 'value="abc"'),
        ("price_min=-5", "An amount can’t be below zero.", 'value="-5"'),
        ("price_max=1e99", "That is more than anything costs.", 'value="1e99"'),
        ("price_max=NaN", "Enter an amount, such as 50.", 'value="NaN"'),
        ("price_max=1.005", "Two digits after the point at most.", 'value="1.005"'),
        ("price_min=" + "9" * 5_000, "That is more than anything costs.", 'value="99999999999999999999"'),
        ("price_min=50&price_max=20", "This is below the lowest price.", 'value="20"'),
        ("diet=TASTY", "There is no such choice.", ""),
        ("vendor=999999", "This dairy does not deliver there.", ""),
        ("vendor=abc", "This dairy does not deliver there.", ""),
        ("sort=cheapest", "We can’t sort by that.", ""),
        ("sort=match", "We can’t sort by that.", ""),
        ("dietary=FOO", "There is no such choice.", ""),
        ("category=milk&category=curd", "One category at a time can be shown.", ""),
        ("sort=name&sort=newest", "This stands in the address twice", ""),
        ("price_max=20&price_max=90", "This stands in the address twice", ""),
    ],
)
def test_what_cant_be_right_is_said_at_its_field(
    shelf: World, guest: Visitor, query: str, message: str, typed: str
) -> None:
    response = guest.get(f"/shop/?{query}&diet=A2")
    assert response.status_code == 422
    assert message in text_of(response)
    assert typed in response.content.decode()
    assert 'value="A2" checked' in response.content.decode()  # the rest is as it was chosen
    assert found(response) == []
    assert "One of the filters can’t be right" in text_of(response)


def test_what_can_come_needs_a_place(shelf: World, client: Client) -> None:
    response = client.get("/shop/?available=1")
    assert response.status_code == 422
    assert "Enter your pincode first" in text_of(response)
    assert 'id="filter-available" name="available" value="1" checked' in response.content.decode()


def test_an_unknown_category_keeps_the_way_on(shelf: World, guest: Visitor) -> None:
    assert guest.get("/shop/?category=soap").status_code == 404
    assert Category.objects.count() == 4


def test_htmx_gets_the_shelf_and_the_fields_alone(shelf: World, guest: Visitor) -> None:
    headers = {"HX-Request": "true", "HX-Target": "shelf"}
    for _ in range(2):  # rendered, then kept
        part = guest.get("/shop/?price_max=28", headers=headers)
        page = part.content.decode()
        assert page.lstrip().startswith('<div id="shelf"')
        assert 'id="filter-fields"' in page
        assert "<html" not in page
        assert "Add Toned milk" in text_of(part)
        assert "HX-Target" in part["Vary"]
    assert "<html" in guest.get("/shop/?price_max=28").content.decode()
    wrong = guest.get("/shop/?price_max=abc", headers=headers)
    assert wrong.status_code == 422
    assert "Enter an amount" in text_of(wrong)


@pytest.mark.parametrize("typed", ["half litre milk", "half-litre", "aadha litre", "आधा लीटर", "1/2 l", "500ml"])
def test_a_pack_is_found_by_its_size_in_words(shelf: World, guest: Visitor, typed: str) -> None:
    litre = ProductFactory(name="Milk in a can", category=shelf.milk.product.category)
    stock(shelf, VariantFactory(product=litre, name="1 L", unit="ML", size=1000))
    forget_everything()
    names = found(guest.client.get("/shop/", {"q": typed}))
    assert shelf.milk.product.name in names
    assert "Milk in a can" not in names


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("litre", {"Milk in a can"}),
        ("1 litre", {"Milk in a can"}),
        ("a litre", {"Milk in a can"}),
        ("1000 ml", {"Milk in a can"}),
        ("500 ml", {"Toned milk"}),
        ("half litre", {"Toned milk"}),
        ("kg", {"Paneer in a block"}),
    ],
)
def test_a_size_alone_finds_its_packs(shelf: World, guest: Visitor, typed: str, names: set[str]) -> None:
    sizes = {"Milk in a can": ("1 L", "ML", 1000), "Paneer in a block": ("1 kg", "G", 1000)}
    for name, (pack, unit, size) in sizes.items():
        made = ProductFactory(name=name, category=shelf.milk.product.category)
        stock(shelf, VariantFactory(product=made, name=pack, unit=unit, size=size))
    others = Product.objects.exclude(name__in=[*sizes, "Toned milk"])
    others.update(description="Sold by the litre and the kg.")
    Variant.objects.filter(product__in=others).update(size=250, name="250 ml")
    forget_everything()
    assert set(found(guest.client.get("/shop/", {"q": typed}))) == names


@pytest.mark.parametrize("typed", ["litre", "1 litre", "500 ml", "half litre", "kilo", "200 g"])
def test_the_demos_packs_are_found_by_their_size_alone(shelf: World, typed: str) -> None:
    """As they are named there."""
    wanted = {"litre": 1000, "1 litre": 1000, "500 ml": 500, "half litre": 500, "kilo": 1000, "200 g": 200}[typed]
    unit = "G" if typed in ("kilo", "200 g") else "ML"
    expected = set()
    for plan in PRODUCTS:
        made = ProductFactory(name=plan.name, category=shelf.milk.product.category, description=plan.description)
        for pack in plan.packs:
            VariantFactory(product=made, name=pack.name, unit=pack.unit, size=pack.size)
            if (pack.size, str(pack.unit)) == (wanted, unit):
                expected.add(made.pk)
    Product.objects.exclude(name__in=[plan.name for plan in PRODUCTS]).update(is_active=False)
    Product.objects.filter(variants__sku__startswith="MILK-500").update(is_active=False)
    forget_everything()
    search = search_for(typed)
    assert expected
    assert {key for rank in search.ranks for key in rank} == expected
