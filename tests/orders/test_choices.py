"""What a household chose for when something runs out decides what becomes of it, at the checkout and later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.core import mail

from cart.actions import place_order, run_checkout
from cart.models import Cart, CartLine, Checkout
from catalog.models import Alternative, Product, Variant
from inventory.models import Stock
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import Event
from milkdelivery.core.money import Money
from notifications.models import Notification
from orders import actions
from orders.models import Order, OrderLine
from orders.rules.answers import LINE_MISSING
from payments.models import Payment
from tests.cart.shopping import GUEST, filled_cart, purchase
from tests.factories.catalog import ProductFactory, VariantFactory
from tests.factories.inventory import StockFactory, count_shelves
from tests.factories.promotions import PromotionFactory
from tests.factories.vendors import OfferFactory
from tests.factories.world import World, small_world
from tests.orders.dairies import another_dairy, assert_books_agree, lines_of

pytestmark = pytest.mark.django_db

IfShort = OrderLine.IfShort
DAIRY = Actor.system("tests")


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-30T20:00+05:30")
    return small_world()


def rupees(amount: float) -> Money:
    return Money(round(amount * 100), "INR")


def placed(world: World, if_short: str, *, milk: int = 5, curd: int = 1) -> Checkout:
    items = [(world.milk, milk), (world.variants[1], curd)]
    cart = filled_cart(world, *[(variant, count) for variant, count in items if count])
    CartLine.objects.filter(variant=world.milk).update(if_short=if_short)
    return place_order(cart.pk, purchase(world), by=GUEST)


def sold_meanwhile(world: World, left: int) -> None:
    count_shelves(left, vendor=world.vendor, variant=world.milk)


def instead_of_milk(world: World, *, price: int = 2700, on_hand: int = 50, size: int = 500, **terms: object) -> Variant:
    """A pack that staff chose to come in place of milk."""
    product = ProductFactory(name="Cow milk", category=world.milk.product.category)
    pack = VariantFactory(product=product, name=f"{size} ml", size=size, price=price, **terms)
    OfferFactory(vendor=world.vendor, variant=pack)
    StockFactory(vendor=world.vendor, variant=pack, on_hand=on_hand)
    Alternative.objects.create(product=world.milk.product, other=product)
    return pack


def told(order: Order) -> list[tuple[str, int, str]]:
    return [(line.name, line.quantity, line.status) for line in lines_of(order)]


def give_back_milk(world: World, order: Order) -> None:
    line = next(line for line in lines_of(order) if line.variant_id == world.milk.pk)
    actions.reject_lines(world.vendor.pk, [line.pk], reason="SOLD_OUT", by=DAIRY)


# -- at the checkout ---------------------------------------------------------------------------------------------------


def test_what_there_is_comes_and_only_that_is_paid(world: World) -> None:
    run = placed(world, IfShort.SEND_AVAILABLE)
    sold_meanwhile(world, 3)
    order = run_checkout(run.pk, by=GUEST).order
    assert (order.status, order.partial_fulfilment) == ("CONFIRMED", True)
    assert told(order) == [("Toned milk", 3, "ASSIGNED"), ("Set curd", 1, "ASSIGNED"), ("Toned milk", 2, "SHORT")]
    assert order.grand_total == rupees(3 * 28 + 35 + 20)
    assert Payment.objects.get().amount == order.grand_total, "nobody is asked for what does not come"
    assert Event.objects.filter(name="order.line_short").count() == 1
    # stock was taken off by hand here, so only lines and sums are compared
    assert Stock.objects.get(variant=world.milk).reserved == 3


def test_several_dairies_bring_what_none_has_whole(world: World) -> None:
    run = placed(world, IfShort.CANCEL_ORDER)
    other = another_dairy(world, world.milk, on_hand=2)
    sold_meanwhile(world, 3)
    order = run_checkout(run.pk, by=GUEST).order
    assert order.status == "CONFIRMED"
    assert not order.partial_fulfilment
    milk = [line for line in lines_of(order) if line.variant_id == world.milk.pk]
    assert {(line.vendor_id, line.quantity) for line in milk} == {(world.vendor.pk, 3), (other.pk, 2)}
    assert order.grand_total == rupees(5 * 28 + 35 + 20)


def test_where_nothing_is_left_the_order_comes_to_nothing(world: World) -> None:
    run = placed(world, IfShort.SEND_AVAILABLE, curd=0)
    sold_meanwhile(world, 0)
    run = run_checkout(run.pk, by=GUEST)
    assert (run.state, run.failure_code) == ("FAILED", "out_of_stock")
    assert Cart.objects.get().status == "OPEN"


def test_who_wants_all_or_nothing_gets_nothing_and_keeps_the_cart(world: World) -> None:
    run = placed(world, IfShort.CANCEL_ORDER)
    sold_meanwhile(world, 4)
    run = run_checkout(run.pk, by=GUEST)
    assert (run.state, run.failure_code) == ("FAILED", "out_of_stock")
    assert Stock.objects.get(variant=world.milk).reserved == 0
    assert not Payment.objects.exists()


def test_something_like_it_comes_for_what_is_missing_and_costs_no_more(world: World) -> None:
    pack = instead_of_milk(world)
    run = placed(world, IfShort.SUBSTITUTE)
    sold_meanwhile(world, 3)
    order = run_checkout(run.pk, by=GUEST).order
    assert told(order) == [
        ("Toned milk", 3, "ASSIGNED"),
        ("Set curd", 1, "ASSIGNED"),
        ("Toned milk", 2, "SUBSTITUTED"),
        ("Cow milk", 2, "ASSIGNED"),
    ]
    lines = lines_of(order)
    assert (lines[3].substitution_of_id, lines[3].variant_id) == (lines[2].pk, pack.pk)
    assert order.grand_total == rupees(3 * 28 + 2 * 27 + 35 + 20)
    assert not order.partial_fulfilment
    assert Stock.objects.get(variant=pack).reserved == 2


@pytest.mark.parametrize(
    "terms", [{"price": 2801}, {"on_hand": 1}, {"size": 200}, {"deposit": 500}, {"is_active": False}]
)
def test_nothing_dearer_smaller_or_not_there_comes_instead(world: World, terms: dict[str, int]) -> None:
    instead_of_milk(world, **terms)
    run = placed(world, IfShort.SUBSTITUTE)
    sold_meanwhile(world, 3)
    order = run_checkout(run.pk, by=GUEST).order
    assert ("Toned milk", 2, "SHORT") in told(order)
    assert "Cow milk" not in [name for name, _count, _status in told(order)]


def test_a_discount_goes_along_with_what_comes_instead(world: World) -> None:
    PromotionFactory(is_automatic=True, percent=50)
    instead_of_milk(world)
    run = placed(world, IfShort.SUBSTITUTE, milk=4)
    before = run.order.grand_total
    sold_meanwhile(world, 0)
    order = run_checkout(run.pk, by=GUEST).order
    instead = next(line for line in lines_of(order) if line.name == "Cow milk")
    assert (instead.discount, instead.total) == (rupees(56), rupees(4 * 27 - 56))
    assert order.grand_total < before
    order = Order.objects.get(pk=order.pk)
    assert order.items_total - order.discount_total == Money.total((line.total for line in lines_of(order)), "INR")


def test_what_is_ordered_too_is_not_promised_twice(world: World) -> None:
    """Curd stands in for milk, and the order has all the curd there is already."""
    curd = world.variants[1]
    Variant.objects.filter(pk=curd.pk).update(unit="ML", size=500, price=2000)
    Alternative.objects.create(product=world.milk.product, other=curd.product)
    count_shelves(4, variant=curd)
    run = placed(world, IfShort.SUBSTITUTE, milk=3, curd=2)
    sold_meanwhile(world, 0)
    order = run_checkout(run.pk, by=GUEST).order
    assert told(order) == [("Toned milk", 3, "SHORT"), ("Set curd", 2, "ASSIGNED")]


# -- later, when a dairy gives it back ---------------------------------------------------------------------------------


def confirmed(world: World, if_short: str) -> Order:
    order = run_checkout(placed(world, if_short).pk, by=GUEST).order
    assert order.status == "CONFIRMED"
    return order


def test_later_the_line_is_short_and_the_order_goes_on(world: World) -> None:
    order = confirmed(world, IfShort.SEND_AVAILABLE)
    give_back_milk(world, order)
    assert told(order) == [("Toned milk", 5, "SHORT"), ("Set curd", 1, "ASSIGNED")]
    assert_books_agree([order])


def test_later_something_like_it_comes(world: World, drain: Callable[[], int]) -> None:
    pack = instead_of_milk(world)
    order = confirmed(world, IfShort.SUBSTITUTE)
    drain()
    give_back_milk(world, order)
    drain()
    assert told(order) == [
        ("Toned milk", 5, "SUBSTITUTED"),
        ("Set curd", 1, "ASSIGNED"),
        ("Cow milk", 5, "ASSIGNED"),
    ]
    order.refresh_from_db()
    assert order.grand_total == rupees(5 * 27 + 35 + 20)
    assert Payment.objects.get().amount == order.grand_total
    assert_books_agree([order])
    assert Notification.objects.filter(kind="out_of_stock").count() == 1
    answer = order.vendor_answers.get()
    assert answer.outcome[0]["instead"] == f"Cow milk {pack.name}"
    assert not mail.outbox  # the worker sends it


def test_what_comes_instead_is_packed_and_delivered_like_the_rest(world: World) -> None:
    pack = instead_of_milk(world)
    order = confirmed(world, IfShort.SUBSTITUTE)
    give_back_milk(world, order)
    actions.pack_order(order.pk, by=DAIRY)
    actions.mark_out_for_delivery(order.pk, by=DAIRY)
    actions.mark_delivered(order.pk, by=DAIRY)
    assert told(order) == [
        ("Toned milk", 5, "SUBSTITUTED"),
        ("Set curd", 1, "DELIVERED"),
        ("Cow milk", 5, "DELIVERED"),
    ]
    stock = Stock.objects.get(variant=pack)
    assert (stock.on_hand, stock.reserved) == (45, 0)


def test_later_the_whole_order_is_cancelled_where_that_was_chosen(world: World, drain: Callable[[], int]) -> None:
    order = confirmed(world, IfShort.CANCEL_ORDER)
    give_back_milk(world, order)
    drain()
    order.refresh_from_db()
    assert order.status == "CANCELLED"
    assert order.status_changes.order_by("pk").last().reason == LINE_MISSING  # type: ignore[union-attr]
    assert Stock.objects.get(variant=world.variants[1]).reserved == 0
    assert_books_agree([order])
    assert Notification.objects.filter(kind="order_cancelled").exists()


def test_another_dairy_comes_before_any_choice(world: World) -> None:
    other = another_dairy(world)
    order = confirmed(world, IfShort.CANCEL_ORDER)
    give_back_milk(world, order)
    order.refresh_from_db()
    assert order.status == "CONFIRMED"
    assert {line.vendor_id for line in lines_of(order)} == {world.vendor.pk, other.pk}


def test_only_what_is_stored_may_come_instead(world: World) -> None:
    """A like product of the same category is a guess, and nobody gets a guess."""
    pack = instead_of_milk(world)
    Alternative.objects.all().delete()
    assert Product.objects.filter(category=world.milk.product.category).count() == 2
    order = confirmed(world, IfShort.SUBSTITUTE)
    give_back_milk(world, order)
    assert pack.pk not in [line.variant_id for line in lines_of(order)]
