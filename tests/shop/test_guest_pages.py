"""Pages kept for guests: the same bytes for many, and nothing of one that another could see."""

from __future__ import annotations

import gc
import inspect
import re
import tracemalloc
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.middleware import csrf
from django.test import Client
from django.test.utils import CaptureQueriesContext

import catalog.events
import vendors.events
from catalog.actions import deactivate_product, save_price, save_product, save_variant
from catalog.models import PriceListEntry, Product, Variant
from inventory.handlers import SEEN_BY_ALL
from milkdelivery import guest_pages
from milkdelivery.core import edition as editions
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import DomainEvent
from milkdelivery.core.money import Money
from tests.factories.accounts import UserFactory
from tests.factories.core import PincodeFactory, RegionFactory
from tests.factories.inventory import count_shelves
from tests.factories.orders import confirmed_order
from tests.factories.vendors import ServiceAreaFactory
from tests.factories.world import World
from tests.shop.visitor import Visitor, form_of, text_of

STAFF = Actor.system("tests")
PAGES = ("/", "/shop/", "/shop/?category=milk", "/shop/toned-milk/")
NO_NEWS = {
    "alternatives.stored",
    "packs.untaxed",
    "promotion.created",
    "promotion.updated",
    "promotion.redeemed",
    "promotion.given_back",
    "promotion.handed_over",
    "vendor.rated",
    "vendor.day_changed",
    "waitlist.joined",
    "waitlist.left",
    "waitlist.told",
}
"""Events of catalogue and dairies that change no page of the shop, or what is left, which may be a minute old."""


def visitor(code: str = "560034") -> Visitor:
    guest = Visitor(Client())
    guest.client.cookies["milk_pincode"] = code
    return guest


def queries_of(look: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as context:
        look()
    return len(context)


@pytest.mark.parametrize("path", PAGES)
def test_the_second_guest_costs_no_query(world: World, path: str) -> None:
    assert queries_of(lambda: visitor().get(path)) > 0
    assert queries_of(lambda: visitor().get(path)) == 0


@pytest.mark.parametrize("path", PAGES)
def test_a_kept_page_reads_as_one_rendered_for_the_guest(world: World, path: str, monkeypatch: Any) -> None:
    """The whole of it, token aside: what is kept and filled is what the view says."""
    ours, theirs = visitor(), visitor()
    theirs.put(world.milk, 2)  # a cart, so that every gap is filled
    ours.client.cookies["milk_cart"] = theirs.client.cookies["milk_cart"].value
    visitor("560034").get(path)  # keeps it
    kept = without_tokens(ours.get(path))
    monkeypatch.setattr(
        guest_pages, "_kept_answer", lambda view, request, args, kwargs, **_: view(request, *args, **kwargs)
    )
    assert kept == without_tokens(theirs.get(path))


def without_tokens(response: Any) -> str:
    """The page, without what differs from look to look."""
    page = re.sub(r'(name="csrfmiddlewaretoken" value=)"\w+"', r"\1", response.content.decode())
    return re.sub(r"gap[0-9a-f]{16}\S*", "a gap that was not filled", page)


@pytest.mark.parametrize("path", PAGES)
def test_nothing_of_whoever_asked_is_kept(world: World, path: str, monkeypatch: Any) -> None:
    first = visitor()
    first.put(world.milk, 3)
    first.client.cookies["milk_device"] = "11111111-2222-3333-4444-555555555555"
    first.client.cookies["evil"] = "a-cookie-of-mine"
    stored: Any = []
    put = guest_pages._store.put
    monkeypatch.setattr(guest_pages._store, "put", lambda key, page: stored.append(page) or put(key, page))
    first.get(
        path + ("&" if "?" in path else "?") + "utm=my-name", headers={"User-Agent": "my-agent", "X-Name": "my-name"}
    )
    (page,) = stored
    raw = repr(page.parts)
    for mine in (
        first.client.cookies["milk_csrf"].value,
        first.client.cookies["milk_cart"].value,
        "560034", "Koramangala", "my-name", "my-agent", "a-cookie-of-mine", "11111111-2222", "testserver",
    ):  # fmt: skip
        assert mine not in raw, mine


@pytest.mark.parametrize("path", PAGES)
def test_each_guest_gets_a_token_of_their_own(world: World, path: str) -> None:
    first, second = visitor(), visitor()
    for guest in (first, second, first):
        tokens = set(re.findall(r'csrfmiddlewaretoken" value="(\w+)"', guest.get(path).content.decode()))
        assert len(tokens) == 1
        assert csrf._does_token_match(tokens.pop(), guest.client.cookies["milk_csrf"].value)  # type: ignore[attr-defined]
    assert first.client.cookies["milk_csrf"].value != second.client.cookies["milk_csrf"].value


def test_the_forms_of_a_kept_page_work_without_javascript(world: World) -> None:
    visitor().get("/shop/toned-milk/")
    guest = Visitor(Client(enforce_csrf_checks=True))
    guest.client.cookies["milk_pincode"] = "560034"
    page = guest.get("/shop/toned-milk/")
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    assert token
    fields = {**form_of(page, "buy"), "quantity": "2"}
    assert guest.post("/cart/add/", fields).status_code == 403
    assert guest.post("/cart/add/", {**fields, "csrfmiddlewaretoken": token[1]}).status_code == 302
    assert "Cart 2 in the cart" in text_of(guest.get("/shop/"))


def test_a_cart_is_seen_by_its_owner_alone(world: World) -> None:
    owner, other = visitor(), visitor()
    other.get("/shop/")
    owner.put(world.milk, 7)
    mine, theirs = text_of(owner.get("/shop/")), text_of(other.get("/shop/"))
    assert "One less Toned milk 7 One more Toned milk" in mine
    assert "Cart 7 in the cart" in mine
    assert "One less" not in theirs
    assert "Cart 0 in the cart" in theirs  # hidden
    assert "7 in your cart" in text_of(owner.get("/shop/toned-milk/"))
    assert "in your cart" not in text_of(other.get("/shop/toned-milk/"))


def test_a_message_reaches_the_one_it_is_for_and_once(world: World) -> None:
    first, second = visitor(), visitor()
    second.get("/shop/toned-milk/")
    first.post("/cart/add/", {"variant": world.milk.pk, "quantity": "3", "next": "/shop/"})
    told = first.get("/shop/")
    assert "In your cart now: 3." in text_of(told)
    assert not told.has_header("ETag")
    assert "In your cart now" not in text_of(second.get("/shop/"))
    assert "In your cart now" not in text_of(first.get("/shop/"))


def test_a_message_is_told_to_whoever_has_the_page_already(world: World) -> None:
    guest = visitor()
    guest.get("/")
    tag = guest.get("/shop/")["ETag"]
    guest.post("/pincode/", {"pincode": "560034", "next": "/shop/"})
    again = guest.get("/shop/", headers={"If-None-Match": tag})
    assert again.status_code == 200
    assert "We deliver to Koramangala, 560034." in text_of(again)


def test_a_pincode_is_put_in_and_its_dairies_decide(world: World) -> None:
    neighbour = PincodeFactory(code="560095", name="Indiranagar", region=world.region, is_served=True)
    ServiceAreaFactory(vendor=world.vendor, pincode=neighbour)
    PincodeFactory(code="560070", name="Banashankari", region=world.region, is_served=True)  # by nobody yet
    assert "To Koramangala tomorrow" in text_of(visitor().get("/shop/"))
    with CaptureQueriesContext(connection) as context:
        near = text_of(visitor("560095").get("/shop/"))
    assert len(context) <= 1  # who serves that pincode; the page is the neighbour's
    assert "To Indiranagar tomorrow" in near
    assert "Delivering to 560095" in near
    assert "560034" not in near
    assert "Koramangala" not in near
    far = text_of(visitor("560070").get("/shop/"))
    assert "To Banashankari" in far
    assert "Toned milk 500 ml Out of stock" in far


def test_a_name_of_a_place_is_escaped(world: World) -> None:
    evil = PincodeFactory(code="560096", name="<b>&'Fort", region=world.region, is_served=True)
    ServiceAreaFactory(vendor=world.vendor, pincode=evil)
    page = visitor("560096").get("/shop/").content.decode()
    assert "<b>&" not in page
    assert "&lt;b&gt;&amp;" in page


def test_another_language_and_another_market_are_other_pages(world: World) -> None:
    region = RegionFactory(code="BTV", name="Burlington", currency="USD", country="US", time_zone="America/New_York")
    PincodeFactory(code="05401", name="Burlington", region=region, is_served=True)
    guest = visitor()
    assert 'lang="en"' in guest.get("/shop/").content.decode()
    guest.post("/i18n/setlang/", {"language": "hi", "next": "/shop/"})
    hindi = guest.get("/shop/").content.decode()
    assert '<html lang="hi"' in hindi
    assert '<html lang="en"' in visitor().get("/shop/").content.decode()
    assert "Toned milk" not in text_of(visitor("05401").get("/shop/"))


@pytest.mark.parametrize("path", ["/shop/", "/shop/toned-milk/", "/"])
def test_a_name_is_seen_by_its_owner_alone(world: World, path: str) -> None:
    """Households share the pages of guests: whoever comes first, nobody sees another's name, cart or way out."""
    people = {}
    for name in ("Asha Rao", "Bilal Khan"):
        client = Client()
        client.force_login(UserFactory(name=name))
        people[name] = Visitor(client)
        people[name].client.cookies["milk_pincode"] = "560034"
    people["Asha Rao"].put(world.milk, 5)
    for _ in range(2):
        for name, person in people.items():
            response = person.get(path)
            page = text_of(response)
            other = next(each for each in people if each != name)
            assert name.split()[0] in page
            assert other.split()[0] not in page
            assert ("Cart 5 in the cart" in page) == (name == "Asha Rao")
            assert "Sign out" in page
            assert not response.has_header("ETag")
            assert response["Cache-Control"] == "private, no-cache"
        guests = text_of(visitor().get(path))
        assert "Sign in" in guests
        assert "Sign out" not in guests
        assert not any(name.split()[0] in guests for name in people)


def test_a_household_signs_out_from_a_kept_page(world: World) -> None:
    visitor().get("/shop/")
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.customer)
    page = client.get("/shop/").content.decode()
    form = page[page.index('action="/accounts/logout/"') :]
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', form)
    assert token
    client.post("/accounts/logout/", {"csrfmiddlewaretoken": token[1]})
    assert "Sign in" in text_of(client.get("/shop/"))


def test_the_front_page_of_a_household_is_its_own(world: World, household: Visitor) -> None:
    visitor().get("/")
    confirmed_order(customer=world.customer, basket=[(world.milk, 2)], slot=world.morning)
    assert "Your next delivery" in text_of(household.get("/"))
    assert "Your next delivery" not in text_of(visitor().get("/"))


# -- who has it already ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_who_has_the_page_gets_nothing_again(world: World, path: str) -> None:
    guest = visitor()
    guest.get(path)  # now the browser has its token
    first = guest.get(path)
    assert first["Cache-Control"] == "private, no-cache"
    assert "Cookie" in first["Vary"]
    again = guest.get(path, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert guest.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_page_with_another_token_cart_or_pincode_is_another_page(world: World) -> None:
    guest = visitor()
    guest.get("/shop/")
    tags = [guest.get("/shop/")["ETag"]]
    guest.put(world.milk, 1)
    tags.append(guest.get("/shop/")["ETag"])
    guest.put(world.milk, 2)
    tags.append(guest.get("/shop/")["ETag"])
    guest.client.cookies["milk_pincode"] = ""
    tags.append(guest.get("/shop/")["ETag"])
    del guest.client.cookies["milk_csrf"]
    tags.append(guest.get("/shop/")["ETag"])
    assert len(set(tags)) == len(tags)
    assert visitor().get("/shop/", headers={"If-None-Match": tags[0]}).status_code == 200


def test_a_countdown_is_not_told_from_an_old_page(world: World, at: Any) -> None:
    guest = visitor()
    at("2026-01-15T20:00:30+05:30")
    guest.get("/shop/")
    tag = guest.get("/shop/")["ETag"]
    at("2026-01-15T20:00:40+05:30")
    assert guest.get("/shop/", headers={"If-None-Match": tag}).status_code == 304
    at("2026-01-15T20:05:00+05:30")
    later = guest.get("/shop/", headers={"If-None-Match": tag})
    assert later.status_code == 200
    assert 'data-countdown="6900"' in later.content.decode()


# -- time --------------------------------------------------------------------------------------------------------------


def test_no_word_outlives_the_cut_off_or_midnight(world: World, at: Any) -> None:
    at("2026-01-15T21:59:59+05:30")
    assert "To Koramangala tomorrow, 5–7:30 am" in text_of(visitor().get("/shop/"))
    assert "Tomorrow, 5–7:30 am if ordered by 10 pm today" in text_of(visitor().get("/shop/toned-milk/"))
    at("2026-01-15T22:00:00+05:30")
    assert "To Koramangala tomorrow, 5–7:30 pm" in text_of(visitor().get("/shop/"))
    assert "Tomorrow, 5–7:30 pm" in text_of(visitor().get("/shop/toned-milk/"))
    at("2026-01-16T00:00:01+05:30")
    assert "To Koramangala today, 5–7:30 pm" in text_of(visitor().get("/shop/"))


def test_a_future_price_shows_by_itself_on_pages_that_were_kept(world: World, at: Any) -> None:
    at("2026-01-15T21:59:00+05:30")
    entry = PriceListEntry(variant=world.milk, region=world.region, price=3300, valid_from=date(2026, 1, 17))
    entry.deposit = Money.zero("INR")
    save_price(entry, by=STAFF)
    paths = ("/", "/shop/", "/shop/toned-milk/")

    def prices() -> set[str]:
        return {found for path in paths for found in ("₹28.00", "₹33.00") if found in text_of(visitor().get(path))}

    assert prices() == {"₹28.00"}
    at("2026-01-16T11:59:59+05:30")  # the last delivery of the 16th can still be ordered
    assert prices() == {"₹28.00"}
    at("2026-01-16T12:00:00+05:30")
    assert prices() == {"₹33.00"}


def test_what_is_left_is_at_most_a_minute_old(world: World, monkeypatch: Any) -> None:
    now = 1_000.0
    monkeypatch.setattr(guest_pages, "monotonic", lambda: now)
    assert "Toned milk 500 ml ₹28.00 Add" in text_of(visitor().get("/shop/"))
    count_shelves(0, variant=world.milk)
    assert "Toned milk 500 ml ₹28.00 Add" in text_of(visitor().get("/shop/"))
    guest = visitor()
    guest.put(world.milk, 2)
    assert "Sold out at your pincode" in text_of(guest.get("/cart/"))  # the cart counts anew
    now += guest_pages.FRESH_FOR + 1
    assert "Toned milk 500 ml Out of stock" in text_of(visitor().get("/shop/"))


# -- a new edition -----------------------------------------------------------------------------------------------------


@pytest.fixture
def settle(drain: Callable[[], int], django_capture_on_commit_callbacks: Any) -> Callable[[Callable[[], Any]], None]:
    """Change something, have the worker hear of it, and wait until every process has looked."""

    def run(change: Callable[[], Any]) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            change()
        drain()
        editions.forget_edition()

    return run


def test_a_new_price_shows_at_once(world: World, settle: Any) -> None:
    assert "₹28.00" in text_of(visitor().get("/shop/"))
    variant = Variant.objects.get(pk=world.milk.pk)
    variant.price = Money(3100, "INR")
    settle(lambda: save_variant(variant, by=STAFF))
    for path in ("/shop/", "/shop/toned-milk/", "/"):
        assert "₹31.00" in text_of(visitor().get(path)), path


def test_a_product_off_sale_is_gone_at_once(world: World, settle: Any) -> None:
    assert "Toned milk" in text_of(visitor().get("/shop/"))
    assert visitor().get("/shop/toned-milk/").status_code == 200
    settle(lambda: deactivate_product(world.milk.product_id, by=STAFF))
    assert "Toned milk" not in text_of(visitor().get("/shop/"))
    assert visitor().get("/shop/toned-milk/").status_code in (404, 410)


def test_without_news_the_edition_stays(world: World) -> None:
    before = editions.edition()
    editions.forget_edition()
    assert editions.edition() == before


def test_every_change_of_catalogue_and_dairies_makes_an_edition_or_is_named() -> None:
    told = {
        kind
        for module in (catalog.events, vendors.events)
        for kind in vars(module).values()
        if inspect.isclass(kind) and issubclass(kind, DomainEvent) and kind is not DomainEvent
    }
    assert {kind.name for kind in told - set(SEEN_BY_ALL)} == NO_NEWS
    assert set(SEEN_BY_ALL) <= told


# -- poison ------------------------------------------------------------------------------------------------------------


def test_unknown_parameters_neither_show_nor_make_pages(world: World) -> None:
    visitor().get("/shop/?category=milk")
    kept = len(guest_pages._store._pages)
    for number in range(5):
        page = visitor().get(f"/shop/?category=milk&utm_{number}=%3Cscript%3E&next=//evil.example").content.decode()
        assert "evil.example" not in page
        assert "utm_" not in page
    assert len(guest_pages._store._pages) == kept


def test_another_host_does_not_get_into_pages(world: World, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    for path in PAGES:
        visitor().get(path, headers={"Host": "other.example", "X-Forwarded-Host": "evil.example"})
        page = visitor().get(path).content.decode()
        assert "other.example" not in page
        assert "evil.example" not in page
    assert visitor().get("/", headers={"Host": "evil.example"}).status_code == 400


def test_what_pages_weigh_is_counted_with_all_that_they_hold_on_to(world: World) -> None:
    """The bound in bytes is one of memory: a card of a kept page holds its product's records, too."""
    guest = visitor()
    guest.get("/shop/?price_max=500")
    guest_pages.forget_guest_pages()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for price in range(1_000, 1_020):
            guest.get(f"/shop/?price_max={price}")
        gc.collect()
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert len(guest_pages._store._pages) == 20
    assert held <= guest_pages._store._bytes <= 3 * held


def test_huge_questions_are_answered_but_not_kept(world: World) -> None:
    assert visitor().get("/shop/", data={"page": "1" * 5_000}).status_code == 200
    assert visitor().get("/shop/", data={"category": "x" * 5_000}).status_code == 404
    assert visitor().get("/shop/" + "x" * 2_000 + "/").status_code == 404
    assert len(guest_pages._store._pages) == 0


def test_what_is_kept_is_bounded(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(guest_pages, "MOST_PAGES", 3)
    for page in range(1, 9):
        visitor().get(f"/shop/?page={page}")
    assert len(guest_pages._store._pages) == 3
    monkeypatch.setattr(guest_pages, "MOST_BYTES", 10)
    visitor().get("/shop/?page=20")
    assert len(guest_pages._store._pages) == 0
    assert guest_pages._store._bytes == 0


def test_a_product_cannot_write_gaps(world: World, settle: Any) -> None:
    """A name that looks like a mark is a name: nobody outside knows this process' marks."""
    product = Product.objects.get(pk=world.milk.product_id)
    product.name = "gap0123456789abcdef-csrf_token-"
    settle(lambda: save_product(product, by=STAFF))
    assert "gap0123456789abcdef-csrf_token-" in text_of(visitor().get("/shop/"))


def test_a_dairy_that_starts_somewhere_is_seen_once_the_process_looks_again(world: World) -> None:
    started = PincodeFactory(code="560070", name="Banashankari", region=world.region, is_served=True)
    assert "Toned milk 500 ml Out of stock" in text_of(visitor("560070").get("/shop/"))
    ServiceAreaFactory(vendor=world.vendor, pincode=started)
    caches["local"].clear()  # dairies.FRESH_FOR is over
    assert "Toned milk 500 ml ₹28.00 Add" in text_of(visitor("560070").get("/shop/"))
