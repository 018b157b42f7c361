"""Goods that come in are booked once, however often the button is tapped: in the portal and in the back office.

Without the form's key both taps book, which is the race that the key is there for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from inventory.models import Stock
from milkdelivery.core import clock
from milkdelivery.core.actors import Role
from tests.concurrency.threads import in_threads
from tests.factories.accounts import UserFactory
from tests.factories.vendors import VendorMemberFactory
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.fromisoformat("2026-01-30T20:00+05:30")
KEY = re.compile(r'name="form_key" value="([0-9a-f-]{36})"')


@pytest.fixture
def world() -> Iterator[World]:
    with clock.override(NOW):
        yield small_world(on_hand=24)


Form = tuple[Client, str, dict[str, str], int]
"""Somebody's browser, the form's address, what is typed there, and what is on hand after it."""


def _batch(world: World) -> Form:
    member = VendorMemberFactory(vendor=world.vendor, user=UserFactory(role=Role.VENDOR)).user
    client = Client()
    client.force_login(member)
    typed = {"quantity": "10", "batch_code": "A7", "produced_on": "2026-01-30"}
    return client, f"/vendor/stock/{world.milk.pk}/receive/", typed, 34


def _tap(world: World) -> Form:
    client, _, _, _ = _batch(world)
    return client, "/vendor/stock/", {"variant": str(world.milk.pk), "change": "10"}, 34


def _office(action: str, quantity: str, after: int) -> Callable[[World], Form]:
    def form(world: World) -> Form:
        client = Client()
        client.force_login(UserFactory(role=Role.MANAGER))
        stock = Stock.objects.get(vendor=world.vendor, variant=world.milk)
        url = reverse(f"admin:inventory_stock_{action}", args=(stock.pk,))
        return client, url, {"quantity": quantity, "reason": "Seen"}, after

    return form


FORMS = {
    "batch": _batch,
    "tap": _tap,
    "office receives": _office("receive", "10", 34),
    "office adjusts": _office("adjust", "-3", 21),
    "office throws away": _office("spoil", "4", 20),
}
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())


def on_hand(world: World) -> int:
    return Stock.objects.get(vendor=world.vendor, variant=world.milk).on_hand


def key_of(client: Client, url: str) -> str:
    found = KEY.search(client.get(url).content.decode())
    assert found, f"{url} carries no key"
    return found[1]


def tap_twice(client: Client, url: str, body: dict[str, str]) -> list[Any]:
    answers: list[Any] = []

    def send() -> None:
        browser = Client()
        browser.cookies = client.cookies
        with clock.override(NOW):
            answers.append(browser.post(url, body))

    assert in_threads(send, send) == []
    return answers


@every_form
def test_without_the_key_a_double_tap_books_twice(form: Callable[[World], Form], world: World) -> None:
    client, url, typed, after = form(world)
    assert [answer.status_code for answer in tap_twice(client, url, typed)] == [302, 302]
    assert on_hand(world) - 24 == 2 * (after - 24)


@every_form
def test_a_double_tap_books_once_and_both_are_told_so(form: Callable[[World], Form], world: World) -> None:
    client, url, typed, after = form(world)
    answers = tap_twice(client, url, {**typed, "form_key": key_of(client, url)})
    assert on_hand(world) == after
    (where,) = {(answer.status_code, answer["Location"]) for answer in answers}
    assert where[0] == 302
    told = [[str(each) for each in get_messages(answer.wsgi_request)] for answer in answers]
    assert told[0] == told[1] != []


def test_a_form_that_was_refused_is_sent_again_with_the_same_key(world: World) -> None:
    client, url, typed, after = _batch(world)
    key = key_of(client, url)
    assert client.post(url, {**typed, "quantity": "0", "form_key": key}).status_code == 422
    assert client.post(url, {**typed, "form_key": key}).status_code == 302
    assert on_hand(world) == after


@pytest.mark.parametrize("form", [_batch, _office("receive", "10", 34)], ids=["portal", "office"])
def test_a_form_that_says_something_else_by_now_is_asked_about(form: Callable[[World], Form], world: World) -> None:
    client, url, typed, after = form(world)
    key = key_of(client, url)
    client.post(url, {**typed, "form_key": key})
    page = client.post(url, {**typed, "quantity": "12", "form_key": key})
    assert on_hand(world) == after
    text = page.content.decode()
    assert "sent already with other values" in text
    fresh = KEY.search(text)
    assert fresh
    assert fresh[1] != key
    assert client.post(url, {**typed, "quantity": "12", "form_key": fresh[1]}).status_code == 302
    assert on_hand(world) == after + 12


def test_other_buttons_of_one_page_count_beside_each_other(world: World) -> None:
    client, url, typed, after = _tap(world)
    key = key_of(client, url)
    for change in ("10", "1", "10"):
        client.post(url, {**typed, "change": change, "form_key": key})
    assert on_hand(world) == after + 1
