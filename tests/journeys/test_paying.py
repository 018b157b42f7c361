"""Paying at the pretend bank on a phone: what each number does, what comes late, and two fingers at once.

There is no worker beside the browser: what it would do is done by the test, at a time of its choosing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings as project
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from cart.actions import Buyer
from cart.models import Checkout
from cart.tasks import expire_payments, resume_stalled_checkouts
from milkdelivery.core import clock
from milkdelivery.core.eventlog import pump
from orders.models import Order
from payments import tasks
from payments.gateways.demo.scenarios import BY_NAME
from payments.models import LedgerAccount, Payment, Webhook
from payments.rules.attempts import PAY_WITHIN
from tests.factories.world import World, small_world
from tests.payments.paying import unpaid

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]
PATIENCE = 30_000
"""Milliseconds that a loaded machine may take for one step."""


@pytest.fixture
def world(live_server: LiveServer, settings: Settings) -> World:
    settings.SITE_URL = live_server.url  # where the bank sends people back to
    return small_world()


@pytest.fixture
def run(world: World) -> Checkout:
    """An order of the world's household that waits to be paid."""
    return unpaid(world, buyer=Buyer(user_id=world.customer.pk))


@pytest.fixture
def enter(open_page: OpenPage, world: World) -> Callable[[str], Page]:
    """A page as the household sees it, on a phone where it is signed in; each call is one more phone."""

    def open_(path: str) -> Page:
        page = open_page(reduced_motion="reduce")
        browser = Client()
        browser.force_login(world.customer)
        name = project.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": browser.cookies[name].value, "url": page.url}])
        page.context.set_default_timeout(PATIENCE)
        page.goto(path)
        return page

    return open_


def pay_path(run: Checkout) -> str:
    return f"/orders/{run.order.number}/pay/"


def fill_card(page: Page, scenario: str) -> None:
    page.get_by_role("radio", name="Card").check()
    page.get_by_label("Card number").fill(BY_NAME[scenario].card)
    page.get_by_label("Good until").fill("12/39")
    page.get_by_label("Security code").fill("123")


def fill_upi(page: Page, scenario: str) -> None:
    page.get_by_role("radio", name="UPI").check()
    page.get_by_label("UPI id").fill(BY_NAME[scenario].upi)


def press(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^(Pay ₹|Top up)")).click()


def is_paid(page: Page, run: Checkout) -> None:
    """The page is the order's, which goes on, and its money came exactly once."""
    expect(page).to_have_url(re.compile(f"/orders/{run.order.number}/$"), timeout=PATIENCE)
    order = Order.objects.get(pk=run.order_id)
    assert (order.status, order.payment_status) == ("CONFIRMED", "PAID")
    assert Payment.objects.filter(order=order, status="SUCCEEDED").count() == 1


def worker(*, after: timedelta) -> None:
    """What a worker would have done by then: its clockwork, and its pump, which tells the checkout of the payment."""
    with clock.override(clock.now() + after):
        tasks.write_demo_letters()
        Webhook.objects.filter(status="RECEIVED").update(next_attempt_at=clock.real_now() - timedelta(seconds=1))
        tasks.process_webhooks()
        tasks.ask_gateways()
        expire_payments()
        pump.drain()
        resume_stalled_checkouts()


def test_a_card_that_goes_through(run: Checkout, enter: Callable[[str], Page]) -> None:
    page = enter(pay_path(run))
    fill_card(page, "success")
    press(page)
    is_paid(page, run)


def test_a_declined_card_and_then_another_way(run: Checkout, enter: Callable[[str], Page]) -> None:
    page = enter(pay_path(run))
    fill_card(page, "declined")
    press(page)
    expect(page.get_by_text("Your bank declined it.").first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_label("Card number")).to_have_value("")
    fill_upi(page, "success")
    press(page)
    is_paid(page, run)
    found = Payment.objects.filter(order=run.order_id).order_by("pk")
    assert list(found.values_list("method", "status")) == [("CARD", "FAILED"), ("UPI", "SUCCEEDED")]


@pytest.mark.parametrize("answer", ["Approve", "Refuse"])
def test_the_bank_asks_on_its_own_page(run: Checkout, enter: Callable[[str], Page], answer: str) -> None:
    page = enter(pay_path(run))
    fill_card(page, "authenticate")
    press(page)
    expect(page.get_by_role("heading", name="Demo bank")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name=answer).click()
    if answer == "Approve":
        is_paid(page, run)
        return
    expect(page).to_have_url(re.compile(re.escape(pay_path(run))), timeout=PATIENCE)
    expect(page.get_by_text("It was not approved on your bank’s page.").first).to_be_visible(timeout=PATIENCE)
    assert Payment.objects.get(order=run.order_id).status == "FAILED"


def test_an_answer_that_got_lost_is_asked_for(run: Checkout, enter: Callable[[str], Page]) -> None:
    page = enter(pay_path(run))
    fill_card(page, "timeout")
    press(page)
    expect(page.get_by_role("heading", name="Waiting for your bank")).to_be_visible(timeout=PATIENCE)
    worker(after=timedelta(minutes=2))
    is_paid(page, run)  # the page has looked by itself


def test_a_bank_that_never_answers_takes_nothing(run: Checkout, enter: Callable[[str], Page]) -> None:
    page = enter(pay_path(run))
    fill_card(page, "never")
    press(page)
    expect(page.get_by_role("heading", name="Waiting for your bank")).to_be_visible(timeout=PATIENCE)
    worker(after=PAY_WITHIN + timedelta(minutes=1))
    page.goto(pay_path(run))
    expect(page).to_have_url(re.compile(f"/orders/{run.order.number}/$"), timeout=PATIENCE)
    expect(page.get_by_text("The payment did not come in time.").first).to_be_visible(timeout=PATIENCE)
    order = Order.objects.get(pk=run.order_id)
    assert (order.status, order.payment_status) == ("CANCELLED", "FAILED")


def test_upi_whose_word_comes_late(run: Checkout, enter: Callable[[str], Page]) -> None:
    page = enter(pay_path(run))
    fill_upi(page, "late")
    press(page)
    expect(page.get_by_role("heading", name="Waiting for your bank")).to_be_visible(timeout=PATIENCE)
    worker(after=timedelta(minutes=2))
    assert Webhook.objects.get().status == "PROCESSED"
    is_paid(page, run)


def test_a_wallet_is_topped_up(world: World, enter: Callable[[str], Page]) -> None:
    page = enter("/account/wallet/top-up/")
    page.get_by_label("How much").fill("250")
    fill_upi(page, "success")
    press(page)
    expect(page).to_have_url(re.compile(r"/account/wallet/(\?|$)"), timeout=PATIENCE)
    expect(page.get_by_text("₹250.00").first).to_be_visible(timeout=PATIENCE)
    assert LedgerAccount.objects.wallets().get(owner=world.customer).balance.minor == 25_000


def test_two_tabs_pay_one_order(run: Checkout, enter: Callable[[str], Page]) -> None:
    first = enter(pay_path(run))
    second = first.context.new_page()
    second.goto(pay_path(run))
    fill_card(first, "success")
    fill_upi(second, "success")
    press(first)
    is_paid(first, run)
    press(second)
    is_paid(second, run)
    assert Payment.objects.filter(order=run.order_id).exclude(status="FAILED").count() == 1


def test_a_double_tap_pays_once(run: Checkout, enter: Callable[[str], Page]) -> None:
    page = enter(pay_path(run))
    fill_card(page, "success")
    page.get_by_role("button", name=re.compile("^Pay ₹")).dblclick(no_wait_after=True)
    is_paid(page, run)
    assert Payment.objects.filter(order=run.order_id).count() == 1
