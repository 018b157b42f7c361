"""The back button after a form that was refused and then went through: a page, never the browser's own error."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect

from milkdelivery.core.actors import Role
from orders.models import OrderLine, VendorAnswer
from tests.cart.shopping import buy
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.vendors import VendorMemberFactory
from tests.factories.world import World, small_world
from tests.journeys.conftest import DESKTOP
from tests.journeys.test_guest_purchase import choose_pincode, fill_in, place_order

pytestmark = pytest.mark.django_db(transaction=True)

OpenPage = Callable[..., Page]


@pytest.fixture
def world(live_server: object) -> World:
    cache.clear()
    return small_world()


def back_leads_to_a_page(page: Page, times: int = 3) -> None:
    """So many steps back, each of which must show a page of ours."""
    for _ in range(times):
        page.go_back()
        expect(page.locator("main#main, #content-main, #main").first).to_be_visible()
        assert page.url.startswith("http"), page.url


def test_the_checkout(world: World, open_page: OpenPage) -> None:
    page = open_page("/", reduced_motion="reduce")
    choose_pincode(page)
    page.get_by_role("button", name="Add Toned milk").click()
    expect(page.locator("#cart-count")).to_contain_text("1")
    page.goto("/checkout/")
    fill_in(page, name="Asha Rao", contact="nonsense", street="80 Feet Road", flat="4B", society="Lake View")
    place_order(page)
    expect(page.get_by_label("Your name")).to_have_value("Asha Rao")  # refused, and nothing is lost
    fill_in(page, name="Asha Rao", contact="asha@example.com", street="80 Feet Road", flat="4B", society="Lake View")
    place_order(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Comes")
    back_leads_to_a_page(page)


def test_the_cart(world: World, open_page: OpenPage) -> None:
    """Its forms are sent to other addresses, which nobody can look at: the page knows its own."""
    page = open_page("/", reduced_motion="reduce")
    choose_pincode(page)
    page.get_by_role("button", name="Add Toned milk").click()
    expect(page.locator("#cart-count")).to_contain_text("1")
    page.goto("/cart/")
    page.evaluate("document.querySelectorAll('[hx-post]').forEach((form) => form.removeAttribute('hx-post'))")
    page.get_by_text("I have a promo code").click()
    page.get_by_label("Promo code", exact=True).fill("NOPE")
    page.evaluate("document.querySelector('form[action=\"/cart/promo/\"]').submit()")
    expect(page.get_by_text("We don't know this code.")).to_be_visible()
    assert page.url.endswith("/cart/")
    page.goto("/shop/")
    back_leads_to_a_page(page, 1)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your cart")


def test_an_answer_of_a_dairy(world: World, open_page: OpenPage) -> None:
    order = buy(world).order
    member = VendorMemberFactory(vendor=world.vendor, user=UserFactory(role=Role.VENDOR))
    line = OrderLine.objects.get(order=order)
    page = open_page(f"/accounts/login/?next=/vendor/lines/{line.pk}/reject/", viewport=DESKTOP)
    enter(page, member.user.email)
    page.locator("main form button[type=submit]").first.click()
    expect(page.get_by_text("Tell us why").first).to_be_visible()
    page.get_by_label(str(VendorAnswer.Reason.choices[0][1])).check()
    if page.get_by_label("How many can you bring?").count():
        page.get_by_label("How many can you bring?").fill("0")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/vendor/**")
    back_leads_to_a_page(page)


def test_signing_in(world: World, open_page: OpenPage) -> None:
    user = UserFactory()
    page = open_page("/accounts/login/")
    enter(page, user.email, password="wrong-one-7")
    expect(page.locator("form").first).to_be_visible()
    enter(page, user.email)
    page.wait_for_url(lambda url: "/accounts/login/" not in url)
    back_leads_to_a_page(page, 2)


def enter(page: Page, who: str, password: str = PASSWORD) -> None:
    page.locator("input[name=login]").fill(who)
    page.locator("input[type=password]").first.fill(password)
    page.locator("input[type=password]").first.press("Enter")
    page.wait_for_load_state("networkidle")
