"""Filling a wallet: through a gateway, once, and only with what really came."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import User
from milkdelivery.core.errors import DomainError
from milkdelivery.core.money import Money
from payments.actions import Means, NoWayBack, Wish, look_at_payment, pay_top_up, refund_payment, take_over_money
from payments.gateways.demo.scenarios import ALL
from payments.models import Payment
from payments.rules.ledger import AmountNotPossible, KeyOfAnotherTransfer
from tests.factories.accounts import UserFactory
from tests.factories.world import small_world
from tests.payments.books import STAFF, assert_books_add_up, balance_of, counted, rupees, told

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/account/wallet/top-up/"


@pytest.fixture
def asha() -> User:
    return small_world().customer


def fill(user: User, amount: int = 500, upi: str = "", key: str = "one", method: str = "UPI") -> Payment:
    return pay_top_up(user.pk, rupees(amount), Means(method, {"upi": upi or ALL[0].upi}), key=key, by=STAFF)


def test_money_that_came_is_in_the_wallet_once(asha: User) -> None:
    for _ in range(3):
        payment = fill(asha)
    assert (payment.status, payment.order_id) == ("SUCCEEDED", None)
    look_at_payment(payment.pk, by=STAFF)
    assert counted() == {"WALLET": 50_000, "GATEWAY": -50_000}
    assert (told("wallet.topped_up"), told("payment.initiated"), told("payment.succeeded")) == (1, 1, 1)
    assert_books_add_up()


def test_a_declined_top_up_leaves_nothing(asha: User) -> None:
    declined = next(scenario for scenario in ALL if scenario.failure_code)
    payment = fill(asha, upi=declined.upi)
    assert payment.status == "FAILED"
    assert counted() == {}
    assert fill(asha, key="two").status == "SUCCEEDED"


@pytest.mark.parametrize("amount", [0, 9, 50_001])
def test_nobody_is_charged_what_may_not_come_in(asha: User, amount: int) -> None:
    with pytest.raises(AmountNotPossible):
        fill(asha, amount)
    assert not Payment.objects.exists()


@pytest.mark.parametrize("method", ["COD", "WALLET", "BEADS"])
def test_a_wallet_is_not_filled_by_cash_or_by_itself(asha: User, method: str) -> None:
    with pytest.raises(DomainError) as refusal:
        fill(asha, method=method)
    assert refusal.value.field == "payment_method"


def test_a_key_asks_for_one_thing(asha: User) -> None:
    fill(asha)
    with pytest.raises(KeyOfAnotherTransfer):
        fill(asha, 600)
    with pytest.raises(KeyOfAnotherTransfer):
        fill(UserFactory())
    assert balance_of(asha) == 500


# -- the page ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def browser(asha: User, client: Client) -> Client:
    client.force_login(asha)
    return client


def sent(**changes: str) -> dict[str, str]:
    return {"key": "k1", "amount": "500", "how": "UPI", "upi": ALL[0].upi, **changes}


def test_the_page_fills_the_wallet_however_often_it_is_pressed(browser: Client, asha: User) -> None:
    assert browser.get("/account/wallet/").content.decode().count(PAGE) == 1
    assert browser.get(PAGE).status_code == 200
    for _ in range(2):
        answer = browser.post(PAGE, sent(), follow=True)
    assert answer.redirect_chain[-1][0].startswith("/account/wallet/")
    assert "is in your wallet" in answer.content.decode()
    assert balance_of(asha) == 500


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": "5"}, "amount"),
        ({"amount": "much"}, "amount"),
        ({"amount": ""}, "amount"),
        ({"how": "COD"}, "how"),
        ({"how": "WALLET"}, "how"),
        ({"upi": "nonsense"}, "upi"),
    ],
)
def test_bad_input_comes_back_at_its_field_with_what_was_typed(
    browser: Client, asha: User, changes: dict[str, str], field: str
) -> None:
    answer = browser.post(PAGE, sent(**changes))
    assert answer.status_code == 422
    form = answer.context["form"]
    assert form.errors[field]
    assert form.data["amount"] == sent(**changes)["amount"]
    assert balance_of(asha) == 0


def test_another_households_top_up_is_not_found(browser: Client) -> None:
    payment = fill(UserFactory())
    assert browser.get(f"{PAGE}{payment.pk}/").status_code == 404


# -- the API -----------------------------------------------------------------------------------------------------------


def ask(client: Client, key: str, **body: Any) -> Any:
    whole = {"amount": {"amount": "500.00", "currency": "INR"}, "payment_method": "CARD", **body}
    return client.post(
        "/api/v1/wallet/topups/", whole, content_type="application/json", headers={"Idempotency-Key": key}
    )


def test_the_api_opens_a_top_up_once_for_a_key(browser: Client, asha: User) -> None:
    first, again = ask(browser, "a"), ask(browser, "a")
    assert first.status_code == 201, first.content
    assert first.json() == again.json()
    assert (first.json()["status"], first.json()["next_action"]) == ("PENDING", "FORM")
    assert Payment.objects.get().amount == Money(50_000, "INR")
    assert ask(browser, "a", payment_method="UPI").status_code == 422
    assert ask(browser, "b", amount={"amount": "1.00", "currency": "INR"}).status_code == 422
    assert ask(browser, "c", payment_method="COD").status_code in (400, 422)
    assert browser.post("/api/v1/wallet/topups/", {}, content_type="application/json").status_code == 400


def test_what_a_guest_paid_goes_over_with_the_order() -> None:
    guest, asha = UserFactory(contact_only=True), UserFactory()
    fill(guest)
    for _ in range(2):
        with transaction.atomic():
            take_over_money(from_user_id=guest.pk, to_user_id=asha.pk, by=STAFF)
    assert (balance_of(guest), balance_of(asha)) == (0, 500)
    assert Payment.objects.get().user_id == asha.pk


@pytest.mark.parametrize("destination", ["SOURCE", "WALLET"])
def test_a_top_up_does_not_go_back_past_the_wallet_that_it_filled(asha: User, destination: str) -> None:
    """It would be given twice: the money stands in the wallet, from which it can be paid out."""
    payment = fill(asha)
    with pytest.raises(NoWayBack):
        refund_payment(payment.pk, Wish("asked", amount=rupees(50), destination=destination), key="r", by=STAFF)
    assert counted() == {"WALLET": 50_000, "GATEWAY": -50_000}
