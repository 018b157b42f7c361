"""What no honest client sends: a problem document, never an error page, and nothing changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cart.models import Cart
from catalog.models import Product
from orders.models import Order
from tests.api.calls import new_key, problem
from tests.factories.world import World

WRITES = [
    ("POST", "cart/items/"),
    ("PATCH", "cart/items/1/"),
    ("POST", "orders/precheck/"),
    ("POST", "orders/"),
    ("PUT", "orders/M000000/cancel/"),
    ("POST", "products/"),
    ("PATCH", "products/{product}/"),
    ("POST", "deliveries/1/delivered/"),
]
BODIES = {
    "not json": (b"{", 400, "malformed_json"),
    "cut off": (b'{"name": "As', 400, "malformed_json"),
    "a list": (b"[]", 400, "malformed_json"),
    "a word": (b'"milk"', 400, "malformed_json"),
    "not utf-8": (b'{"name": "\xff"}', 400, "malformed_json"),
    "NaN": (b'{"quantity": NaN}', 400, "malformed_json"),
    "deep": (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, 400, "malformed_json"),
    "NUL": (b'{"name": "a\\u0000b"}', 400, "character_not_allowed"),
    "half a character": (b'{"name": "\\ud83e"}', 400, "character_not_allowed"),
    "too large": (b'{"name": "' + b"x" * 1_000_001 + b'"}', 413, "body_too_large"),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize(("method", "path"), WRITES)
def test_bodies(world: World, admin: Any, method: str, path: str, body: tuple[bytes, int, str]) -> None:
    content, status, code = body
    url = f"/api/v1/{path.format(product=world.products[0].pk)}"
    answer = admin.client.generic(
        method, url, content, content_type="application/json", headers={"Idempotency-Key": new_key()}
    )
    if answer.status_code == 404:  # what it would change does not exist, which is looked at first
        assert path in ("orders/M000000/cancel/", "cart/items/1/", "deliveries/1/delivered/")
        return
    problem(answer, status, code)
    assert not Order.objects.exists()
    assert not Cart.objects.exists()
    assert Product.objects.count() == len(world.products)


def test_other_formats(world: World, guest: Any) -> None:
    client: Any = guest.client
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/xml", "nonsense"):
        answer = client.generic("POST", "/api/v1/cart/items/", b"variant_id=1", content_type=kind)
        problem(answer, 415, "unsupported_media_type")
    problem(client.get("/api/v1/products/", headers={"Accept": "text/html"}), 406, "not_acceptable")


@pytest.mark.parametrize("path", ["", "nothing/", "products", "products/x/", "orders/a/b/c/", "%00/", "products/-1/"])
def test_unknown_addresses(world: World, guest: Any, path: str) -> None:
    answer = guest.client.get(f"/api/v1/{path}", follow=False)
    assert answer.status_code in (301, 400, 404)
    if answer.status_code != 301:
        assert answer["Content-Type"] == "application/problem+json"


def test_other_methods(world: World, admin: Any) -> None:
    for method, path in (("DELETE", "products/"), ("POST", "serviceability/"), ("GET", "orders/precheck/")):
        answer = admin.client.generic(method, f"/api/v1/{path}")
        problem(answer, 405, "method_not_allowed")


def test_the_language_of_a_refusal(world: World, guest: Any) -> None:
    for language in ("en", "hi", "xx", "en;q=0"):
        told = guest.client.get("/api/v1/serviceability/", headers={"Accept-Language": language})
        assert json.loads(told.content)["errors"]["pincode"]


def test_too_often(world: World, guest: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("milkdelivery.core.api.throttles.Changes.rate", "2/min")
    answers = [guest.post("cart/items/", {"variant_id": world.milk.pk}).status_code for _ in range(3)]
    assert answers == [201, 201, 429]
    told = problem(guest.post("cart/items/", {}), 429, "throttled")
    assert told["detail"]
    assert int(guest.post("cart/items/", {})["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("orders/?status=CONFIRMED&status=CANCELLED", "status"),
        ("claims/?status=A&status=B", "status"),
        ("deliveries/?hub=1&hub=2", "hub"),
        ("prices/?region=BLR&region=SFO", "region"),
        ("users/?role=ADMIN&role=DRIVER", "role"),
        ("recommendations/?pincode=560034&pincode=560001", "pincode"),
    ],
)
def test_a_parameter_of_one_value_that_comes_twice_is_refused(world: World, admin: Any, path: str, name: str) -> None:
    told = problem(admin.get(path), 400, "invalid")
    assert told["errors"] == {name: ["This is given twice, with different answers. Send one."]}


@pytest.mark.parametrize(
    "path",
    [
        "deliveries/?status=FAILED&status=DELIVERED",
        "orders/?status=CONFIRMED&status=CONFIRMED",
        "recommendations/?product=1&product=2",
    ],
)
def test_what_takes_several_values_still_does(world: World, admin: Any, path: str) -> None:
    assert admin.get(path).status_code == 200
