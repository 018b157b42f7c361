"""A household's wallet on its page, as a file, at the checkout and in the API; and what staff do to it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from milkdelivery.core.actors import Role
from payments import actions
from payments.models import LedgerAccount, LedgerTransfer
from tests.cart.shopping import filled_cart
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.world import World, small_world
from tests.payments.books import STAFF, assert_books_add_up, balance_of, counted, filled_wallet, rupees

pytestmark = pytest.mark.django_db

WALLET = "/account/wallet/"
FILE = "/account/wallet/statement.csv"


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-30T20:00+05:30")
    return small_world()


@pytest.fixture
def asha(world: World) -> User:
    return world.customer


@pytest.fixture
def browser(asha: User, client: Client) -> Client:
    client.force_login(asha)
    return client


def entries(user: User, count: int) -> None:
    for number in range(count):
        actions.correct(user.pk, rupees(1), reason="Because of a test", key=f"e{user.pk}-{number}", by=STAFF)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_an_empty_wallet_says_so(browser: Client) -> None:
    page = text(browser.get(WALLET))
    assert "Nothing yet" in page
    assert "₹0.00" in page


def test_the_page_tells_what_came_and_went(browser: Client, asha: User) -> None:
    filled_wallet(asha, 500)
    actions.hold(asha.pk, rupees(120), key="h", reference="MABCDEF", by=STAFF)
    actions.correct(asha.pk, rupees(-30), reason="Counted <twice>", key="c", by=STAFF)
    page = text(browser.get(WALLET))
    for words in ("Topped up", "Order MABCDEF", "Set aside until", "-₹120.00", "+₹500.00", "then ₹380.00", "₹350.00"):
        assert words in page
    assert "Counted &lt;twice&gt;" in page
    actions.release(asha.pk, None, currency="INR", key="r", reference="MABCDEF", by=STAFF)
    assert "Set aside until" not in text(browser.get(WALLET))


def test_another_household_sees_nothing_of_it(browser: Client) -> None:
    ravi = UserFactory()
    filled_wallet(ravi, 777)
    assert "777" not in text(browser.get(WALLET))
    assert "777" not in browser.get(FILE).content.decode()


def test_older_entries_are_a_page_further(browser: Client, asha: User) -> None:
    entries(asha, 30)
    first = browser.get(WALLET)
    assert len(first.context["rows"]) == 25
    second = browser.get(f"{WALLET}?before={first.context['older']}")
    assert len(second.context["rows"]) == 5
    assert second.context["older"] is None
    assert second.context["rows"][-1].line.balance == rupees(1)
    for nonsense in ("x", "-1", "9" * 40, "٣"):
        assert browser.get(WALLET, {"before": nonsense}).status_code == 200


def test_the_page_asks_the_same_however_long_the_statement(
    browser: Client, asha: User, django_assert_max_num_queries: Any
) -> None:
    entries(asha, 2)
    browser.get(WALLET)
    with django_assert_max_num_queries(10):
        browser.get(WALLET)
    entries(UserFactory(), 3)
    for number in range(20):
        actions.hold(asha.pk, rupees(0), key=f"n{number}", reference=f"M{number}", by=STAFF)
        filled_wallet(asha, 10 + number)
    with django_assert_max_num_queries(10):
        browser.get(WALLET)


def test_a_wallet_in_two_currencies_has_two_pages(browser: Client, asha: User) -> None:
    filled_wallet(asha, 500)
    filled_wallet(asha, 40, currency="USD")
    assert "₹500.00" in text(browser.get(WALLET))
    assert "US$40.00" in text(browser.get(f"{WALLET}?currency=USD")) or "$40.00" in text(
        browser.get(f"{WALLET}?currency=USD")
    )
    assert browser.get(f"{WALLET}?currency=XXX").status_code == 200


@pytest.mark.parametrize(("typed", "kept"), [("50", 5_000), ("49.50", 4_950), ("", 0)])
def test_from_where_on_to_be_told(browser: Client, asha: User, typed: str, kept: int) -> None:
    assert browser.post("/account/wallet/low/", {"low_below": typed, "currency": "INR"}).status_code == 302
    wallet = LedgerAccount.objects.get(owner=asha, kind="WALLET")
    assert wallet.low_below.minor == kept


@pytest.mark.parametrize("typed", ["-5", "much", "10000001", "1.234", "9" * 40])
def test_a_mark_that_can_not_be_is_given_back_with_its_reason(browser: Client, asha: User, typed: str) -> None:
    answer = browser.post("/account/wallet/low/", {"low_below": typed, "currency": "INR"})
    assert answer.status_code == 422
    assert answer.context["mark"].errors["low_below"]
    assert f'value="{typed}"' in answer.content.decode()


# -- the file ----------------------------------------------------------------------------------------------------------


def rows_of(response: Any) -> list[dict[str, str]]:
    content = response.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content)))


def test_the_file_has_every_entry_with_the_balance_after_it(browser: Client, asha: User) -> None:
    filled_wallet(asha, 500)
    actions.hold(asha.pk, rupees(120), key="h", reference="MABCDEF", by=STAFF)
    response = browser.get(FILE)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="wallet-INR-2026-01-30.csv"' in response["Content-Disposition"]
    hold, top_up = rows_of(response)
    assert (hold["Date"], hold["Time"], hold["Order"]) == ("2026-01-30", "20:00", "MABCDEF")
    assert (hold["Amount"], hold["Balance"], hold["Currency"]) == ("-120.00", "380.00", "INR")
    assert (top_up["Amount"], top_up["Balance"]) == ("500.00", "500.00")
    assert (hold["Still set aside"], top_up["Still set aside"]) == ("yes", "")
    actions.release(asha.pk, None, currency="INR", key="f", reference="MABCDEF", by=STAFF)
    assert [row["Still set aside"] for row in rows_of(browser.get(FILE))] == ["", "", ""]


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_nothing_in_the_file_runs_as_a_formula(browser: Client, asha: User, first: str) -> None:
    reason = f"{first}cmd|'/c calc'!A1, why"
    transfer = {"key": "k", "kind": "CORRECTION", "reference": "", "reason": reason, "actor": "system:tests"}
    filled_wallet(asha, 5)
    wallet = LedgerAccount.objects.get(owner=asha, kind="WALLET")
    ours = LedgerAccount.objects.system({"CORRECTIONS"}, "INR")[0]
    at = LedgerTransfer.objects.latest("pk").occurred_at
    LedgerTransfer.objects.write([(ours.pk, wallet.pk, 100)], occurred_at=at, currency="INR", **transfer)
    assert all(row["Reason"][:1] in ("", "'") for row in rows_of(browser.get(FILE)))


# -- the checkout ------------------------------------------------------------------------------------------------------


def test_the_checkout_shows_the_wallet_with_what_is_missing(world: World, browser: Client, asha: User) -> None:
    AddressFactory(user=asha, pincode=world.pincode.code)
    filled_cart(world, (world.milk, 2), customer_id=asha.pk)
    assert 'value="WALLET"' not in text(browser.get("/checkout/"))
    filled_wallet(asha, 50)
    page = text(browser.get("/checkout/"))
    assert 'value="WALLET"' in page
    assert "₹26.00 is missing" in page
    filled_wallet(asha, 60)
    assert "₹110.00 to spend" in text(browser.get("/checkout/"))


def test_a_guest_is_offered_no_wallet(world: World, client: Client) -> None:
    client.post("/cart/add/", {"variant": world.milk.pk, "quantity": "1"})
    page = client.get("/checkout/")
    assert page.status_code == 200
    assert 'value="WALLET"' not in text(page)


# -- the API -----------------------------------------------------------------------------------------------------------


def test_the_api_tells_wallet_and_entries(browser: Client, asha: User) -> None:
    assert browser.get("/api/v1/wallet/").json()["balance"] == {"amount": "0.00", "currency": "INR"}
    filled_wallet(asha, 500)
    actions.hold(asha.pk, rupees(120), key="h", reference="MABCDEF", by=STAFF)
    wallet = browser.get("/api/v1/wallet/").json()
    assert (wallet["balance"]["amount"], wallet["held"]["amount"]) == ("380.00", "120.00")
    assert wallet["currencies"] == ["INR"]
    first = browser.get("/api/v1/wallet/entries/?page_size=1").json()
    assert first["results"][0]["amount"] == {"amount": "-120.00", "currency": "INR"}
    assert first["results"][0]["is_held"] is True
    second = browser.get(first["next"]).json()
    assert second["results"][0]["balance"]["amount"] == "500.00"
    assert second["next"] is None
    assert browser.get("/api/v1/wallet/?currency=USD").json()["balance"]["amount"] == "0.00"
    assert browser.get("/api/v1/wallet/?currency=rupees").status_code in (400, 422)


# -- the back office ---------------------------------------------------------------------------------------------------


def back_office(role: Role) -> Client:
    client = Client()
    client.force_login(UserFactory(role=role))
    return client


def address(user: User, verb: str) -> str:
    wallet = LedgerAccount.objects.get(owner=user, kind="WALLET")
    return f"/admin/payments/ledgeraccount/{wallet.pk}/{verb}/"


def sent(**changes: str) -> dict[str, str]:
    return {"direction": "ADD", "amount": "35.00", "reason": "Spoilt curd", "key": "one", **changes}


def test_a_manager_puts_a_wallet_right_once(asha: User) -> None:
    filled_wallet(asha, 100)
    manager = back_office(Role.MANAGER)
    for _ in range(2):
        assert manager.post(address(asha, "correct"), sent()).status_code == 302
    assert balance_of(asha) == 135
    assert manager.post(address(asha, "correct"), sent(direction="TAKE", key="two")).status_code == 302
    assert balance_of(asha) == 100
    page = text(manager.get(address(asha, "change")))
    assert "Spoilt curd" in page
    assert "All entries together come to ₹100.00." in page
    assert_books_add_up()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "ok"}, "reason"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "much"}, "amount"),
        ({"amount": "5000000"}, "amount"),
        ({"direction": "SIDEWAYS"}, "direction"),
    ],
)
def test_a_correction_that_can_not_be_keeps_what_was_typed(asha: User, changes: dict[str, str], field: str) -> None:
    filled_wallet(asha, 100)
    answer = back_office(Role.MANAGER).post(address(asha, "correct"), sent(**changes))
    assert answer.status_code == 200
    assert answer.context["form"].errors[field]
    assert balance_of(asha) == 100


def test_more_than_is_there_is_refused_with_what_is_missing(asha: User) -> None:
    filled_wallet(asha, 30)
    answer = back_office(Role.MANAGER).post(address(asha, "correct"), sent(direction="TAKE"))
    assert "₹5.00 is missing" in text(answer)
    assert balance_of(asha) == 30


def test_credit_and_paying_out_are_the_admins(asha: User) -> None:
    filled_wallet(asha, 100)
    for verb in ("credit", "pay-out"):
        assert back_office(Role.MANAGER).get(address(asha, verb)).status_code == 403
    admin = back_office(Role.ADMIN)
    assert admin.post(address(asha, "credit"), {"credit_limit": "500"}).status_code == 302
    assert LedgerAccount.objects.get(owner=asha, kind="WALLET").credit_limit == rupees(500)
    paid = {"amount": "100.00", "reference": "UTR 77", "reason": "Moves away", "key": "p"}
    assert admin.post(address(asha, "pay-out"), paid).status_code == 302
    assert counted() == {}


def test_our_own_accounts_are_looked_at_and_not_corrected(asha: User) -> None:
    filled_wallet(asha, 100)
    gateway = LedgerAccount.objects.get(owner=None, kind="GATEWAY")
    admin = back_office(Role.ADMIN)
    page = admin.get(reverse("admin:payments_ledgeraccount_change", args=[gateway.pk]))
    assert "All entries together come to -₹100.00." in text(page)
    assert admin.get(f"/admin/payments/ledgeraccount/{gateway.pk}/correct/").status_code in (403, 404)


def test_staff_get_the_statement_as_a_file_with_who_did_it(asha: User) -> None:
    filled_wallet(asha, 100)
    (row,) = rows_of(back_office(Role.MANAGER).get(address(asha, "statement")))
    assert row["Who"] == "System (tests)"
    assert Permission.objects.filter(codename="correct_ledgeraccount").exists()
