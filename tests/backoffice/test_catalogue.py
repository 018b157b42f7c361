"""The catalogue as staff run it: packs, pictures, prices by calendar, promotions and their codes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from catalog.models import Alternative, Category, PriceListEntry, Product, PromoCode, Promotion, Variant
from milkdelivery.core import clock
from milkdelivery.core.models import Event, TaxRate
from milkdelivery.core.money import Money
from tests.backoffice.forms import fill, save
from tests.catalog import pictures
from tests.factories.catalog import PriceListEntryFactory, ProductFactory, VariantFactory
from tests.factories.core import RegionFactory
from tests.factories.promotions import PromoCodeFactory, PromotionFactory
from tests.factories.world import World

pytestmark = pytest.mark.django_db


def _add(model: str) -> str:
    return reverse(f"admin:{model}_add")


def _change(model: str, record: Any) -> str:
    return reverse(f"admin:{model}_change", args=(record.pk,))


def _url(page: str, record: Any) -> str:
    return reverse(f"admin:{page}", args=(record.pk,))


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/jpeg")


def days(world: World, number: int) -> str:
    return (clock.today(world.region) + timedelta(days=number)).isoformat()


# -- products ---------------------------------------------------------------------------------------------------------


def test_a_product_gets_a_pack_on_its_own_page(admin_client: Client, world: World) -> None:
    product = world.products[0]
    pack = {
        "name": "1 L",
        "unit": "ML",
        "size": "1000",
        "sku": "MILK-1000",
        "price": "54.00",
        "hsn_code": "0401",
        "shelf_life_days": "2",
        "is_active": "on",
        "position": "2",
        "deposit": "0",
    }
    typed = {f"variants-1-{name}": value for name, value in pack.items()}
    assert (
        save(admin_client, _change("catalog_product", product), **{"variants-TOTAL_FORMS": "2"}, **typed).status_code
        == 302
    )
    made = Variant.objects.get(sku="MILK-1000")
    assert (made.product, made.price) == (product, Money(5400, "INR"))
    assert Event.objects.named("product.updated").latest("pk").subject == f"product:{product.pk}"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("sku", "CURD-400", "Another pack has this SKU."),
        ("sku", "curd-400", "Another pack has this SKU."),
        ("mrp", "20.00", "above the maximum retail price"),
        ("price", "-1", "A price is above zero."),
        ("price", "0", "A price is above zero."),
        ("price", "1e999", "Use at most"),
        ("size", "0", "At least 1."),
        ("name", "x" * 10_000, "at most 40 characters"),
        ("name", "a\0b", "Null characters are not allowed"),
    ],
)
def test_a_pack_that_cannot_be_is_told_at_its_field(
    admin_client: Client, world: World, field: str, value: str, words: str
) -> None:
    answer = save(admin_client, _change("catalog_product", world.products[0]), **{f"variants-0-{field}": value})
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert Variant.objects.get(pk=world.milk.pk).sku == world.milk.sku


def test_two_new_packs_of_one_form_do_not_share_a_sku(admin_client: Client, world: World) -> None:
    product = world.products[0]
    typed = {"variants-TOTAL_FORMS": "3"}
    for number, (name, sku) in enumerate((("1 L", "milk-new"), ("2 L", "MILK-NEW")), start=1):
        pack = {"name": name, "unit": "ML", "size": "1000", "sku": sku, "price": "54", "hsn_code": "04012000"}
        pack |= {"shelf_life_days": "2", "position": str(number), "deposit": "0"}
        typed |= {f"variants-{number}-{field}": value for field, value in pack.items()}
    answer = save(admin_client, _change("catalog_product", product), **typed)
    assert answer.status_code == 200
    assert "Another pack has this SKU." in answer.content.decode()
    assert Variant.objects.filter(product=product).count() == 1


def test_a_product_gets_its_address_from_its_names(admin_client: Client, world: World) -> None:
    def add(name: str) -> Any:
        typed = {"name": name, "slug": "", "category": world.products[0].category_id, "position": "1"}
        return admin_client.post(reverse("admin:catalog_product_add"), {**typed, **_no_rows("variants")})

    assert add("मलाई वाला दूध").status_code == 302
    assert Product.objects.filter(slug="malai-vala-dudh").exists()
    for name, words in (("牛奶", "Write an address in Latin letters"), ("🥛", "A name needs letters or digits.")):
        answer = add(name)
        assert answer.status_code == 200
        assert words in answer.content.decode()


def _no_rows(prefix: str) -> dict[str, str]:
    return {f"{prefix}-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS")}


def test_pictures_are_added_several_at_once(admin_client: Client, world: World) -> None:
    product = world.products[0]
    files = [upload(f"{shade}.jpg", pictures.photo(colour=(shade, 0, 0))) for shade in (10, 200)]
    answer = admin_client.post(_url("catalog_product_add_pictures", product), {"pictures": files, "alt": "A bottle"})
    assert answer.status_code == 302
    assert list(product.images.values_list("position", "alt")) == [(1, "A bottle"), (2, "A bottle")]
    page = admin_client.get(_change("catalog_product", product)).content.decode()
    first = product.images.first()
    assert first is not None
    assert first.picture.thumb in page
    assert first.picture.thumb in admin_client.get(reverse("admin:catalog_product_changelist")).content.decode()


def test_a_bad_picture_is_named_and_none_is_kept(admin_client: Client, world: World) -> None:
    product = world.products[0]
    files = [upload("good.jpg", pictures.photo()), upload("evil.jpg", pictures.SVG)]
    answer = admin_client.post(_url("catalog_product_add_pictures", product), {"pictures": files, "alt": "My words"})
    page = answer.content.decode()
    assert "evil.jpg: This is no picture" in page
    assert "My words" in page
    assert not product.images.exists()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"alt": "A bottle"}, "Choose a picture"),
        ({"alt": "A bottle", "pictures": pictures.photo() + b"\0" * 10_000_000}, "too large"),
        ({"alt": "", "pictures": pictures.photo()}, "This field is required"),
        ({"alt": "x" * 161, "pictures": pictures.photo()}, "at most 160"),
    ],
)
def test_what_is_missing_is_asked_for(admin_client: Client, world: World, sent: dict[str, Any], words: str) -> None:
    data = {name: upload("a.jpg", value) if isinstance(value, bytes) else value for name, value in sent.items()}
    answer = admin_client.post(_url("catalog_product_add_pictures", world.products[0]), data)
    assert words in answer.content.decode()


def test_pictures_change_places_and_words_and_go(admin_client: Client, world: World) -> None:
    product = world.products[0]
    files = [upload(f"{shade}.jpg", pictures.photo(colour=(shade, 0, 0))) for shade in (10, 100, 200)]
    admin_client.post(_url("catalog_product_add_pictures", product), {"pictures": files, "alt": "A bottle"})
    one, _two, three = product.images.all()
    changes = {"images-0-position": "9", "images-1-DELETE": "on", "images-2-alt": "From above"}
    assert save(admin_client, _change("catalog_product", product), **changes).status_code == 302
    assert list(product.images.values_list("pk", "alt")) == [(three.pk, "From above"), (one.pk, "A bottle")]


def test_staff_choose_what_stands_in(admin_client: Client, world: World) -> None:
    product, curd, paneer = world.products
    rows = {"alternatives-TOTAL_FORMS": "2"}
    for number, (other, place) in enumerate(((paneer, "2"), (curd, "1"))):
        rows |= {
            f"alternatives-{number}-kind": "INSTEAD",
            f"alternatives-{number}-other": str(other.pk),
            f"alternatives-{number}-position": place,
        }
    url = _change("catalog_product", product)
    assert save(admin_client, url, **rows).status_code == 302
    stored = Alternative.objects.filter(product=product, source="STAFF").order_by("position")
    assert [row.other for row in stored] == [curd, paneer]
    assert save(admin_client, url, **{"alternatives-0-DELETE": "on"}).status_code == 302
    assert [row.other for row in stored.all()] == [paneer]
    assert save(admin_client, url, **{"alternatives-0-DELETE": "on"}).status_code == 302
    assert not stored.all().exists()


def test_a_product_does_not_stand_in_for_itself(admin_client: Client, world: World) -> None:
    product = world.products[0]
    rows = {"alternatives-TOTAL_FORMS": "1", "alternatives-0-kind": "INSTEAD", "alternatives-0-other": str(product.pk)}
    answer = save(admin_client, _change("catalog_product", product), **rows, **{"alternatives-0-position": "1"})
    assert "stand in for itself" in answer.content.decode()


@pytest.mark.parametrize("kind", ["category", "variant"])
def test_packs_and_categories_are_switched_off_and_on(admin_client: Client, world: World, kind: str) -> None:
    record: Any = world.milk if kind == "variant" else world.products[0].category
    for page, is_active in (("deactivate", False), ("activate", True)):
        assert "?" in admin_client.get(_url(f"catalog_{kind}_{page}", record)).content.decode()
        assert admin_client.post(_url(f"catalog_{kind}_{page}", record)).status_code == 302
        record.refresh_from_db()
        assert record.is_active is is_active
    assert Category.objects.filter(is_active=True).count() == 3


# -- prices -----------------------------------------------------------------------------------------------------------


def price(world: World, **typed: str) -> dict[str, str]:
    return {"variant": str(world.milk.pk), "region": str(world.region.pk), "price": "30.00", **typed}


def test_a_price_that_makes_another_end_says_so_and_shows_the_calendar(admin_client: Client, world: World) -> None:
    PriceListEntryFactory(variant=world.milk, region=world.region, price=2600)
    typed = price(world, valid_from=days(world, 5), valid_until=days(world, 9))
    answer = admin_client.post(_add("catalog_pricelistentry"), {**typed, "deposit": "0", "mrp": ""}, follow=True)
    assert answer.request["PATH_INFO"] == _url("catalog_variant_prices", world.milk)
    page = answer.content.decode()
    assert "The price before it ends: ₹26.00" in page
    assert "It goes on afterwards" in page
    assert PriceListEntry.objects.count() == 3


def test_an_overlap_names_the_other_at_the_field_and_keeps_what_was_typed(admin_client: Client, world: World) -> None:
    first = price(world, valid_from=days(world, 5), valid_until=days(world, 9))
    save(admin_client, _add("catalog_pricelistentry"), **first)
    again = price(world, valid_from=days(world, 7), price="31.50")
    answer = save(admin_client, _add("catalog_pricelistentry"), **again)
    assert answer.status_code == 200
    form = answer.context["adminform"].form
    assert "overlaps another price: ₹30.00" in str(form.errors["valid_from"])
    assert 'value="31.50"' in answer.content.decode()
    assert PriceListEntry.objects.count() == 1


def test_a_price_in_force_can_only_be_ended(admin_client: Client, world: World) -> None:
    held = PriceListEntryFactory(variant=world.milk, region=world.region, price=2600)
    url = _change("catalog_pricelistentry", held)
    assert list(admin_client.get(url).context["adminform"].form.fields) == ["valid_until"]
    answer = save(admin_client, url, valid_until=days(world, -9))
    assert "days before" in answer.content.decode()
    assert save(admin_client, url, valid_until=days(world, 3)).status_code == 302
    delete = _url("catalog_pricelistentry_delete", held)
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403


def test_a_price_that_holds_since_midnight_keeps_its_start(admin_client: Client, world: World) -> None:
    held = PriceListEntryFactory(variant=world.milk, region=world.region, price=2600, valid_from=days(world, 0))
    shown = admin_client.get(_change("catalog_pricelistentry", held))
    assert "valid_from" not in shown.context["adminform"].form.fields
    delete = _url("catalog_pricelistentry_delete", held)
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403


def test_a_future_price_is_removed(admin_client: Client, world: World) -> None:
    save(admin_client, _add("catalog_pricelistentry"), **price(world, valid_from=days(world, 5)))
    coming = PriceListEntry.objects.get()
    assert admin_client.post(_url("catalog_pricelistentry_delete", coming), {"post": "yes"}).status_code == 302
    assert not PriceListEntry.objects.exists()


def test_the_calendar_shows_prices_changes_and_gaps(admin_client: Client, world: World) -> None:
    abroad = RegionFactory(code="BTV", name="Burlington", currency="USD", time_zone="America/New_York")
    month = clock.today(world.region).replace(day=1) + timedelta(days=70)
    PriceListEntryFactory(
        variant=world.milk, region=abroad, price=350, valid_from=month.replace(day=5), valid_until=month.replace(day=9)
    )
    url = _url("catalog_variant_prices", world.milk)
    page = admin_client.get(url, {"region": "BTV", "month": f"{month:%Y-%m}"}).content.decode()
    assert page.count("$3.50") == 7  # five days, the list, and what comes next
    assert "No price holds from" in page
    home = admin_client.get(url).content.decode()
    assert "the pack's own price" in home
    assert "No price holds from" not in home


@pytest.mark.parametrize(
    "query", ["month=nonsense", "month=0000-01", "month=99999-01", "region=MOON", "month=%F0%9F%A5%9B"]
)
def test_a_made_up_month_or_region_shows_this_one(admin_client: Client, world: World, query: str) -> None:
    answer = admin_client.get(f"{_url('catalog_variant_prices', world.milk)}?{query}")
    assert answer.status_code == 200
    assert f"{clock.today(world.region):%B %Y}" in answer.content.decode()


@pytest.mark.parametrize("month", ["2099-12", "2015-01", "0001-01", "9999-12"])
def test_the_calendar_has_ends(admin_client: Client, world: World, month: str) -> None:
    assert admin_client.get(_url("catalog_variant_prices", world.milk), {"month": month}).status_code == 200


def test_a_tax_rate_that_makes_another_end_says_so(admin_client: Client, world: World) -> None:
    rate = TaxRate.objects.get(hsn_code="04")
    typed = {"region": world.region.pk, "hsn_code": "04", "basis_points": "12", "valid_from": days(world, 30)}
    answer = admin_client.post(_add("core_taxrate"), {**typed, "valid_until": ""}, follow=True)
    assert "The rate before it ends: 5 %" in answer.content.decode()
    answer = save(admin_client, _add("core_taxrate"), **{**typed, "valid_from": days(world, 10)})
    assert "overlaps another rate: 5 %" in str(answer.context["adminform"].form.errors["valid_from"])
    assert list(admin_client.get(_change("core_taxrate", rate)).context["adminform"].form.fields) == [
        "valid_until",
        "is_meant",
    ]


@pytest.mark.parametrize("code", ["ab<c", "4", "04 01", "०४"])
def test_a_tax_rate_is_for_digits(admin_client: Client, world: World, code: str) -> None:
    typed = {"region": world.region.pk, "hsn_code": code, "basis_points": "12", "valid_from": days(world, 30)}
    answer = save(admin_client, _add("core_taxrate"), **typed)
    assert "2 to 8 digits" in str(answer.context["adminform"].form.errors["hsn_code"])
    assert TaxRate.objects.count() == 1


# -- promotions -------------------------------------------------------------------------------------------------------


def offer(world: World, **typed: str) -> dict[str, Any]:
    return {
        "name": "Winter milk",
        "region": str(world.region.pk),
        "kind": "PERCENT",
        "percent": "15",
        "starts_on": days(world, 0),
        "minimum_basket": "0",
        **typed,
    }


def mark_of(answer: Any) -> str:
    """What the tick of the question would send."""
    return str(answer.content.decode().split('name="is_meant" value="')[1].split('"')[0])


def errors_of(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200
    return {field: list(told) for field, told in answer.context["adminform"].form.errors.items()}


NO_SCOPE: dict[str, list[int]] = {"products": [], "categories": []}


def test_who_gives_everything_away_is_asked_once_more(admin_client: Client, world: World) -> None:
    typed = offer(world, percent="100", is_automatic="on", ends_on=days(world, 4))
    answer = save(admin_client, _add("catalog_promotion"), **typed, **NO_SCOPE)
    errors = errors_of(answer)
    assert list(errors) == ["percent"]
    (words,) = errors["percent"]
    assert words.startswith("It needs no code: everybody gets everything for nothing from ")
    assert not Promotion.objects.exists()
    assert admin_client.post(_add("catalog_promotion"), fill(answer, is_meant=mark_of(answer))).status_code == 302
    made = Promotion.objects.get()
    assert made.percent == 100
    assert save(admin_client, _change("catalog_promotion", made), name="Free milk").status_code == 302
    longer = save(admin_client, _change("catalog_promotion", made), ends_on="")
    assert "on" in errors_of(longer)["percent"][0].split()[-1]


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"kind": "FIXED", "percent": "", "amount": "28"}, "amount"),  # what the cheapest pack costs
        ({"kind": "FIXED", "percent": "", "amount": "27.99"}, None),
        ({"kind": "FIXED", "percent": "", "amount": "99", "minimum_basket": "99.01"}, None),
        ({"kind": "FIXED", "percent": "", "amount": "99", "minimum_basket": "99"}, "amount"),
        ({"kind": "FIXED", "percent": "", "amount": "99", "per_user_limit": "1"}, None),
        ({"kind": "FIXED", "percent": "", "amount": "99", "is_first_order_only": "on"}, None),
        ({"percent": "100", "max_discount": "50"}, "max_discount"),
        ({"percent": "100", "minimum_basket": "500"}, "percent"),
        ({"percent": "99"}, None),
        ({"percent": "100", "is_automatic": ""}, None),
        ({"kind": "FREE_DELIVERY", "percent": ""}, None),
        ({"kind": "BUY_X_GET_Y", "percent": "", "buy_quantity": "1", "get_quantity": "50"}, "get_quantity"),
        ({"kind": "BUY_X_GET_Y", "percent": "", "buy_quantity": "1", "get_quantity": "2"}, "get_quantity"),
        ({"kind": "BUY_X_GET_Y", "percent": "", "buy_quantity": "1", "get_quantity": "1"}, None),
        ({"kind": "BUY_X_GET_Y", "percent": "", "buy_quantity": "1", "get_quantity": "9", "total_limit": "5"}, None),
    ],
)
def test_only_what_costs_nothing_is_asked_about(
    admin_client: Client, world: World, terms: dict[str, str], field: str | None
) -> None:
    typed = {key: value for key, value in offer(world, **{"is_automatic": "on", **terms}).items() if value}
    if not field:
        assert save(admin_client, _add("catalog_promotion"), **typed, **NO_SCOPE).status_code == 302
        return
    answer = save(admin_client, _add("catalog_promotion"), **typed, **NO_SCOPE)
    assert list(errors_of(answer)) == [field]
    assert admin_client.post(_add("catalog_promotion"), fill(answer, is_meant=mark_of(answer))).status_code == 302


def test_an_offer_that_is_over_when_it_is_saved_says_so(admin_client: Client, world: World) -> None:
    typed = offer(world, starts_on="2019-01-01", ends_on="2020-01-31", is_automatic="on")
    answer = admin_client.post(_add("catalog_promotion"), {**typed, **NO_SCOPE}, follow=True)
    assert Promotion.objects.get().ends_on is not None
    assert "Nobody can use it any more: its last day was 31 Jan 2020" in answer.content.decode()


def test_a_promotion_that_can_not_be_read_is_told_in_our_words(admin_client: Client, world: World) -> None:
    scope = {"products": ["abc"], "categories": ["999999"]}
    typed = {**offer(world, name="", kind="GIFT", starts_on="soon"), **scope}
    told = [
        words for found in errors_of(admin_client.post(_add("catalog_promotion"), typed)).values() for words in found
    ]
    assert sorted(told)[:4] == [
        "Choose from the list.",
        "Choose one of the list.",
        "Choose one of the list.",
        "Fill this in.",
    ]
    assert any(words.startswith("That is no day.") for words in told)
    assert not any("valid" in words or "required" in words for words in told)


def test_the_limits_say_that_guests_are_only_looked_at(admin_client: Client, world: World) -> None:
    page = admin_client.get(_add("catalog_promotion")).content.decode()
    assert page.count("Each order of a guest is another person") == 2


def test_the_question_names_what_the_offer_is_for(admin_client: Client, world: World) -> None:
    category, product = world.products[1].category, world.products[0]
    typed = offer(world, percent="100", is_automatic="on")
    answer = save(admin_client, _add("catalog_promotion"), **typed, products=[product.pk], categories=[category.pk])
    assert f"everybody gets {category}, {product} for nothing" in errors_of(answer)["percent"][0]


def test_a_dearer_scope_is_measured_by_its_own_packs(admin_client: Client, world: World) -> None:
    dear = VariantFactory(price=90000)
    typed = offer(world, kind="FIXED", percent="", amount="500", is_automatic="on")
    answer = save(admin_client, _add("catalog_promotion"), **typed, products=[dear.product_id], categories=[])
    assert answer.status_code == 302


def test_a_promotion_is_made_with_its_scope(admin_client: Client, world: World) -> None:
    category = world.products[1].category
    typed = offer(world, max_discount="50.00", total_limit="100")
    answer = save(admin_client, _add("catalog_promotion"), **typed, products=[], categories=[category.pk])
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    made = Promotion.objects.get()
    assert (made.percent, made.max_discount, list(made.categories.all())) == (15, Money(5000, "INR"), [category])
    assert Event.objects.named("promotion.created").get().subject == f"promotion:{made.pk}"
    save(admin_client, _change("catalog_promotion", made), percent="20", products=[], categories=[])
    made.refresh_from_db()
    assert (made.percent, made.categories.count(), made.history.count()) == (20, 0, 2)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"percent": "101"}, "percent"),
        ({"percent": "0"}, "percent"),
        ({"percent": "-5"}, "percent"),
        ({"percent": ""}, "percent"),
        ({"kind": "FIXED", "percent": ""}, "amount"),
        ({"kind": "BUY_X_GET_Y", "percent": "", "get_quantity": "1"}, "buy_quantity"),
        ({"amount": "10.00"}, "amount"),
        ({"ends_on": "2001-01-01"}, "ends_on"),
        ({"minimum_basket": "-1"}, "minimum_basket"),
        ({"total_limit": "0"}, "total_limit"),
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"region": ""}, "region"),
        ({"starts_on": "31.02.2026"}, "starts_on"),
    ],
    ids=str,
)
def test_terms_without_sense_are_told_at_their_field(
    admin_client: Client, world: World, typed: dict[str, str], field: str
) -> None:
    answer = save(admin_client, _add("catalog_promotion"), **offer(world, **typed))
    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert not Promotion.objects.exists()


@pytest.mark.parametrize("typed", ["-5", "0"])
def test_a_limit_is_told_once_and_right(admin_client: Client, world: World, typed: str) -> None:
    answer = save(admin_client, _add("catalog_promotion"), **offer(world, percent=typed))
    assert answer.context["adminform"].form.errors["percent"] == ["At least 1."]


def test_a_limit_speaks_our_words_at_the_top_too(admin_client: Client, world: World) -> None:
    answer = save(admin_client, _add("catalog_promotion"), **offer(world, percent="101"))
    assert answer.context["adminform"].form.errors["percent"] == ["At most 100."]


def test_an_amount_of_nothing_is_told_in_our_words(admin_client: Client, world: World) -> None:
    typed = offer(world, kind="FIXED", percent="", amount="0", minimum_basket="-1")
    errors = save(admin_client, _add("catalog_promotion"), **typed).context["adminform"].form.errors
    assert errors["amount"] == ["Enter an amount above zero."]
    assert errors["minimum_basket"] == ["An amount can't be below zero."]


def test_what_needs_a_code_and_has_none_says_so(admin_client: Client, world: World) -> None:
    answer = admin_client.post(_add("catalog_promotion"), offer(world), follow=True)
    assert "Nobody can use it yet: it needs a code." in answer.content.decode()
    promotion = Promotion.objects.get()
    url = _change("catalog_promotion", promotion)
    shelf = reverse("admin:catalog_promotion_changelist")
    for page in (url, shelf):
        assert "Needs a code" in admin_client.get(page).content.decode()
    code = PromoCodeFactory(promotion=promotion)
    for page in (url, shelf):
        shown = admin_client.get(page).content.decode()
        assert "Needs a code" not in shown
        assert "Running" in shown
    code.is_active = False
    code.save()
    assert "Needs a code" in admin_client.get(shelf).content.decode()


def test_a_household_may_not_use_it_more_often_than_all_together(admin_client: Client, world: World) -> None:
    answer = save(admin_client, _add("catalog_promotion"), **offer(world, per_user_limit="10", total_limit="1"))
    assert "more than all households together" in str(answer.context["adminform"].form.errors["per_user_limit"])


def test_a_list_says_how_many_results_there_are(admin_client: Client, world: World) -> None:
    page = " ".join(admin_client.get(reverse("admin:inventory_stock_changelist")).content.decode().split())
    assert "3 results </div>" in page
    assert "3 stock" not in page


def test_a_limit_below_its_use_is_told_at_its_field(admin_client: Client, world: World) -> None:
    promotion = PromotionFactory(used=5)
    answer = save(admin_client, _change("catalog_promotion", promotion), total_limit="4")
    assert "used 5 times" in str(answer.context["adminform"].form.errors["total_limit"])


@pytest.mark.parametrize("code", ["A B", "🥛🥛🥛", "winter15", "A", "=1+1"])
def test_a_code_by_hand(admin_client: Client, world: World, code: str) -> None:
    promotion = PromoCodeFactory(code="WINTER15").promotion
    answer = save(admin_client, _add("catalog_promocode"), promotion=promotion.pk, code=code)
    assert "code" in answer.context["adminform"].form.errors
    assert save(admin_client, _add("catalog_promocode"), promotion=promotion.pk, code="Spring-15").status_code == 302
    assert set(promotion.codes.values_list("code", flat=True)) == {"WINTER15", "SPRING-15"}


def test_codes_are_made_and_downloaded(admin_client: Client, world: World) -> None:
    promotion = PromotionFactory()
    url = _url("catalog_promotion_generate", promotion)
    assert admin_client.post(url, {"count": "25", "starts_with": "diwali", "total_limit": "1"}).status_code == 302
    answer = admin_client.get(_url("catalog_promotion_download", promotion))
    lines = answer.content.decode().splitlines()
    assert lines[0] == "code,orders_at_most,used,active"
    assert len(lines) == 26
    assert all(line.startswith("DIWALI-") and line.endswith(",1,0,yes") for line in lines[1:])
    assert "attachment" in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    ("typed", "field"),
    [({"count": "5001"}, "count"), ({"count": "0"}, "count"), ({"starts_with": "A B"}, "starts_with")],
)
def test_codes_that_cannot_be_made_are_told_at_the_field(
    admin_client: Client, world: World, typed: dict[str, str], field: str
) -> None:
    url = _url("catalog_promotion_generate", PromotionFactory())
    answer = admin_client.post(url, {"count": "1", "starts_with": "", "total_limit": "1", **typed})
    assert field in answer.context["form"].errors
    assert not PromoCode.objects.exists()


@pytest.mark.parametrize("kind", ["promotion", "promocode"])
def test_promotions_and_codes_are_switched_off(admin_client: Client, world: World, kind: str) -> None:
    code = PromoCodeFactory()
    record: Any = code if kind == "promocode" else code.promotion
    assert admin_client.post(_url(f"catalog_{kind}_deactivate", record)).status_code == 302
    record.refresh_from_db()
    assert not record.is_active


def test_a_manager_looks_and_changes_nothing(manager_client: Client, world: World) -> None:
    promotion, pack = PromotionFactory(), VariantFactory()
    assert manager_client.get(_change("catalog_promotion", promotion)).status_code == 200
    assert manager_client.get(_url("catalog_promotion_download", promotion)).status_code == 403
    page = manager_client.get(_url("catalog_variant_prices", pack)).content.decode()
    assert "Add a price" not in page


def test_a_pack_keeps_its_product(admin_client: Client, world: World) -> None:
    other = ProductFactory(name="Lassi")
    url = reverse("admin:catalog_variant_change", args=(world.milk.pk,))
    before = world.milk.product_id
    assert (
        admin_client.post(url, fill(admin_client.get(url), product=str(other.pk), name="One pouch")).status_code == 302
    )
    world.milk.refresh_from_db()
    assert (world.milk.product_id, world.milk.name) == (before, "One pouch")
    assert 'name="product"' in admin_client.get(reverse("admin:catalog_variant_add")).content.decode()
