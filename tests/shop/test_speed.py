"""What a page may ask of the database: a constant number of queries, session and person included."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cart.models import Cart, CartLine
from catalog.models import Product, Variant
from deliveries.actions import schedule_delivery
from inventory.models import Stock
from milkdelivery.core import edition as editions
from milkdelivery.core.actors import Actor
from orders.models import Order
from tests.factories.accounts import AddressFactory
from tests.factories.orders import confirmed_order, placed_order
from tests.factories.promotions import PromoCodeFactory
from tests.factories.world import World
from tests.kept import forget_everything
from tests.shop.visitor import DOOR, GUEST, Visitor, form_of
from vendors.models import Offer

REQUESTS_OF_A_PURCHASE = 7
QUERIES_OF_A_PURCHASE = 75
QUERIES_OF_A_CODE = 9
"""Savepoints aside, guests' pages kept already."""
_CONTROL = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK", "BEGIN", "COMMIT")


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that ran inside, without those that only begin and end transactions."""
    statements: list[str] = []
    with CaptureQueriesContext(connection) as context:
        yield statements
    statements += [q["sql"] for q in context.captured_queries if not q["sql"].startswith(_CONTROL)]


def _stock_up(world: World, number: int, *, since: int = 0) -> None:
    """So many products more, all deliverable; `since` numbers the first of them."""
    category = world.products[0].category
    products = Product.objects.bulk_create(
        Product(name=f"Cow milk {n}", slug=f"cow-milk-{n}", category=category) for n in range(since, since + number)
    )
    variants = Variant.objects.bulk_create(
        Variant(
            product=product, name="500 ml", unit="ML", size=500, sku=product.slug, price=2800, hsn_code="0401",
            shelf_life_days=2,
        )
        for product in products
    )  # fmt: skip
    Offer.objects.bulk_create(Offer(vendor=world.vendor, variant=variant, cost_price=2000) for variant in variants)
    Stock.objects.bulk_create(Stock(vendor=world.vendor, variant=variant, on_hand=50) for variant in variants)
    with connection.cursor() as cursor:  # as PostgreSQL does by itself, but not inside a test's transaction
        cursor.execute("ANALYZE catalog_product, catalog_variant, vendors_offer, inventory_stock")


@pytest.fixture(autouse=True)
def _one_look_at_the_edition(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked at once a second, whatever is asked: not to be counted now here, now there."""
    monkeypatch.setattr(editions, "LOOK_EVERY", 3600)


Look = Callable[[Visitor], HttpResponse]
PAGES: dict[str, tuple[str, int, int]] = {
    "catalogue": ("/shop/", 4, 6),
    "category": ("/shop/?category=milk", 4, 6),
    "search": ("/shop/?q=milk", 4, 6),
    "product": ("/shop/toned-milk/", 4, 6),
    "home": ("/", 4, 8),  # one more: the last orders, for what is usual
    "cart": ("/cart/", 4, 6),
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("products", [10, 1_000])
def test_a_guests_page_asks_a_constant_number_of_queries(
    world: World, guest: Visitor, page: str, products: int
) -> None:
    path, most, _signed_in = PAGES[page]
    _stock_up(world, products)
    guest.put(world.milk, 2)
    _assert_at_most(guest, path, most)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("products", [10, 1_000])
def test_a_households_page_asks_a_constant_number_of_queries(
    world: World, household: Visitor, page: str, products: int
) -> None:
    path, _guest, most = PAGES[page]
    _stock_up(world, products)
    household.put(world.milk, 2)
    _assert_at_most(household, path, most)


FIRST_LOOKS = {
    "/shop/": (12, 0),
    "/shop/?sort=price": (12, 0),
    "/shop/?sort=newest&available=on": (11, 0),
    "/shop/?price_min=20&price_max=30": (11, 0),
    "/shop/?q=milk": (15, 3),
    "/shop/?q=mlik+500+ml": (16, 4),
    "/shop/toned-milk/": (10, 0),
    "/shop/search/suggestions/?q=mi": (12, 1),
    "/api/v1/products/?pincode=560034": (9, 0),
    "/api/v1/products/?pincode=560034&sort=-price&available=true": (9, 0),
    "/api/v1/products/?pincode=560034&q=mlik": (14, 0),
}
"""What a guest's very first look in a process asks, and the second one, by address. Of the first, five read the region
book, one the edition of the shop, four the words of a search."""


@pytest.mark.parametrize("path", FIRST_LOOKS)
def test_a_first_look_at_a_thousand_products_asks_what_one_at_thirteen_does(
    world: World, guest: Visitor, path: str
) -> None:
    _stock_up(world, 10)
    few = _first_look(guest, path)
    _stock_up(world, 990, since=10)
    many = _first_look(guest, path)
    assert len(many) == len(few), _told(many)
    with counted() as then:
        guest.get(path)
    assert (len(many), len(then)) == FIRST_LOOKS[path], _told([*many, *then])


def _first_look(guest: Visitor, path: str) -> list[str]:
    guest.get("/cart/")  # the region book is in memory
    forget_everything()
    with counted() as statements:
        response = guest.get(path)
    assert response.status_code == 200, response.content
    return statements


@pytest.mark.parametrize("lines", [1, 60])
def test_a_cart_and_its_checkout_ask_the_same_however_full(world: World, household: Visitor, lines: int) -> None:
    AddressFactory(user=world.customer, pincode="560034")
    _stock_up(world, lines)
    household.put(world.milk, 2)
    cart = Cart.objects.get()
    variants = Variant.objects.filter(sku__startswith="cow-milk")
    CartLine.objects.bulk_create(CartLine(cart=cart, variant=variant, quantity=1) for variant in variants)
    _assert_at_most(household, "/cart/", 6)
    _assert_at_most(household, "/checkout/", 9)


@pytest.mark.parametrize("lines", [1, 40])
@pytest.mark.parametrize("others", [0, 30])
def test_an_order_and_the_list_ask_the_same_however_many(
    world: World, household: Visitor, lines: int, others: int
) -> None:
    _stock_up(world, lines)
    for _ in range(others):
        placed_order(customer=world.customer, basket=[(world.milk, 1)], slot=world.morning)
    basket = [(variant, 1) for variant in Variant.objects.filter(sku__startswith="cow-milk")]
    order = confirmed_order(customer=world.customer, basket=basket, slot=world.morning)
    schedule_delivery(order, by=Actor.system("tests"))
    _assert_at_most(household, f"/orders/{order.number}/", 8)
    _assert_at_most(household, f"/orders/{order.number}/progress/", 8)
    _assert_at_most(household, "/orders/", 5)


def test_a_tap_on_add_asks_at_most_twelve(world: World, household: Visitor) -> None:
    for quantity in (1, 2, 0):
        with counted() as statements:
            household.htmx("/cart/set/", {"variant": world.milk.pk, "quantity": quantity})
        assert len(statements) <= 12, _told(statements)


def test_pages_without_the_shops_frame_ask_nothing_of_it(world: World, client: Client) -> None:
    with counted() as statements:
        client.get("/no-such-page/")
    assert statements == []


def _assert_at_most(visitor: Visitor, path: str, most: int) -> None:
    visitor.get(path)  # what is kept in memory is there now
    with counted() as statements:
        response = visitor.get(path)
    assert response.status_code == 200
    assert len(statements) <= most, _told(statements)


Told = list[tuple[str, int, Counter[str]]]


def _guest_purchase(world: World, code: str = "") -> Told:
    """From the front page to a confirmed order: each request with its number of queries, by verb and table."""
    before = Visitor(Client())
    before.post("/pincode/", {"pincode": "560034"})
    for path in ("/", "/shop/", f"/shop/{world.milk.product.slug}/"):  # what is kept in memory is there now
        for browser in (before, Visitor(Client())):
            browser.get(path)
    before.put(world.milk, 1)
    before.get("/cart/")  # the promotions that run are in memory
    visitor = Visitor(Client())
    told: Told = []

    def ask(name: str, request: Callable[[], HttpResponse]) -> HttpResponse:
        with counted() as statements:
            response = request()
        told.append((name, len(statements), Counter(map(_kind, statements))))
        return response

    ask("front page", lambda: visitor.get("/"))
    ask("pincode", lambda: visitor.post("/pincode/", {"pincode": "560034"}))
    ask("shelf", lambda: visitor.get("/shop/"))
    ask("add", lambda: visitor.htmx("/cart/set/", {"variant": world.milk.pk, "quantity": 2}))
    if code:
        ask("promo code", lambda: visitor.htmx("/cart/promo/", {"code": code}))
    page = ask("checkout", lambda: visitor.get("/checkout/"))
    fields = {**form_of(page), **GUEST, **DOOR}
    placed = ask("place order", lambda: visitor.post("/checkout/", fields))
    ask("order page", lambda: visitor.get(placed["Location"]))
    return told


def test_a_guest_purchase_takes_few_requests(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    told = _guest_purchase(world)
    with capsys.disabled():
        print()
        for name, count, kinds in told:
            print(f"  {name:12} {count:3}  {', '.join(f'{kind} {n}' for kind, n in kinds.most_common())}")
        print(f"  {len(told)} requests, {sum(count for _, count, _ in told)} queries")
    assert Order.objects.get().status == Order.Status.CONFIRMED
    assert len(told) <= REQUESTS_OF_A_PURCHASE


def test_a_guest_purchase_takes_few_queries(world: World) -> None:
    confirmed_order(customer=world.customer, basket=[(world.milk, 1)], slot=world.morning)  # not the day's first
    told = _guest_purchase(world)
    assert sum(count for _name, count, _kinds in told) <= QUERIES_OF_A_PURCHASE


def test_a_promo_code_takes_a_few_queries_more_where_the_order_is_placed(world: World) -> None:
    """Under the promotion's lock: its terms, its code, both counts, the use and its event."""
    PromoCodeFactory(code="SAVE10")
    _guest_purchase(world)  # not the day's first

    def placed(code: str = "") -> int:
        return next(count for name, count, _kinds in _guest_purchase(world, code) if name == "place order")

    assert placed("SAVE10") - placed() <= QUERIES_OF_A_CODE


def _kind(statement: str) -> str:
    """The verb and the table of a statement."""
    found = re.search(r'(SELECT|INSERT|UPDATE|DELETE).*?(?:FROM|INTO|UPDATE)\s+"?(\w+)', statement, re.DOTALL)
    return f"{found[1].lower()} {found[2]}" if found else statement[:30]


def _told(statements: list[str]) -> str:
    return "\n" + "\n".join(f"{number}. {statement[:300]}" for number, statement in enumerate(statements, 1))
