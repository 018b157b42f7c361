"""Paying, verifying, looking and refunding through the API, and the door for gateways."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from milkdelivery.core import clock
from milkdelivery.core.models import Event
from orders.actions import cancel_order
from orders.models import Order
from payments import tasks
from payments.actions.webhooks import MOST_TRIES
from payments.gateways.base import Word
from payments.gateways.demo import DemoGateway, bank
from payments.gateways.demo.signing import sign
from payments.models import DemoCharge, Payment, Refund, SavedMethod, Webhook
from tests.api.calls import Caller, new_key, problem, purchase
from tests.factories.world import World
from tests.payments.paying import STAFF, worker

pytestmark = pytest.mark.django_db

DOOR = "/api/v1/payments/webhooks/demo/"


def ordered(world: World, caller: Caller, **changes: Any) -> str:
    """The number of an order that is to be paid."""
    answer = caller.post("orders/", purchase(world, payment_method="CARD", **changes), key=new_key())
    assert answer.status_code == 201, answer.content
    assert answer.json()["next_step"]["action"] == "PAY"
    if token := answer.json()["order_token"]:
        caller.headers["X-Order-Token"] = token
    return str(answer.json()["order"]["number"])


def pay(caller: Caller, number: str, token: str = "demo_success", *, key: str = "", **changes: Any) -> Any:
    body = {"order": number, "payment_method": "CARD", "token": token, **changes}
    return caller.post("payments/", body, key=key or new_key())


def knock(body: bytes, signature: str) -> Any:
    return Client().post(DOOR, body, content_type="application/json", headers={"Demo-Signature": signature})


def signed(body: bytes) -> str:
    return sign(body, at=int(clock.real_now().timestamp()))


def test_a_guest_pays_with_the_token_of_the_order(world: World, guest: Caller) -> None:
    number = ordered(world, guest)
    answer = pay(guest, number)
    assert answer.status_code == 201
    paid = answer.json()
    assert (paid["status"], paid["order"], paid["next_step"]["action"]) == ("SUCCEEDED", number, "NONE")
    assert paid["amount"] == {"amount": "76.00", "currency": "INR"}
    order = guest.get(f"orders/{number}/").json()
    assert (order["status"], order["payment_status"]) == ("CONFIRMED", "PAID")


def test_a_decline_is_an_answer_and_leaves_more_tries(world: World, guest: Caller) -> None:
    number = ordered(world, guest)
    declined = pay(guest, number, "demo_insufficient_funds").json()
    assert (declined["status"], declined["failure_code"]) == ("FAILED", "insufficient_funds")
    assert declined["next_step"]["action"] == "TRY_AGAIN"
    assert pay(guest, number).json()["status"] == "SUCCEEDED"


def test_after_three_tries_there_is_none(world: World, guest: Caller) -> None:
    number = ordered(world, guest)
    for _ in range(3):
        pay(guest, number, "demo_declined")
    problem(pay(guest, number), 409, "order_not_payable")
    assert Order.objects.get().status == "CANCELLED"


def test_a_bank_that_asks_and_the_app_that_verifies(world: World, guest: Caller) -> None:
    number = ordered(world, guest)
    paid = pay(guest, number, "demo_authenticate").json()
    assert paid["next_step"]["action"] == "REDIRECT"
    assert paid["next_step"]["url"].startswith("http")
    assert guest.post(f"payments/{paid['id']}/verify/").json()["status"] == "PENDING"
    bank.answer(DemoCharge.objects.get().secret, approve=True)
    assert guest.post(f"payments/{paid['id']}/verify/").json()["status"] == "SUCCEEDED"
    assert guest.get(f"orders/{number}/").json()["status"] == "CONFIRMED"


def test_one_key_is_one_attempt_and_another_body_is_refused(world: World, guest: Caller) -> None:
    number, key = ordered(world, guest), new_key()
    first = pay(guest, number, "demo_declined", key=key)
    again = pay(guest, number, "demo_declined", key=key)
    assert (first.json(), again["Idempotency-Replayed"]) == (again.json(), "true")
    assert Payment.objects.count() == 1
    problem(pay(guest, number, "demo_success", key=key), 422, "idempotency_key_reused")
    problem(guest.post("payments/", {"order": number, "payment_method": "CARD"}), 400, "idempotency_key_required")


def test_a_tampered_amount_is_compared_and_never_charged(world: World, guest: Caller) -> None:
    number = ordered(world, guest)
    problem(pay(guest, number, amount={"amount": "0.01", "currency": "INR"}), 409, "payment_wrong_amount")
    assert DemoCharge.objects.get().state == "OPEN"


@pytest.mark.parametrize("number", ["M000000", "MMMMMMMM"])
def test_an_unknown_order_can_not_be_paid(world: World, customer: Caller, number: str) -> None:
    problem(pay(customer, number), 404, "not_found")


def test_what_is_another_persons_is_unknown(world: World, guest: Caller, customer: Caller, sign_in: Any) -> None:
    number = ordered(world, guest)
    problem(pay(customer, number), 404, "not_found")
    payment = Payment.objects.get()
    problem(customer.post(f"payments/{payment.pk}/verify/"), 404, "not_found")
    problem(customer.post("payments/999999/verify/"), 404, "not_found")
    assert customer.get("payments/").json()["results"] == []


def test_a_card_number_is_not_taken(world: World, guest: Caller) -> None:
    """An app sends the gateway's token; what looks like a number is refused before anybody reads it."""
    number = ordered(world, guest)
    answer = pay(guest, number, "4242 4242 4242 4242")
    assert answer.status_code == 400
    assert not [row for row in Event.objects.values() if "4242" in str(row)]


def test_a_kept_card_pays_the_next_order_and_can_be_removed(world: World, customer: Caller) -> None:
    named = {"name": None, "contact": None}
    pay(customer, ordered(world, customer, **named), keep=True)
    kept = customer.get("users/me/payment-methods/").json()["results"]
    assert [(card["brand"], card["last4"]) for card in kept] == [("Visa", "4242")]
    number = ordered(world, customer, **named)
    body = {"order": number, "saved_method": kept[0]["id"]}
    assert customer.post("payments/", body, key=new_key()).json()["status"] == "SUCCEEDED"
    assert customer.delete(f"users/me/payment-methods/{kept[0]['id']}/").status_code == 204
    assert customer.get("users/me/payment-methods/").json()["results"] == []
    assert customer.delete(f"users/me/payment-methods/{kept[0]['id']}/").status_code == 204
    assert SavedMethod.objects.count() == 1


def test_staff_pay_back_by_lines_and_by_amount(world: World, guest: Caller, manager: Caller) -> None:
    number = ordered(world, guest)
    payment_id = pay(guest, number).json()["id"]
    line = Order.objects.get().lines.get()
    body = {"reason": "sour", "lines": [{"line_id": line.pk, "quantity": 1}]}
    answer = manager.post(f"payments/{payment_id}/refund/", body, key=new_key())
    assert (answer.status_code, answer.json()["amount"]["amount"]) == (201, "28.00")
    key = new_key()
    for _ in range(2):
        manager.post(
            f"payments/{payment_id}/refund/", {"reason": "x", "amount": {"amount": "8.00", "currency": "INR"}}, key=key
        )
    assert Payment.objects.get().refunded.minor == 3600
    too_much = {"reason": "x", "amount": {"amount": "40.01", "currency": "INR"}}
    problem(manager.post(f"payments/{payment_id}/refund/", too_much, key=new_key()), 422, "refund_too_much")
    assert Refund.objects.count() == 2


def test_a_household_pays_nothing_back_to_itself(world: World, customer: Caller) -> None:
    assert customer.post("payments/1/refund/", {"reason": "x"}, key=new_key()).status_code == 403


# -- the door ----------------------------------------------------------------------------------------------------------


def letter_of(world: World, guest: Caller) -> tuple[str, bytes]:
    """The bank's word of a payment that its household approved."""
    number = ordered(world, guest)
    pay(guest, number, "demo_authenticate")
    bank.answer(DemoCharge.objects.get().secret, approve=True)
    return number, bank.letter(DemoCharge.objects.get())[1]


def test_a_word_is_kept_once_and_acted_on_once(world: World, guest: Caller, drain: Callable[[], int]) -> None:
    number, body = letter_of(world, guest)
    for _ in range(3):
        assert knock(body, signed(body)).status_code == 204
    assert (Webhook.objects.count(), Webhook.objects.get().status) == (1, "RECEIVED")
    assert Order.objects.get().payment_status == "PENDING", "the door only takes in; a worker acts"
    assert tasks.process_webhooks() == 1
    assert tasks.process_webhooks() == 0
    worker(drain)
    assert Order.objects.get(number=number).status == "CONFIRMED"
    assert Event.objects.named("payment.succeeded").count() == 1


@pytest.mark.parametrize("signature", ["", "t=1", "v1=00", "t=x,v1=y", "t=99999999999999,v1=0"])
def test_a_word_that_is_not_the_banks(world: World, guest: Caller, signature: str) -> None:
    _number, body = letter_of(world, guest)
    problem(knock(body, signature), 400, "webhook_refused")
    assert not Webhook.objects.exists()


def test_a_word_that_was_changed_on_its_way(world: World, guest: Caller) -> None:
    _number, body = letter_of(world, guest)
    forged = body.replace(b'"currency": "INR"', b'"currency": "USD"')
    assert forged != body
    problem(knock(forged, signed(body)), 400, "webhook_refused")


def test_a_word_that_is_too_old(world: World, guest: Caller) -> None:
    _number, body = letter_of(world, guest)
    old = sign(body, at=int(clock.real_now().timestamp()) - 301)
    problem(knock(body, old), 400, "webhook_refused")


def test_a_word_that_is_too_long(world: World) -> None:
    body = b'{"id": "evt", "pad": "' + b"x" * 70_000 + b'"}'
    problem(knock(body, signed(body)), 413, "body_too_large")


def test_a_word_that_is_signed_and_no_json(world: World) -> None:
    problem(knock(b"[]", signed(b"[]")), 400, "webhook_refused")
    problem(knock(b"\xff", signed(b"\xff")), 400, "webhook_refused")


def test_a_gateway_that_there_is_not(world: World) -> None:
    assert Client().post("/api/v1/payments/webhooks/nobody/", b"{}", content_type="application/json").status_code == 404


def test_a_word_that_means_nothing_to_us_is_kept_and_left_alone(world: World) -> None:
    body = json.dumps({"id": "evt_1", "type": "card.designed", "data": {}}).encode()
    assert knock(body, signed(body)).status_code == 204
    tasks.process_webhooks()
    assert Webhook.objects.get().status == "IGNORED"


@pytest.mark.parametrize("event_id", [None, 5, ["evt"], "x" * 5_000, "a\0b"])
def test_a_word_that_does_not_say_which_event_it_is(world: World, event_id: Any) -> None:
    body = json.dumps({"id": event_id, "type": "charge.paid", "data": {}}).encode()
    problem(knock(body, signed(body)), 400, "webhook_refused")


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"reference": "demo_x", "key": "M-1", "amount": "abc", "currency": "INR"},
        {"reference": "demo_x", "key": "M-1", "amount": True, "currency": "INR"},
        {"reference": "demo_x", "key": "M-1", "amount": 1, "currency": "INR", "scenario": "a\0b"},
        {"reference": "demo_x", "key": "M-1", "amount": 1, "currency": "INR", "instrument": "card"},
    ],
)
def test_a_word_that_we_do_not_understand_is_kept_for_staff(world: World, data: Any) -> None:
    body = json.dumps({"id": "evt_1", "type": "charge.paid", "data": data}).encode()
    assert knock(body, signed(body)).status_code == 204
    assert tasks.process_webhooks() == 1
    kept = Webhook.objects.get()
    assert kept.status == "FAILED"
    assert kept.error


def test_a_word_that_raises_something_holds_up_no_other(
    world: World, guest: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    _number, good = letter_of(world, guest)
    bad = json.dumps({"id": "evt_0", "type": "charge.designed", "data": {}}).encode()
    knock(bad, signed(bad))
    knock(good, signed(good))
    reading = DemoGateway.read_word

    def stumbling(gateway: DemoGateway, body: str) -> Word:
        if "evt_0" in body:
            raise RuntimeError("spilt milk")
        return reading(gateway, body)

    monkeypatch.setattr(DemoGateway, "read_word", stumbling)
    with pytest.raises(RuntimeError):  # the queue notes it
        tasks.process_webhooks()
    stuck, done = Webhook.objects.order_by("pk")
    assert (stuck.status, stuck.attempts, stuck.error) == ("RECEIVED", 1, "RuntimeError('spilt milk')")
    assert done.status == "PROCESSED"
    Webhook.objects.update(next_attempt_at=clock.real_now(), attempts=MOST_TRIES - 1)
    with pytest.raises(RuntimeError):
        tasks.process_webhooks()
    stuck.refresh_from_db()
    assert stuck.status == "FAILED", "staff see it; it is not tried for ever"


def test_a_word_about_a_payment_that_we_do_not_know_is_tried_again(world: World) -> None:
    data = {"reference": "demo_x", "key": "M-1", "amount": 1, "currency": "INR", "state": "PAID"}
    body = json.dumps({"id": "evt_1", "type": "charge.paid", "data": data}).encode()
    knock(body, signed(body))
    tasks.process_webhooks()
    kept = Webhook.objects.get()
    assert (kept.status, kept.attempts, kept.error) == ("RECEIVED", 1, "no such payment")


def test_a_bank_that_took_another_amount_is_not_believed(world: World, guest: Caller) -> None:
    letter_of(world, guest)
    DemoCharge.objects.update(amount=1)
    body = bank.letter(DemoCharge.objects.get())[1]
    knock(body, signed(body))
    tasks.process_webhooks()
    assert Webhook.objects.get().status == "FAILED"
    assert Payment.objects.get().status == "PENDING"


def test_a_word_for_a_cancelled_order_sends_the_money_back(
    world: World, guest: Caller, drain: Callable[[], int]
) -> None:
    _number, body = letter_of(world, guest)
    cancel_order(Order.objects.get().pk, by=STAFF, reason="called")
    knock(body, signed(body))
    worker(drain)
    assert Payment.objects.get().status == "REFUNDED"
    assert Order.objects.get().payment_status == "REFUNDED"


def test_a_card_number_is_no_token_and_costs_no_try(world: World, guest: Caller) -> None:
    number = ordered(world, guest)
    said = problem(pay(guest, number, "4242424242424242"), 400, "invalid")
    assert "token" in json.dumps(said)
    assert Payment.objects.get().status == "PENDING"


def test_nothing_is_to_be_done_about_a_failed_payment_of_an_order_that_is_cancelled(
    world: World, guest: Caller
) -> None:
    number = ordered(world, guest)
    last = {}
    for _ in range(3):
        last = pay(guest, number, "demo_declined").json()
    assert Order.objects.get().status == "CANCELLED"
    assert last["next_step"]["action"] == "NONE"


def test_a_wallet_that_is_known_not_to_reach_costs_no_try(world: World, guest: Caller) -> None:
    number = ordered(world, guest)
    body = {"order": number, "payment_method": "WALLET"}
    said = problem(guest.post("payments/", body, key=new_key()), 422, "payment_method_not_usable")
    assert "Sign in to pay from your wallet" in json.dumps(said)
    assert [payment.method for payment in Payment.objects.all()] == ["CARD"]


def test_two_ways_to_pay_at_once_are_refused(world: World, guest: Caller) -> None:
    number = ordered(world, guest)
    body = {"order": number, "payment_method": "UPI", "saved_method": 1, "token": "demo_success"}
    said = problem(guest.post("payments/", body, key=new_key()), 400, "invalid")
    assert "not both" in json.dumps(said)
    assert Payment.objects.get().status == "PENDING"
