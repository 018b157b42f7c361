"""Promo codes, choices, the breakdown and news in the app."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache

from cart.models import CartLine
from catalog.models import Alternative, PromoRedemption, Variant
from milkdelivery.core.api.throttles import PromoCodes
from orders.models import Order
from tests.api.calls import Caller, new_key, purchase
from tests.factories.accounts import AddressFactory
from tests.factories.catalog import ProductFactory, VariantFactory
from tests.factories.inventory import StockFactory, count_shelves
from tests.factories.promotions import PromoCodeFactory, PromotionFactory
from tests.factories.vendors import OfferFactory
from tests.factories.world import World


@pytest.fixture
def filled(world: World, guest: Caller) -> Caller:
    cache.clear()
    made = guest.post("cart/items/", {"variant_id": world.milk.pk, "quantity": 2, "if_short": "SUBSTITUTE"})
    return Caller(guest.client, {"X-Cart-Token": made.json()["token"]})


def rupees(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "INR"}


def test_a_code_changes_the_totals_and_they_say_why(world: World, filled: Caller) -> None:
    PromoCodeFactory(code="SAVE10", promotion__name="Ten off")
    cart = filled.post("cart/promo/", {"code": " save10"}).json()
    assert cart["promo"] == {"code": "SAVE10", "is_applied": True, "refusal": None}
    totals = cart["totals"]
    assert (totals["discount"], totals["grand_total"]) == (rupees("5.60"), rupees("70.40"))
    assert (totals["promotion"], totals["promo_code"], totals["delivery_reason"]) == ("Ten off", "SAVE10", "FEE")
    assert totals["taxes"] == [{"rate": "5", "net": rupees("48.00"), "tax": rupees("2.40")}]
    line = cart["lines"][0]
    assert (line["gross"], line["discount"], line["tax_rate"], line["if_short"]) == (
        rupees("56.00"), rupees("5.60"), "5", "SUBSTITUTE",
    )  # fmt: skip
    cart = filled.delete("cart/promo/").json()
    assert (cart["promo"], cart["totals"]["grand_total"]) == (None, rupees("76.00"))
    assert filled.delete("cart/promo/").status_code == 200


@pytest.mark.parametrize("typed", ["NOPE", "🥛", "ab", "SA VE"])
def test_a_code_that_will_not_do_is_told_at_its_field(world: World, filled: Caller, typed: str) -> None:
    answer = filled.post("cart/promo/", {"code": typed})
    assert (answer.status_code, answer.json()["code"]) == (409, "promotion_unknown")
    assert list(answer.json()["errors"]) == ["code"]


def test_guessing_ends_soon(world: World, filled: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PromoCodes, "rate", "2/hour")
    answers = [filled.post("cart/promo/", {"code": "GUESS"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [409, 409, 429]
    assert "Retry-After" in answers[2].headers
    assert filled.delete("cart/promo/").status_code == 200


def test_what_a_code_lacks_is_told_and_stops_an_order_that_counts_on_it(world: World, filled: Caller) -> None:
    PromoCodeFactory(code="BIG", promotion__minimum_basket=9_000)
    cart = filled.post("cart/promo/", {"code": "BIG"}).json()
    assert cart["promo"]["refusal"] == {
        "code": "promotion_basket_too_small",
        "message": "Add ₹34.00 more to use this offer.",
    }
    body = purchase(world, lines=None)
    checked = filled.post("orders/precheck/", body).json()
    assert (checked["is_ready"], checked["next_step"]) == (False, "CART")
    assert [found["field"] for found in checked["steps"][0]["problems"]] == ["promo_code"]
    refused = filled.post("orders/", body, key=new_key())
    assert list(refused.json()["errors"]) == ["promo_code"]
    seen = {**body, "expected_total": checked["totals"]["grand_total"]}
    assert filled.post("orders/precheck/", seen).json()["is_ready"]
    assert filled.post("orders/", seen, key=new_key()).status_code == 201


def test_an_order_says_promotion_and_choices(world: World, filled: Caller) -> None:
    PromoCodeFactory(code="SAVE10", promotion__name="Ten off")
    filled.post("cart/promo/", {"code": "SAVE10"})
    order = filled.post("orders/", purchase(world, lines=None), key=new_key()).json()["order"]
    assert (order["totals"]["promotion"], order["totals"]["promo_code"]) == ("Ten off", "SAVE10")
    assert order["totals"]["taxes"] == [{"rate": "5", "net": rupees("48.00"), "tax": rupees("2.40")}]
    line = order["lines"][0]
    assert (line["if_short"], line["substitution_of"], line["gross"]) == ("SUBSTITUTE", None, rupees("56.00"))


def test_lines_ordered_at_once_have_choices_and_automatic_promotions(world: World, guest: Caller) -> None:
    PromotionFactory(is_automatic=True, name="Ten off")
    lines = [
        {"variant_id": world.milk.pk, "quantity": 1, "if_short": "CANCEL_ORDER"},
        {"variant_id": world.variants[1].pk, "quantity": 1},
    ]
    order = guest.post("orders/", purchase(world, lines=lines), key=new_key()).json()["order"]
    assert [line["if_short"] for line in order["lines"]] == ["CANCEL_ORDER", "SEND_AVAILABLE"]
    assert order["totals"]["promotion"] == "Ten off"
    whole = purchase(world, lines=lines, if_short="SUBSTITUTE", contact="ravi@example.com")
    order = guest.post("orders/", whole, key=new_key()).json()["order"]
    assert {line["if_short"] for line in order["lines"]} == {"SUBSTITUTE"}


def test_a_choice_is_changed_alone(world: World, filled: Caller) -> None:
    line = CartLine.objects.get()
    cart = filled.patch(f"cart/items/{line.pk}/", {"if_short": "CANCEL_ORDER"}).json()
    assert (cart["lines"][0]["quantity"], cart["lines"][0]["if_short"]) == (2, "CANCEL_ORDER")
    assert filled.patch(f"cart/items/{line.pk}/", {"if_short": "PANIC"}).status_code in (400, 422)
    assert filled.patch("cart/items/99999999/", {"if_short": "CANCEL_ORDER"}).status_code == 404


def test_news_is_told_once(world: World, filled: Caller) -> None:
    Variant.objects.filter(pk=world.milk.pk).update(price=3100)
    (news,) = filled.get("cart/").json()["news"]
    assert (news["kind"], news["was"], news["now"]) == ("PRICE", rupees("28.00"), rupees("31.00"))
    assert filled.get("cart/").json()["news"] == []


def test_the_check_before_an_order_names_what_there_is_instead(world: World, guest: Caller) -> None:
    cow = VariantFactory(product=ProductFactory(name="Cow milk", category=world.milk.product.category), price=3000)
    OfferFactory(vendor=world.vendor, variant=cow)
    StockFactory(vendor=world.vendor, variant=cow)
    Alternative.objects.create(product=world.milk.product, other=cow.product)
    count_shelves(1, variant=world.milk)
    (line,) = guest.post("orders/precheck/", purchase(world)).json()["lines"]
    assert (line["state"], line["available_quantity"]) == ("SHORT", 1)
    others: list[dict[str, Any]] = line["alternatives"]
    assert [(other["variant_id"], other["name"], other["unit_price"]) for other in others] == [
        (cow.pk, "Cow milk", rupees("30.00"))
    ]
    assert not Order.objects.exists()


# -- with lines, which leave the cart alone ----------------------------------------------------------------------------


def test_lines_ordered_at_once_use_a_code_too(world: World, guest: Caller) -> None:
    cache.clear()
    code = PromoCodeFactory(code="SAVE10", promotion__name="Ten off", promotion__total_limit=1)
    body = purchase(world, promo_code=" save10 ")
    looked = guest.post("orders/precheck/", body).json()
    assert looked["promo"] == {"code": "SAVE10", "is_applied": True, "refusal": None}
    assert (looked["totals"]["discount"], looked["totals"]["grand_total"]) == (rupees("5.60"), rupees("70.40"))
    assert not PromoRedemption.objects.exists()
    key = new_key()
    seen = {**body, "expected_total": looked["totals"]["grand_total"]}
    placed = guest.post("orders/", seen, key=key).json()
    assert placed["order"]["totals"]["promo_code"] == "SAVE10"
    assert guest.post("orders/", seen, key=key).json() == placed
    redemption = PromoRedemption.objects.get()
    assert (redemption.reference, redemption.promotion_id) == (placed["order"]["number"], code.promotion_id)
    refused = guest.post("orders/", {**seen, "contact": "ravi@example.com"}, key=new_key())
    assert (refused.status_code, set(refused.json()["errors"])) == (422, {"promo_code", "non_field_errors"})
    assert Order.objects.count() == 1


def test_a_household_uses_a_code_with_lines_once(world: World, customer: Caller) -> None:
    cache.clear()
    PromoCodeFactory(code="SAVE10", promotion__per_user_limit=1)
    address = AddressFactory(user=world.customer, pincode=world.pincode.code)
    body = purchase(world, name=None, contact=None, address=None, address_id=address.pk, promo_code="SAVE10")
    assert customer.post("orders/", body, key=new_key()).status_code == 201
    looked = customer.post("orders/precheck/", body).json()
    assert (looked["promo"]["is_applied"], looked["next_step"]) == (False, "CART")
    assert looked["promo"]["refusal"]["code"] == "promotion_used_by_you"
    assert list(customer.post("orders/", body, key=new_key()).json()["errors"]) == ["promo_code"]


def test_a_wrong_code_with_lines_is_told_with_all_the_rest(world: World, guest: Caller) -> None:
    cache.clear()
    body = purchase(world, promo_code="NOPE", slot=None)
    looked = guest.post("orders/precheck/", body).json()
    assert [step["step"] for step in looked["steps"] if not step["is_done"]] == ["CART", "TIME"]
    assert looked["promo"] is None
    refused = guest.post("orders/", body, key=new_key())
    assert refused.status_code == 422
    assert set(refused.json()["errors"]) == {"promo_code", "slot"}


def test_a_code_of_a_cart_is_put_on_it(world: World, filled: Caller) -> None:
    PromoCodeFactory(code="SAVE10")
    refused = filled.post("orders/", purchase(world, lines=None, promo_code="SAVE10"), key=new_key())
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["promo_code"])
    assert filled.post("orders/", purchase(world, lines=None, promo_code=" "), key=new_key()).status_code == 201


def test_guessing_codes_with_lines_ends_soon_and_looking_does_not(
    world: World, guest: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    monkeypatch.setattr(PromoCodes, "rate", "2/hour")
    PromoCodeFactory(code="SAVE10")
    right, wrong = purchase(world, promo_code="SAVE10"), purchase(world, promo_code="NOPE")
    assert [guest.post("orders/precheck/", right).status_code for _ in range(3)] == [200] * 3
    assert [guest.post("orders/precheck/", wrong).status_code for _ in range(3)] == [200, 200, 429]
    assert guest.post("orders/precheck/", right).status_code == 429  # or it would tell which one is right
    assert guest.post("orders/", right, key=new_key()).status_code == 429
    assert guest.post("orders/precheck/", purchase(world)).status_code == 200
