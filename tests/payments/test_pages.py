"""The pages where an order is paid, and where payments are listed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from cart.models import Checkout
from milkdelivery.core import clock
from orders.actions import cancel_order
from orders.forms import REASONS
from orders.models import Order
from payments.gateways.demo.scenarios import BY_NAME
from payments.models import DemoCharge, Payment, SavedMethod
from tests.factories.world import small_world
from tests.payments.paying import EVENING, PAID, STAFF, attempts_of, states, try_card, unpaid, worker

pytestmark = pytest.mark.django_db(transaction=True)

CARD = {"how": "CARD", "expires": "09/30", "cvc": "123"}


@pytest.fixture
def run(at: Callable[[str], datetime]) -> Checkout:
    at(EVENING.isoformat())
    return unpaid(small_world())


@pytest.fixture
def client(run: Checkout) -> Client:
    browser = Client()
    browser.force_login(run.order.customer, backend="accounts.signin.backend.ContactBackend")
    return browser


def page(run: Checkout) -> str:
    return f"/orders/{run.order.number}/pay/"


def card(scenario: str, **changes: str) -> dict[str, str]:
    return {**CARD, "number": BY_NAME[scenario].card, **changes}


def test_the_page_asks_for_what_is_owed_until_when(run: Checkout, client: Client) -> None:
    shown = client.get(page(run)).content.decode()
    assert "Pay ₹76.00" in shown
    assert "8:15" in shown
    assert "4242 4242 4242 4242" in shown, "the pretend bank's numbers are told"


def test_a_good_card_leads_to_the_order(run: Checkout, client: Client) -> None:
    answer = client.post(page(run), card("success", attempt="1"))
    assert (answer.status_code, answer["Location"]) == (302, f"/orders/{run.order.number}/")
    assert states(run) == PAID
    assert client.get(page(run)).status_code == 302, "nothing is to be paid any more"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"number": ""}, "Enter the card number."),
        ({"number": "4242 4242 4242 4241"}, "This is no card number."),
        ({"number": "4242" * 10}, "at most 30 characters"),
        ({"expires": "01/20"}, "This card has expired."),
        ({"expires": "13/30"}, "Enter month and year"),
        ({"cvc": "12"}, "Enter the three or four digits."),
        ({"how": ""}, "Choose how to pay."),
        ({"how": "UPI", "upi": "asha"}, "Enter your UPI id"),
        ({"how": "NETBANKING"}, "Choose your bank."),
        ({"how": "saved:1"}, "This way to pay is not there any more."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_asks_no_bank(
    run: Checkout, client: Client, typed: dict[str, str], told: str
) -> None:
    answer = client.post(page(run), card("success", **typed))
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert DemoCharge.objects.get().state == "OPEN"


def test_a_card_may_be_typed_in_any_digits(run: Checkout, client: Client) -> None:
    number = BY_NAME["success"].card.translate(str.maketrans("0123456789", "०१२३४५६७८९"))
    client.post(page(run), {**CARD, "number": number, "cvc": "१२३", "attempt": "1"})
    assert states(run) == PAID


def test_no_card_is_good_for_so_long(run: Checkout, client: Client) -> None:
    answer = client.post(page(run), card("success", attempt="1", expires="09/99"))
    assert answer.status_code == 422
    assert "Enter month and year" in answer.content.decode()
    assert "PENDING" in states(run)


def test_a_declined_card_may_be_tried_again_on_the_same_page(run: Checkout, client: Client) -> None:
    answer = client.post(page(run), card("declined", attempt="1"))
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "Your bank declined it." in shown
    assert 'value="09/30"' in shown
    assert BY_NAME["declined"].card not in shown
    assert 'name="attempt" value="2"' in shown
    client.post(page(run), card("success", attempt="2"))
    assert states(run) == PAID


def test_a_double_tap_is_one_try(run: Checkout, client: Client) -> None:
    for _ in range(2):
        client.post(page(run), card("declined", attempt="1"))
    assert len(attempts_of(run)) == 1


def test_the_third_failure_leads_to_an_order_that_says_why(run: Checkout, client: Client) -> None:
    for attempt in "123":
        answer = client.post(page(run), card("declined", attempt=attempt))
    assert answer.status_code == 302
    shown = client.get(answer["Location"]).content.decode()
    assert "The payment was declined." in shown
    assert "Nothing is charged, and your cart is as it was." in shown


def test_the_last_try_that_waits_at_the_bank_can_not_be_left_for_one_that_there_is_not(
    run: Checkout, client: Client
) -> None:
    for attempt in "12":
        client.post(page(run), card("declined", attempt=attempt))
    client.post(page(run), card("authenticate", attempt="3"))
    for shown in (client.get(page(run)), client.get(f"{page(run)}?again=1")):
        assert b"Go to your bank" in shown.content
        assert b"Pay another way" not in shown.content
    last = Payment.objects.order_by("-pk")[0]
    answer = client.post(page(run), card("success", attempt="4", instead_of=str(last.pk)))
    assert answer.status_code == 302
    assert b"This is the last try. Finish it at your bank" in client.get(page(run)).content
    assert Payment.objects.filter(status="PENDING").get() == last


def test_another_way_pays_at_the_first_press(run: Checkout, client: Client) -> None:
    client.post(page(run), card("never", attempt="1"))
    shown = client.get(f"{page(run)}?again=1").content.decode()
    sent = dict(re.findall(r'<input type="hidden" name="(attempt|instead_of)" value="(\d+)"', shown))
    assert set(sent) == {"attempt", "instead_of"}
    again = [client.post(page(run), card("success", **sent)) for _press in range(2)]
    assert [answer.status_code for answer in again] == [302, 302]
    assert states(run) == PAID
    assert Payment.objects.filter(status="SUCCEEDED").count() == 1


def test_to_the_bank_and_back(run: Checkout, client: Client) -> None:
    to_bank = client.post(page(run), card("authenticate"))["Location"]
    assert "Approve" in client.get(to_bank).content.decode()
    back = client.post(to_bank, {"approve": "1"})["Location"]
    assert back == f"{page(run)}back/"
    client.get(back)
    assert states(run) == PAID


def test_a_refusal_at_the_bank_comes_back_to_another_try(run: Checkout, client: Client) -> None:
    to_bank = client.post(page(run), card("authenticate"))["Location"]
    back = client.post(to_bank, {"refuse": "1"})["Location"]
    assert client.get(back, follow=True).redirect_chain[-1][0] == page(run)
    assert states(run) == ("WAITING", "CREATED", "FAILED")


def test_the_page_waits_with_the_household(run: Checkout, client: Client) -> None:
    assert client.post(page(run), card("late"))["Location"] == page(run)
    shown = client.get(page(run)).content.decode()
    assert "Waiting for your bank" in shown
    assert 'hx-trigger="every 4s"' in shown
    assert "Pay another way" in shown
    client.post(f"{page(run)}back/")
    assert states(run) == ("WAITING", "CREATED", "PENDING")


def test_htmx_is_led_on_when_word_came(
    run: Checkout, client: Client, at: Callable[[str], datetime], drain: Callable[[], int]
) -> None:
    client.post(page(run), card("late"))
    at((clock.now() + timedelta(minutes=2)).isoformat())
    worker(drain)
    answer = client.get(page(run), headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == f"/orders/{run.order.number}/"


def test_the_order_page_leads_to_paying(run: Checkout, client: Client) -> None:
    shown = client.get(f"/orders/{run.order.number}/").content.decode()
    assert "Pay to confirm your order" in shown
    assert page(run) in shown


def test_a_cancelled_order_that_was_paid_says_that_the_money_goes_back(
    run: Checkout, client: Client, drain: Callable[[], int]
) -> None:
    try_card(run, "success")
    cancel_order(run.order_id, by=STAFF, reason="not_home")
    worker(drain)
    shown = client.get(f"/orders/{run.order.number}/").content.decode()
    assert "What you paid goes back." in shown
    assert "₹76.00 back: Order cancelled · To where it came from · Done" in shown


def test_the_history_tells_what_was_paid_and_what_went_back(
    run: Checkout, client: Client, drain: Callable[[], int]
) -> None:
    try_card(run, "declined")
    try_card(run, "success", saves=True)
    cancel_order(run.order_id, by=STAFF, reason="not_home")
    worker(drain)
    shown = client.get("/account/payments/").content.decode()
    assert "₹76.00 back: Order cancelled · To where it came from · Done" in shown
    assert "Your bank declined it." in shown
    assert "Visa ···· 4242" in shown
    client.post(f"/account/payments/methods/{SavedMethod.objects.get().pk}/remove/")
    assert "Saved ways to pay" not in client.get("/account/payments/").content.decode()


def test_many_payments_take_as_many_queries_as_one(run: Checkout, client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get("/account/payments/").status_code == 200
        return len(seen)

    try_card(run, "success")
    queries()
    once = queries()
    paid = Payment.objects.get()
    customer: User = run.order.customer
    for number in range(30):
        fields = {f.attname: getattr(paid, f.attname) for f in Payment._meta.concrete_fields if f.name != "id"}
        Payment.objects.create(**{**fields, "idempotency_key": f"x{number}", "order_id": None, "user_id": customer.pk})
    assert queries() == once - 1  # none of those on the page has an order, so nobody looks for invoices
    assert "Older" in client.get("/account/payments/").content.decode()


def test_nobody_elses_order_can_be_paid(run: Checkout) -> None:
    stranger = Client()
    assert stranger.get(page(run)).status_code == 302
    assert Order.objects.get().status == "CREATED"


def test_an_order_that_waits_for_its_payment_can_be_cancelled_after_the_cut_off(
    run: Checkout, client: Client, at: Callable[[str], datetime]
) -> None:
    cutoff = "2026-01-30T22:00+05:30"
    at(cutoff)
    Payment.objects.update(expires_at=clock.now() + timedelta(minutes=5))
    client.post(f"/orders/{run.order.number}/cancel/", {"why": REASONS[0][0]})
    run.order.refresh_from_db()
    assert run.order.status == "CANCELLED"
