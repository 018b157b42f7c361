"""What is measured: each scenario is one thing a household does, done over and over by four browsers at once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.client import Browser, fields_of
from benchmarks.world import PINCODE

_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Scenario:
    """`bar` is the least ratio to the bare view; `unit` is what is counted."""

    name: str
    start: Callable[[int], Callable[[], None]]
    bar: float | None = None
    unit: str = "requests"


def page(path: str, **cookies: str) -> Callable[[int], Callable[[], None]]:
    """Look at one page again and again."""

    def start(port: int) -> Callable[[], None]:
        browser = Browser(port, {"milk_pincode": PINCODE, **cookies})

        def once() -> None:
            answer = browser.get(path)
            assert answer.status == 200, (path, answer.status)

        return once

    return start


def invoices(numbers: Sequence[str], session: str) -> Callable[[int], Callable[[], None]]:
    """A household opens its invoices, one after another: each file is set anew."""

    def start(port: int) -> Callable[[], None]:
        browser = Browser(port, {"milk_session": session})
        turns = itertools.cycle(numbers)

        def once() -> None:
            number = next(turns)
            answer = browser.get(f"/orders/{number}/invoice.pdf")
            assert answer.status == 200, (number, answer.status)

        return once

    return start


def add_to_cart(variant_id: int) -> Callable[[int], Callable[[], None]]:
    """A guest taps "add" on the product's card, as the page does it without JavaScript: post, then the redirect's page
    is not counted."""

    def start(port: int) -> Callable[[], None]:
        browser = Browser(port, {"milk_pincode": PINCODE})
        pieces = itertools.cycle(range(1, 11))

        def once() -> None:
            answer = browser.post("/cart/set/", {"variant": str(variant_id), "quantity": str(next(pieces))})
            assert answer.status in (200, 302, 303), (answer.status, answer.text[:2000])

        return once

    return start


def guest_purchase(slug: str, variant_id: int) -> Callable[[int], Callable[[], None]]:
    """A new guest, from the first page to the confirmed order: seven requests."""

    def start(port: int) -> Callable[[], None]:
        def once() -> None:
            purchase(port, slug, variant_id)

        return once

    return start


def purchase(port: int, slug: str, variant_id: int) -> None:
    browser = Browser(port)
    assert browser.get("/").status == 200
    assert browser.post("/pincode/", {"pincode": PINCODE}).status in (302, 303)
    assert browser.get(f"/shop/{slug}/").status == 200
    assert browser.post("/cart/add/", {"variant": str(variant_id), "quantity": "2"}).status in (302, 303)
    form = fields_of(browser.get("/checkout/").text)
    form |= {
        "name": "Asha Rao",
        "contact": f"asha{next(_numbers)}@example.com",
        "line1": "80 Feet Road",
        "flat": "12",
        "city": "Bengaluru",
        "state": "Karnataka",
        "pincode": PINCODE,
    }
    order = browser.follow(browser.post("/checkout/", form))
    assert order.status == 200, order.status
    assert "/orders/M" in order.text, order.text[:2000]
