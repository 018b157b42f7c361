"""Killed not only at its commits but just before each single statement: whoever goes on ends the same.

The commits alone are in test_checkout_killed.py, test_wallet_killed.py and test_paying_killed.py, whose ends these are.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count

import pytest

from tests.concurrency import checkout_process, paying_process, wallet_process
from tests.concurrency import test_checkout_killed as by_cash
from tests.concurrency import test_paying_killed as by_card
from tests.concurrency import test_wallet_killed as by_wallet
from tests.concurrency.dying import killed_at_statement, lives
from tests.payments.books import assert_books_add_up

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

Try = Callable[[int], bool]
"""One life from its beginning to an end that is looked at, killed before the statement of that number; whether it got
so far as to be killed."""


def order_by_cash(number: int) -> bool:
    begin = by_cash.start()
    died = killed_at_statement(number, lambda: checkout_process.order_as_a_guest(begin.cart.pk))
    by_cash.resumed(begin)
    by_cash.assert_as_undisturbed(begin)
    return died


def order_by_wallet(number: int) -> bool:
    _user, cart = by_wallet.household()
    died = killed_at_statement(number, lambda: wallet_process.order(cart.pk))
    assert_books_add_up()  # at once, before anybody mends anything
    by_wallet.resume(cart)
    assert by_wallet.ordered() == by_wallet.UNDISTURBED
    return died


def at_the_bank(verb: str) -> Try:
    def once(number: int) -> bool:
        pk = by_card.prepared(verb)
        died = killed_at_statement(number, lambda: paying_process.VERBS[verb](pk))
        assert_books_add_up()
        by_card.mended()
        paying_process.VERBS[verb](pk)  # the household presses again, the queue starts the task again
        assert by_card.without_books(by_card.left_behind()) == by_card.without_books(by_card.ENDS[verb])
        return died

    return once


LIVES: dict[str, tuple[Try, int]] = {
    "order by cash": (order_by_cash, 50),
    "order by wallet": (order_by_wallet, 50),
    "order to pay by card": (at_the_bank("order"), 50),
    "pay by card": (at_the_bank("pay"), 40),
    "give money back": (at_the_bank("move"), 10),
}
"""With the statements that each has at least: one that ends sooner has not been walked through."""


@pytest.mark.parametrize("life", LIVES)
def test_killed_before_any_statement_and_carried_on_ends_the_same(
    life: str, capsys: pytest.CaptureFixture[str]
) -> None:
    once, fewest = LIVES[life]
    began = time.perf_counter()
    numbers = count(1)
    killed = lives(lambda: once(next(numbers)))
    with capsys.disabled():
        print(f"\n  {life}: killed before each of {killed} statements in {time.perf_counter() - began:.0f} s")
    assert killed >= fewest
