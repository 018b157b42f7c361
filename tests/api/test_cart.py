"""Carts of guests and of people, and how they meet."""

from __future__ import annotations

from typing import Any

import pytest

from cart.models import Cart, CartLine
from milkdelivery.core.models import Event
from milkdelivery.shopping import CART_COOKIE
from tests.api.calls import Caller, new_key, problem
from tests.factories.core import PincodeFactory
from tests.factories.inventory import count_shelves
from tests.factories.world import World


def add(caller: Caller, variant_id: int, quantity: int = 1, **options: Any) -> Any:
    return caller.post("cart/items/", {"variant_id": variant_id, "quantity": quantity}, **options)


@pytest.fixture
def filled(world: World, guest: Caller) -> Caller:
    """A guest with two milks, whose app keeps the token."""
    made = add(guest, world.milk.pk, 2)
    assert made.status_code == 201, made.content
    return Caller(guest.client, {"X-Cart-Token": made.json()["token"]})


def test_an_empty_cart(world: World, guest: Caller) -> None:
    cart = guest.get("cart/").json()
    assert (cart["token"], cart["lines"], cart["count"]) == (None, [], 0)
    assert cart["totals"]["grand_total"] == {"amount": "0.00", "currency": "INR"}
    assert Cart.objects.count() == 0


def test_a_guests_cart(world: World, filled: Caller) -> None:
    add(filled, world.variants[1].pk)
    cart = filled.get("cart/?pincode=560034").json()
    assert cart["pincode"] == "560034"
    assert [(line["name"], line["quantity"], line["state"]) for line in cart["lines"]] == [
        ("Toned milk", 2, "OK"),
        ("Set curd", 1, "OK"),
    ]
    assert cart["lines"][0]["total"] == {"amount": "56.00", "currency": "INR"}
    assert cart["totals"]["items"] == {"amount": "91.00", "currency": "INR"}
    assert cart["totals"]["delivery"] == {"amount": "20.00", "currency": "INR"}
    assert cart["totals"]["grand_total"] == {"amount": "111.00", "currency": "INR"}
    assert cart["totals"]["to_free_delivery"] == {"amount": "108.00", "currency": "INR"}
    assert Cart.objects.count() == 1


def test_changing_and_taking_out(world: World, filled: Caller) -> None:
    line = filled.get("cart/").json()["lines"][0]["id"]
    assert filled.patch(f"cart/items/{line}/", {"quantity": 5}).json()["lines"][0]["quantity"] == 5
    assert filled.delete(f"cart/items/{line}/").json()["lines"] == []
    problem(filled.delete(f"cart/items/{line}/"), 404, "not_found")
    add(filled, world.milk.pk)
    line = filled.get("cart/").json()["lines"][0]["id"]
    assert filled.patch(f"cart/items/{line}/", {"quantity": 0}).json()["lines"] == []


@pytest.mark.parametrize("quantity", [0, 51, -1, "two", 1.5, None, True, [], 10**30])
def test_no_such_quantity(world: World, guest: Caller, quantity: Any) -> None:
    refused = guest.post("cart/items/", {"variant_id": world.milk.pk, "quantity": quantity})
    assert "quantity" in problem(refused, 400, "invalid")["errors"]
    assert Cart.objects.count() == 0


def test_no_such_pack(world: World, guest: Caller, filled: Caller) -> None:
    for unknown in (999999, 2**63 - 1):
        problem(add(guest, unknown), 409, "not_on_sale")
    assert "variant_id" in problem(add(guest, 2**63), 400, "invalid")["errors"]
    assert "variant_id" in problem(guest.post("cart/items/", {}), 400, "invalid")["errors"]
    type(world.milk).objects.filter(pk=world.milk.pk).update(is_active=False)
    problem(add(filled, world.milk.pk), 409, "not_on_sale")


def test_a_pack_that_went_off_sale(world: World, filled: Caller) -> None:
    type(world.milk).objects.filter(pk=world.milk.pk).update(is_active=False)
    cart = filled.get("cart/").json()
    (line,) = cart["lines"]
    assert (line["state"], line["unit_price"], line["total"]) == ("UNAVAILABLE", None, None)
    assert (cart["count"], cart["totals"]["grand_total"]["amount"]) == (0, "0.00")


def test_fifty_is_the_most(world: World, filled: Caller) -> None:
    assert add(filled, world.milk.pk, 50).json()["lines"][0]["quantity"] == 50


def test_states(world: World, filled: Caller) -> None:
    stock = world.stocks[0]
    for on_hand, state in ((100, "OK"), (3, "LOW"), (1, "SHORT"), (0, "UNAVAILABLE")):
        count_shelves(on_hand, pk=stock.pk)
        assert filled.get("cart/?pincode=560034").json()["lines"][0]["state"] == state


def test_what_is_sold_out_is_in_no_total(world: World, filled: Caller) -> None:
    add(filled, world.variants[1].pk, 1)
    count_shelves(0, pk=world.stocks[0].pk)
    cart = filled.get("cart/?pincode=560034").json()
    milk, curd = cart["lines"]
    assert (milk["counts"], milk["unit_price"]["amount"], milk["total"]) == (False, "28.00", None)
    assert (curd["counts"], curd["total"]["amount"]) == (True, "35.00")
    assert (cart["count"], cart["totals"]["items"]["amount"]) == (1, "35.00")
    PincodeFactory(region=world.region, code="560001", name="Fort")
    elsewhere = filled.get("cart/?pincode=560001").json()
    assert [line["counts"] for line in elsewhere["lines"]] == [True, True], "nobody comes there, whatever there is"


def test_anothers_line_does_not_exist(world: World, filled: Caller, guest: Caller, customer: Caller) -> None:
    line = filled.get("cart/").json()["lines"][0]["id"]
    for other in (guest, customer):
        problem(other.patch(f"cart/items/{line}/", {"quantity": 9}), 404, "not_found")
        problem(other.delete(f"cart/items/{line}/"), 404, "not_found")
    assert CartLine.objects.get(pk=line).quantity == 2


@pytest.mark.parametrize("token", ["x", "a:b:c", "é", "00000000-0000-0000-0000-000000000000", "\x00"])
def test_a_token_that_is_not_ours_is_no_cart(world: World, filled: Caller, guest: Caller, token: str) -> None:
    answer = guest.get("cart/", X_Cart_Token=token)
    assert (answer.status_code, answer.json()["lines"]) == (200, [])


def test_the_token_itself_is_not_enough(world: World, filled: Caller, guest: Caller) -> None:
    bare = str(Cart.objects.get().token)
    assert guest.get("cart/", X_Cart_Token=bare).json()["lines"] == []


def test_the_token_is_the_browsers(world: World, filled: Caller, client: Any) -> None:
    client.cookies[CART_COOKIE] = filled.headers["X-Cart-Token"]
    assert b"Toned milk" in client.get("/cart/").content


def test_a_guests_cart_joins_at_sign_in(world: World, filled: Caller, customer: Caller) -> None:
    add(customer, world.milk.pk, 49)
    joined = customer.get("cart/", **filled.headers).json()
    assert joined["token"] is None
    assert [(line["name"], line["quantity"]) for line in joined["lines"]] == [("Toned milk", 50)]
    assert customer.get("cart/", **filled.headers).json()["lines"] == joined["lines"]
    assert filled.get("cart/").json()["lines"] == []
    assert Event.objects.filter(name="cart.merged").count() == 1


def test_a_repeated_key_adds_once(world: World, filled: Caller) -> None:
    key = new_key()
    first, again = (add(filled, world.milk.pk, 3, key=key) for _ in range(2))
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert filled.get("cart/").json()["lines"][0]["quantity"] == 5
    problem(add(filled, world.milk.pk, 4, key=key), 422, "idempotency_key_reused")


def test_unknown_pincode(world: World, filled: Caller) -> None:
    assert "pincode" in problem(filled.get("cart/?pincode=999999"), 400, "invalid")["errors"]


def test_queries_do_not_grow(world: World, filled: Caller, django_assert_max_num_queries: Any) -> None:
    filled.get("cart/")
    with django_assert_max_num_queries(5):
        filled.get("cart/?pincode=560034")
    for variant in world.variants[1:]:
        add(filled, variant.pk)
    with django_assert_max_num_queries(5):
        filled.get("cart/?pincode=560034")
