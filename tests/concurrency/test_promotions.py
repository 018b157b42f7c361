"""The last use of a promotion, wanted by several orders at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from cart.actions import apply_code, place_order
from cart.rules import CheckoutRefused
from catalog.actions import Purchase, give_redemption_back, promotions, redeem_promotion
from catalog.models import PromoCode, PromoCodeQuerySet, PromoRedemption, Promotion, PromotionQuerySet
from catalog.promotions import promotion_for
from catalog.rules.promotions import Goods, PromotionRefused
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.money import Money
from milkdelivery.core.queries import region_book
from orders.models import Order
from tests.api.calls import purchase as body_of
from tests.cart.shopping import filled_cart, purchase
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.accounts import UserFactory
from tests.factories.core import RegionFactory
from tests.factories.promotions import PromoCodeFactory
from tests.factories.world import World, small_world
from tests.shop.visitor import DOOR, GUEST, Visitor

pytestmark = pytest.mark.django_db(transaction=True)

ME = Actor.system("tests")
BASKET = [Goods(1, 1, 2, Money(2800, "INR"))]


def race(monkeypatch: pytest.MonkeyPatch, orders: int, **terms: Any) -> list[BaseException]:
    """So many orders of one household look, and then all use it."""
    code = PromoCodeFactory(code="LAST", **terms)
    code.promotion.region.refresh_from_db()
    customer, meeting = UserFactory(), Meeting(orders)
    look = promotions._discount_now

    def slow(*args: Any) -> Any:
        found = look(*args)
        meeting.wait()
        return found

    monkeypatch.setattr(promotions, "_discount_now", slow)
    region = code.promotion.region
    applied = promotion_for("LAST", basket=BASKET, region=region, customer_id=customer.pk, is_first_order=False)

    def work(number: int) -> Callable[[], object]:
        purchase = Purchase(f"M{number}", customer.pk, region, BASKET, False, Money(0, "INR"))
        return lambda: redeem_promotion(applied, purchase=purchase, by=ME)

    return in_threads(*(work(number) for number in range(orders)))


def unlock(monkeypatch: pytest.MonkeyPatch) -> None:
    look = Promotion.objects.select_related("region")
    monkeypatch.setattr(PromotionQuerySet, "locked", lambda queryset, pk: look.get(pk=pk))
    monkeypatch.setattr(PromoCodeQuerySet, "locked", lambda queryset, pk: PromoCode.objects.get(pk=pk))


def test_without_the_lock_a_household_uses_it_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """And one of the two uses is lost from the count."""
    unlock(monkeypatch)
    assert race(monkeypatch, 2, promotion__per_user_limit=1) == []
    assert PromoRedemption.objects.count() == 2
    assert Promotion.objects.get().used == 1


@pytest.mark.parametrize("limit", ["promotion__per_user_limit", "promotion__total_limit", "total_limit"])
def test_the_last_use_goes_to_one_order(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    problems = race(monkeypatch, 3, **{limit: 1})
    assert [type(problem) for problem in problems] == [PromotionRefused] * 2
    assert PromoRedemption.objects.count() == Promotion.objects.get().used == PromoCode.objects.get().used == 1


def test_a_use_given_back_twice_at_once_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    race(monkeypatch, 1)
    assert in_threads(*[lambda: give_redemption_back("M0", by=ME)] * 4) == []
    assert Promotion.objects.get().used == PromoCode.objects.get().used == 0
    RegionFactory()  # nothing is left locked


# -- the same through the button ---------------------------------------------------------------------------------------


def press(monkeypatch: pytest.MonkeyPatch, orders: int, **terms: Any) -> list[BaseException]:
    """So many guests with the code on their carts press the button at once."""
    now = datetime.fromisoformat("2026-01-15T20:00+05:30")
    with clock.override(now):
        world = small_world()
        PromoCodeFactory(code="LAST", **terms)
        carts = [filled_cart(world) for _ in range(orders)]
        for cart in carts:
            apply_code(cart.pk, "LAST", region=world.region, book=region_book(), by=ME)
        meeting = Meeting(orders)
        look = promotions._discount_now

        def slow(*args: Any) -> Any:
            found = look(*args)
            meeting.wait()
            return found

        monkeypatch.setattr(promotions, "_discount_now", slow)
        wanted = purchase(world)

        def work(cart_id: int) -> Callable[[], object]:
            def place() -> object:
                with clock.override(now):
                    return place_order(cart_id, wanted, by=ME)

            return place

        return in_threads(*(work(cart.pk) for cart in carts))


def test_without_the_lock_two_orders_are_placed_with_the_last_use(monkeypatch: pytest.MonkeyPatch) -> None:
    unlock(monkeypatch)
    assert press(monkeypatch, 2, promotion__total_limit=1) == []
    assert Order.objects.filter(promo_code="LAST").count() == 2


@pytest.mark.parametrize("limit", ["promotion__total_limit", "total_limit"])
def test_one_order_gets_the_last_use_and_the_others_are_asked_first(
    monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    """They are told and see the total without it; nothing of theirs was written."""
    problems = press(monkeypatch, 3, **{limit: 1})
    assert [type(problem) for problem in problems] == [CheckoutRefused] * 2
    assert {problem.problems[0].code for problem in problems if isinstance(problem, CheckoutRefused)} == {
        "promotion_used_up"
    }
    order = Order.objects.get()
    assert PromoRedemption.objects.get().reference == order.number
    assert Promotion.objects.get().used == 1


# -- and as browsers and apps send it ----------------------------------------------------------------------------------


def by_page(world: World, number: int) -> Callable[[], int]:
    """A guest's browser with the code in its cart; sending its checkout tells the status."""
    visitor = Visitor(Client())
    visitor.post("/pincode/", {"pincode": "560034"})
    visitor.put(world.milk, 2)
    visitor.post("/cart/promo/", {"code": "LAST"})
    fields = visitor.checkout_fields(**{**GUEST, **DOOR, "contact": f"asha{number}@example.com"})
    return lambda: int(visitor.post("/checkout/", fields).status_code)


def by_api(world: World, number: int) -> Callable[[], int]:
    client = APIClient()
    token = client.post("/api/v1/cart/items/", {"variant_id": world.milk.pk, "quantity": 2}).json()["token"]
    headers = {"X-Cart-Token": token, "Idempotency-Key": f"last-use-{number}"}
    assert client.post("/api/v1/cart/promo/", {"code": "LAST"}, headers=headers).status_code == 200
    body = body_of(world, lines=None, contact=f"asha{number}@example.com")
    return lambda: int(client.post("/api/v1/orders/", body, headers=headers).status_code)


@pytest.mark.parametrize("way", [by_page, by_api])
def test_the_last_use_goes_to_one_of_several_who_press_at_once(
    monkeypatch: pytest.MonkeyPatch, way: Callable[[World, int], Callable[[], int]]
) -> None:
    """Each has seen the total with the code; one gets it, the others are told and keep their carts."""
    now = datetime.fromisoformat("2026-01-15T20:00+05:30")
    statuses: list[int] = []
    with clock.override(now):
        world = small_world()
        PromoCodeFactory(code="LAST", promotion__total_limit=1)
        meeting, look = Meeting(3), promotions._discount_now
        presses = [way(world, number) for number in range(3)]

    def slow(*args: Any) -> Any:
        found = look(*args)
        meeting.wait()
        return found

    monkeypatch.setattr(promotions, "_discount_now", slow)

    def work(press: Callable[[], int]) -> Callable[[], object]:
        def send() -> None:
            with clock.override(now):
                statuses.append(press())

        return send

    assert in_threads(*map(work, presses)) == []
    assert sorted(statuses) == ([302, 422, 422] if way is by_page else [201, 422, 422])
    order = Order.objects.get()
    assert (order.promo_code, order.status) == ("LAST", "CONFIRMED")
    assert PromoRedemption.objects.get().reference == order.number
    assert Promotion.objects.get().used == PromoCode.objects.get().used == 1
