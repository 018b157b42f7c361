"""Whoever reads Hindi reads all of it in Hindi: no word without a translation, no page half in English."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from html import unescape
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from django.conf import settings
from django.test import Client
from django.utils import translation
from django.utils.formats import date_format

from cart.actions import Buyer
from catalog.models import Category, Product
from catalog.queries import search_for
from milkdelivery.core.actors import Role
from milkdelivery.core.money import Money
from milkdelivery.core.templatetags.days import hour_word, slot_window, time_word, window
from milkdelivery.translations import CATALOGUE, OF_DJANGO, collected, translated
from notifications.letters import write
from notifications.models import Notification
from orders.models import OrderLine
from payments.models import DemoCharge
from tests.cart.shopping import DOOR, buy
from tests.factories.accounts import UserFactory
from tests.factories.vendors import VendorMemberFactory
from tests.factories.world import World, small_world
from tests.kept import forget_everything
from tests.payments.books import filled_wallet
from tests.payments.paying import try_card, unpaid
from tests.shop.visitor import Visitor

_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}|</?\w+>")
_THREE_WORDS = re.compile(r"[A-Za-z][A-Za-z’']+(?:[ ,]+[A-Za-z][A-Za-z’']+){2,}")
"""English in running text. Names of products and places, brands and loan words (UPI, OTP) come in ones and twos."""


@pytest.fixture(autouse=True)
def _speak_english_again() -> Iterator[None]:
    """A page leaves its language behind in this thread."""
    translation.activate(settings.LANGUAGE_CODE)
    yield
    translation.activate(settings.LANGUAGE_CODE)


def _by_key(catalogue: Catalog) -> dict[tuple[str, str | None], Message]:
    return {(_forms(message.id)[0], message.context): message for message in catalogue if message.id}


def _forms(words: object) -> tuple[str, ...]:
    return tuple(words) if isinstance(words, (tuple, list)) else (str(words),)


def _placeholders(words: str) -> list[str]:
    return sorted(_PLACEHOLDER.findall(words))


def test_every_message_has_a_hindi_translation() -> None:
    known = _by_key(translated())
    asked = _by_key(collected())
    missing = [key for key in asked if key not in known or not all(_forms(known[key].string))]
    assert not missing, "run `make messages` and translate these in locale/hi"
    assert sorted(known, key=str) == sorted(asked, key=str), "run `make messages`: some are not asked for any more"


@pytest.mark.parametrize("path", [CATALOGUE, OF_DJANGO], ids=["ours", "of Django"])
def test_no_translation_is_a_guess_or_loses_a_placeholder(path: Path) -> None:
    for message in _by_key(translated(path)).values():
        assert not message.fuzzy, message.id
        wanted = _placeholders(_forms(message.id)[-1])
        assert all(_placeholders(words) == wanted for words in _forms(message.string)), message.id
        assert all(len(words.strip()) == len(words) for words in _forms(message.string)), message.id


@pytest.mark.parametrize("path", [CATALOGUE, OF_DJANGO], ids=["ours", "of Django"])
def test_what_is_compiled_is_what_is_written(path: Path) -> None:
    """The compiled catalogue is committed, so that nobody needs a compiler."""
    compiled = BytesIO()
    write_mo(compiled, translated(path))
    assert path.with_suffix(".mo").read_bytes() == compiled.getvalue(), "run `make messages`"


def test_hindi_counts_none_and_one_alike() -> None:
    with translation.override("hi"):
        told = [translation.ngettext("%(n)d order picked up.", "%(n)d orders picked up.", n) for n in (0, 1, 2)]
    assert told[0] == told[1] != told[2]


def test_hours_days_and_money_read_right() -> None:
    dawn = SimpleNamespace(label="सुबह", starts_at=time(5), ends_at=time(7, 30))
    dusk = SimpleNamespace(label="शाम", starts_at=time(15), ends_at=time(20))
    with translation.override("hi"):
        assert window(dawn) == slot_window(dawn) == "सुबह 5–7:30 बजे"
        assert slot_window(dusk) == "शाम, दोपहर 3 बजे–रात 8 बजे"
        assert [hour_word(time(hour)) for hour in (0, 3, 4, 12, 17, 22)] == [
            "रात 12 बजे",
            "रात 3 बजे",
            "सुबह 4 बजे",
            "दोपहर 12 बजे",
            "शाम 5 बजे",
            "रात 10 बजे",
        ]
        assert time_word(time(22)) == "रात 10:00 बजे"
        assert date_format(date(2026, 9, 10), "l, j F Y") == "गुरुवार, 10 सितंबर 2026"
        assert date_format(datetime(2026, 2, 7, 15, tzinfo=UTC), "D j M, g:i A") == "शनि 7 फ़र, 3:00 PM"
        assert Money(12_500_000, "INR").format() == "₹1,25,000.00"
    assert window(dawn) == "5–7:30 am"
    assert slot_window(dusk) == "शाम, 3–8 pm"


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def hindi_names(world: World) -> World:
    """Milk and curd have names in Hindi, the paneer has none."""
    for product, name, category in zip(world.products, ("टोंड दूध", "जमा दही"), ("दूध", "दही"), strict=False):
        Product.objects.filter(pk=product.pk).update(name_hi=name)
        Category.objects.filter(pk=product.category_id).update(name_hi=category)
    forget_everything()
    return world


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/", ["टोंड दूध", "जमा दही", "दूध", "दही"]),
        ("/shop/", ["टोंड दूध", "जमा दही", "दूध", "दही"]),
        ("/shop/?category=curd", ["जमा दही"]),
        (f"/shop/search/suggestions/?q={quote('दू')}", ["टोंड दूध", "दूध"]),
        ("/shop/toned-milk/", ["टोंड दूध", "दूध"]),
        ("/cart/", ["टोंड दूध"]),
        ("/checkout/", ["टोंड दूध"]),
    ],
)
def test_products_and_categories_are_called_as_the_reader_calls_them(
    hindi_names: World, reader: Visitor, path: str, seen: list[str]
) -> None:
    """One after the other from the same memory: neither gets the other's page."""
    english = Visitor(Client())
    english.post("/pincode/", {"pincode": hindi_names.pincode.code})
    english.put(hindi_names.milk, 1)
    for _turn in range(2):
        named = texts_of(reader.get(path))
        assert set(seen) <= named
        told = texts_of(english.get(path))
        assert not (set(seen) - {"टोंड दूध"}) & told
        assert {"Toned milk", "Set curd"} & told
    if path != "/shop/toned-milk/":  # a product's own page says both
        assert not {"Toned milk", "Set curd", "Milk", "Curd"} & named
        assert "टोंड दूध" not in told


def test_what_has_no_hindi_name_keeps_its_own(hindi_names: World, reader: Visitor) -> None:
    assert "Malai paneer" in texts_of(reader.get("/shop/"))


def test_an_order_keeps_the_name_that_it_was_sold_under(hindi_names: World, reader: Visitor) -> None:
    reader.order_as_guest()
    assert OrderLine.objects.get().name == "Toned milk"


def test_an_orders_lines_are_called_as_the_reader_calls_them(
    hindi_names: World, django_assert_num_queries: Callable[..., Any]
) -> None:
    """While the product has the name that it was sold under; else by that name. No query more for each line."""
    order = buy(hindi_names, buyer=Buyer(user_id=hindi_names.customer.pk)).order
    household, dairy = Client(), Client()
    household.force_login(hindi_names.customer)
    dairy.force_login(VendorMemberFactory(vendor=hindi_names.vendor, user=UserFactory(role=Role.VENDOR)).user)
    pages = [(household, "/"), (household, "/orders/"), (household, f"/orders/{order.number}/"), (dairy, "/vendor/")]
    for reader, path in pages:
        reader.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        assert "Toned milk" in said_on(reader, path), path
        reader.cookies[settings.LANGUAGE_COOKIE_NAME] = "hi"
        assert "टोंड दूध" in said_on(reader, path), path
        assert "Toned milk" not in said_on(reader, path), path
    Product.objects.filter(pk=hindi_names.milk.product_id).update(name="Slim milk", name_hi="स्लिम दूध")
    assert "Toned milk" in said_on(household, f"/orders/{order.number}/")
    with translation.override("hi"):
        lines = list(OrderLine.objects.named())
        with django_assert_num_queries(0):
            assert {line.local_name for line in lines} == {"Toned milk"}


def said_on(reader: Client, path: str) -> str:
    """Everything between the tags of a page."""
    return " ".join(re.split(r"<[^>]*>", reader.get(path).content.decode()))


def test_names_are_sorted_as_they_are_read(hindi_names: World, reader: Visitor) -> None:
    page = reader.get("/shop/?sort=name").content.decode()
    assert page.index(">Malai paneer<") < page.index(">जमा दही<") < page.index(">टोंड दूध<")


def test_a_category_is_found_by_its_hindi_name(hindi_names: World) -> None:
    Product.objects.update(name_hi="")
    forget_everything()
    found = search_for("दही")
    assert (found.categories, found.ranks[2]) == (("curd",), (hindi_names.products[1].pk,))


def texts_of(response: object) -> set[str]:
    """What stands between two tags, each by itself; of a line of an order without how many."""
    html = response.content.decode()  # type: ignore[attr-defined]
    return {re.sub(r"^\d+ × ", "", unescape(text).strip()) for text in re.split(r"<[^>]*>", html)}


# -- pages -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def world(db: None, at: Callable[[str], datetime]) -> World:
    at("2026-01-30T20:00+05:30")
    return small_world()


@pytest.fixture
def reader(world: World) -> Visitor:
    """A guest who reads Hindi, with milk in the cart."""
    visitor = Visitor(Client())
    visitor.client.cookies[settings.LANGUAGE_COOKIE_NAME] = "hi"
    visitor.post("/pincode/", {"pincode": world.pincode.code})
    visitor.put(world.milk, 2)
    return visitor


def english_in(response: object) -> list[str]:
    """What a person sees or hears of a page in three English words or more."""
    html = response.content.decode()  # type: ignore[attr-defined]
    assert '<html lang="hi"' in html
    html = re.sub(r"<(script|style|template)\b.*?</\1>|<!--.*?-->", " ", html, flags=re.DOTALL)
    html = html.replace(DOOR["line1"], "")
    heard = re.findall(r'\s(?:placeholder|aria-label|title|alt|content)="([^"]*)"', html)
    seen = re.sub(r"</?(?:strong|b|em|span|a|time)\b[^>]*>", "", html)
    pieces = [*heard, *re.split(r"<[^>]*>", seen)]
    return [found for piece in pieces for found in _THREE_WORDS.findall(unescape(piece))]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/shop/",
        "/shop/?q=zzz",
        "/cart/",
        "/checkout/",
        "/pincode/",
        "/accounts/login/",
        "/accounts/login/code/",
        "/accounts/signup/",
        "/accounts/password/reset/",
        "/no/",
    ],
)
def test_a_guests_page_is_in_hindi(reader: Visitor, path: str) -> None:
    assert english_in(reader.get(path)) == []


def test_a_product_and_a_refused_form_are_in_hindi(world: World, reader: Visitor) -> None:
    world.products[0].description = "सुबह का ताज़ा दूध"
    world.products[0].save()
    assert english_in(reader.get(f"/shop/{world.products[0].slug}/")) == []
    assert english_in(reader.post("/checkout/", {})) == []
    assert english_in(reader.post("/accounts/login/", {"login": "nobody", "password": ""})) == []


def test_an_order_is_in_hindi_from_the_list_to_the_door(world: World) -> None:
    order = buy(world, buyer=Buyer(user_id=world.customer.pk)).order
    household = Visitor(Client())
    household.client.cookies[settings.LANGUAGE_COOKIE_NAME] = "hi"
    household.client.force_login(world.customer)
    for path in ("/orders/", f"/orders/{order.number}/", f"/orders/{order.number}/cancel/", "/account/"):
        assert english_in(household.get(path)) == [], path
    driver = Client()
    driver.cookies[settings.LANGUAGE_COOKIE_NAME] = "hi"
    driver.force_login(world.driver.user)
    assert english_in(driver.get("/driver/")) == []
    assert "अभी पैक नहीं हुआ" in driver.get("/driver/").content.decode()


def test_money_is_in_hindi_from_the_wallet_to_the_bank(world: World) -> None:
    filled_wallet(world.customer, 500)
    run = unpaid(world, buyer=Buyer(user_id=world.customer.pk))
    number = run.order.number
    household = Visitor(Client())
    household.client.cookies[settings.LANGUAGE_COOKIE_NAME] = "hi"
    household.client.force_login(world.customer)
    try_card(run, "declined")
    for path in (f"/orders/{number}/", f"/orders/{number}/pay/", "/account/wallet/top-up/", "/account/payments/"):
        assert english_in(household.get(path)) == [], path
    assert english_in(household.post(f"/orders/{number}/pay/", {})) == []
    try_card(run, "authenticate")
    secret = DemoCharge.objects.get(state="CHALLENGED").secret
    for path in (f"/orders/{number}/pay/", f"/demo-bank/{secret}/"):
        assert english_in(household.get(path)) == [], path


def test_a_wallets_statement_is_in_hindi(world: World, client: Client) -> None:
    filled_wallet(world.customer, 500)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "hi"
    client.force_login(world.customer)
    assert english_in(client.get("/account/wallet/")) == []
    heads = client.get("/account/wallet/statement.csv").content.decode().splitlines()[0]
    assert not re.search("[A-Za-z]", heads)


def test_a_dairys_pages_are_in_hindi(world: World, client: Client) -> None:
    buy(world)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "hi"
    client.force_login(VendorMemberFactory(vendor=world.vendor, user=UserFactory(role=Role.VENDOR)).user)
    goods = f"/vendor/stock/{world.milk.pk}"
    for path in ("/vendor/", "/vendor/stock/", f"{goods}/receive/", f"{goods}/days/", "/vendor/days/"):
        assert english_in(client.get(path)) == [], path
    too_old = {"quantity": "20", "batch_code": "A7", "produced_on": "2020-01-01", "expires_on": "2020-01-03"}
    assert english_in(client.post(f"{goods}/receive/", too_old)) == []


def test_an_unmarked_sentence_would_be_seen() -> None:
    page = SimpleNamespace(content=b'<html lang="hi"><p>Nobody <b>marked</b> this.</p><img alt="Nor was this">')
    assert english_in(page) == ["Nor was this", "Nobody marked this"]


@pytest.mark.django_db(transaction=True)
def test_mails_are_in_the_readers_language(world: World, drain: Callable[[], int]) -> None:
    buy(world)
    drain()
    for notification in Notification.objects.all():
        notification.language = "hi"
        letter = write(notification)
        html = SimpleNamespace(content=letter.html.encode())
        assert english_in(html) == [], notification.kind
        assert english_in(SimpleNamespace(content=f'<html lang="hi">{letter.text}{letter.subject}'.encode())) == []
        if notification.kind == "order_confirmed":
            assert "शनिवार, 31 जनवरी\nसुबह 5–7:30 बजे" in letter.text
            assert "आप शुक्र 30 जन, रात 10:00 बजे तक कैंसल कर सकते हैं।" in letter.text
    assert set(Notification.objects.values_list("kind", flat=True)) == {"order_confirmed", "vendor_assignment"}
