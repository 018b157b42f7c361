"""Claims through the API: with a photo and without, decided by staff, and by a guest's token."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import User
from milkdelivery.core.actors import Actor
from orders.api.access import order_token
from orders.models import Claim, Order
from payments.actions import Wish, refund_payment
from payments.models import Payment, Refund
from tests.api.calls import Caller, new_key, problem
from tests.factories.accounts import UserFactory
from tests.factories.world import World, small_world
from tests.orders.claiming import brought

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-31T08:00+05:30")
    return small_world()


def caller(user: User | None = None, headers: dict[str, str] | None = None) -> Caller:
    client = APIClient()
    if user is not None:
        client.force_authenticate(user)
    return Caller(client, headers or {})


def wish(order: Order, count: int = 1, reason: str = "MISSING", **changes: Any) -> dict[str, Any]:
    return {"lines": [{"line_id": order.lines.get().pk, "quantity": count, "reason": reason}], **changes}


def photo(content: bytes | None = None) -> SimpleUploadedFile:
    if content is None:
        out = io.BytesIO()
        Image.new("RGB", (400, 300), (200, 180, 90)).save(out, "PNG")
        content = out.getvalue()
    return SimpleUploadedFile("milk.png", content, "image/png")


def send(app: Caller, order: Order, body: dict[str, Any], *, key: str) -> Any:
    headers = {**app.headers, "Idempotency-Key": key}
    return app.client.post(f"/api/v1/orders/{order.number}/claims/", body, format="multipart", headers=headers)


def test_a_household_claims_and_is_answered_the_same_again(world: World) -> None:
    order, app, key = brought(world), caller(world.customer), new_key()
    first = app.post(f"orders/{order.number}/claims/", wish(order, words="Only one came."), key=key)
    assert first.status_code == 201
    told = first.json()
    assert (told["status"], told["granted"], told["destination"]) == (
        "APPROVED",
        {"amount": "28.00", "currency": "INR"},
        "WALLET",
    )
    assert (told["lines"][0]["granted_quantity"], told["is_by_rule"], told["why"]) == (1, True, None)
    again = app.post(f"orders/{order.number}/claims/", wish(order, words="Only one came."), key=key)
    assert again.json() == told
    assert Claim.objects.count() == Refund.objects.count() == 1
    assert app.get(f"orders/{order.number}/claims/").json()[0]["id"] == told["id"]
    assert [claim["id"] for claim in app.get("claims/").json()["results"]] == [told["id"]]


def test_with_a_photo(world: World) -> None:
    order, app = brought(world), caller(world.customer)
    lines = json.dumps(wish(order, reason="SPOILED")["lines"])
    told = send(app, order, {"lines": lines, "photo": photo()}, key=new_key()).json()
    assert told["status"] == "APPROVED"
    shown = app.client.get(told["photo_url"])
    shown.close()
    assert shown.status_code == 200
    for wrong in ({"lines": "[", "photo": photo()}, {"lines": "7"}, {"lines": lines, "photo": photo(b"x")}):
        answer = send(app, order, wrong, key=new_key())
        assert answer.status_code in (400, 422)
        assert answer.json()["errors"]
    assert len(default_storage.listdir("claims")[1]) == 1, "what no claim shows is not kept"


def test_what_can_not_be_claimed(world: World) -> None:
    order, app = brought(world), caller(world.customer)
    path = f"orders/{order.number}/claims/"
    problem(app.post(path, wish(order, 3), key=new_key()), 409, "claim_too_many_pieces")
    problem(app.post(path, wish(order, destination="WALLET", lines=[]), key=new_key()), 400, "invalid")
    problem(app.post(path, wish(brought(world)), key=new_key()), 422, "claim_bad_lines")
    problem(app.post(path, wish(order), key=None), 400, "idempotency_key_required")
    stranger = caller(UserFactory())
    assert stranger.post(path, wish(order), key=new_key()).status_code == 404
    assert stranger.get(path).status_code == 404
    assert caller().get(path).status_code == 401
    assert not Claim.objects.exists()


def test_staff_decide(world: World, manager: Caller) -> None:
    order, app = brought(world), caller(world.customer)
    path = f"orders/{order.number}/claims/"
    one = app.post(path, wish(order, reason="SPOILED"), key=new_key()).json()
    two = app.post(path, wish(order, reason="OTHER"), key=new_key()).json()
    assert (one["status"], two["status"]) == ("OPEN", "OPEN")
    waiting = manager.get("claims/?status=OPEN").json()["results"]
    assert [(claim["id"], [why["why"] for why in claim["why"]]) for claim in waiting] == [
        (two["id"], ["NO_PHOTO", "UNCLEAR"]),
        (one["id"], ["NO_PHOTO"]),
    ]
    assert app.post(f"claims/{one['id']}/approve/", {}, key=new_key()).status_code == 403
    line = one["lines"][0]["line_id"]
    nothing = {"lines": [{"line_id": line, "quantity": 0}], "reason": "x"}
    problem(manager.post(f"claims/{one['id']}/approve/", nothing, key=new_key()), 422, "claim_bad_grant")
    done = manager.post(f"claims/{one['id']}/approve/", {"reason": "Sorry."}, key=new_key()).json()
    assert (done["status"], done["granted"]["amount"], done["decision_reason"]) == ("APPROVED", "28.00", "Sorry.")
    problem(manager.post(f"claims/{one['id']}/reject/", {"reason": "x"}, key=new_key()), 409, "claim_decided_already")
    gone = manager.post(f"claims/{two['id']}/reject/", {"reason": "It was fresh."}, key=new_key()).json()
    assert (gone["status"], app.get(path).json()[1]["decision_reason"]) == ("REJECTED", "It was fresh.")
    assert manager.post("claims/999999/approve/", {}, key=new_key()).status_code == 404


def test_staff_settle_what_was_paid_back_another_way(world: World, manager: Caller) -> None:
    order, app = brought(world), caller(world.customer)
    one = app.post(f"orders/{order.number}/claims/", wish(order, reason="SPOILED"), key=new_key()).json()
    path, key = f"claims/{one['id']}/settle/", new_key()
    problem(manager.post(path, key=new_key()), 409, "claim_not_paid_back")
    assert app.post(path, key=new_key()).status_code == 403
    payment = Payment.objects.get()
    refund_payment(payment.pk, Wish("sorry", amount=payment.amount), key="a", by=Actor.system("tests"))
    done = manager.post(path, key=key).json()
    assert (done["status"], done["granted"]["amount"]) == ("SETTLED", "0.00")
    assert manager.post(path, key=key).json() == done
    assert app.get(f"orders/{order.number}/claims/").json()[0]["status"] == "SETTLED"


def test_a_guest_claims_with_the_token_of_the_order(world: World) -> None:
    order = brought(world, is_guest=True)
    app = caller(headers={"X-Order-Token": order_token(order)})
    told = app.post(f"orders/{order.number}/claims/", wish(order), key=new_key()).json()
    assert (told["status"], told["destination"]) == ("OPEN", "SOURCE")
    other = brought(world)
    assert app.get(f"orders/{other.number}/claims/").status_code == 404
