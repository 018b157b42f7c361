"""Whatever happens to wallets in whatever order: the books sum to zero, and balances are the sums of their entries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.models import User
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError
from milkdelivery.core.money import Money
from payments import actions
from payments.models import LedgerAccount, LedgerTransfer
from payments.rules.ledger import AccountKind, Figures, Leg, Place, TransferKind
from tests.factories.accounts import UserFactory
from tests.payments.books import assert_books_add_up, counted

pytestmark = pytest.mark.django_db

ME = Actor.system("tests")
CURRENCIES = ("INR", "USD")
PEOPLE = 2

amounts = st.integers(min_value=1, max_value=60_000)
people = st.integers(min_value=0, max_value=PEOPLE - 1)
currencies = st.sampled_from(CURRENCIES)
orders = st.integers(min_value=0, max_value=3)
keys = st.integers(min_value=0, max_value=30)
"""Few, so that keys are used again: by the same call and by another."""

parts = st.tuples(*[st.integers(min_value=0, max_value=9_000)] * 4)
steps = st.one_of(
    st.tuples(st.just("top_up"), people, currencies, amounts, keys),
    st.tuples(st.just("hold"), people, currencies, amounts, keys, orders),
    st.tuples(st.just("release"), people, currencies, st.none() | amounts, keys, orders),
    st.tuples(st.just("capture"), people, currencies, amounts, keys, orders, parts),
    st.tuples(st.just("pay_ahead"), currencies, amounts, keys, orders),
    st.tuples(st.just("refund"), people, currencies, amounts, keys, orders),
    st.tuples(st.just("correct"), people, currencies, amounts | amounts.map(lambda n: -n), keys),
    st.tuples(st.just("pay_out"), people, currencies, amounts, keys),
    st.tuples(st.just("limit"), people, currencies, st.just(0) | amounts),
    st.tuples(st.just("hand_over"), people),
)
histories = st.lists(steps, min_size=1, max_size=14)


@dataclass
class Household:
    """What a plain reckoning beside the ledger says one person has in one currency."""

    wallet: int = 0
    limit: int = 0
    held: dict[str, int] = field(default_factory=lambda: defaultdict(int))


class Reckoning:
    """Runs steps against the product and beside it, and knows whether the product may do or refuse each."""

    def __init__(self, users: list[User]) -> None:
        self.users = users
        self.homes: dict[tuple[int, str], Household] = defaultdict(Household)
        self.done = 0
        self.refused = 0

    def run(self, step: tuple[Any, ...]) -> None:
        name, *values = step
        before = LedgerTransfer.objects.count()
        try:
            with transaction.atomic():
                getattr(self, name)(*values)
        except DomainError:
            self.refused += 1
            assert LedgerTransfer.objects.count() == before  # what is refused leaves nothing behind
        else:
            self.done += 1

    def is_new(self, key: str) -> bool:
        return not LedgerTransfer.objects.filter(key=key).exists()

    def top_up(self, person: int, currency: str, amount: int, key: int) -> None:
        is_new = self.is_new(f"k{key}")
        actions.top_up(self.users[person].pk, Money(amount, currency), key=f"k{key}", reference="", by=ME)
        self.homes[person, currency].wallet += amount if is_new else 0

    def hold(self, person: int, currency: str, amount: int, key: int, order: int) -> None:
        home, is_new = self.homes[person, currency], self.is_new(f"k{key}")
        reaches = home.wallet + home.limit >= amount
        actions.hold(self.users[person].pk, Money(amount, currency), key=f"k{key}", reference=f"M{order}", by=ME)
        if is_new:
            assert reaches, "more was set aside than there was"
            home.wallet -= amount
            home.held[f"M{order}"] += amount

    def release(self, person: int, currency: str, amount: int | None, key: int, order: int) -> None:
        home, is_new = self.homes[person, currency], self.is_new(f"k{key}")
        wanted = None if amount is None else Money(amount, currency)
        facts: dict[str, Any] = {"currency": currency, "key": f"k{key}", "reference": f"M{order}", "by": ME}
        freed = actions.release(self.users[person].pk, wanted, **facts).minor
        if is_new:
            assert freed == home.held[f"M{order}"] if amount is None else freed <= home.held[f"M{order}"]
            home.wallet += freed
            home.held[f"M{order}"] -= freed

    def capture(
        self, person: int, currency: str, total: int, key: int, order: int, parts: tuple[int, int, int, int]
    ) -> None:
        home, is_new = self.homes[person, currency], self.is_new(f"k{key}")
        discount, *shares = parts
        tax, deposit, delivery = (min(share, total // 4) for share in shares)
        figures = Figures(*(Money(part, currency) for part in (total, discount, tax, deposit, delivery)))
        actions.capture(self.users[person].pk, figures, key=f"k{key}", reference=f"M{order}", by=ME)
        if is_new:
            assert total <= home.held[f"M{order}"], "more was taken than was set aside"
        home.wallet += home.held[f"M{order}"] - (total if is_new else 0)  # the rest is free again
        home.held[f"M{order}"] = 0

    def pay_ahead(self, currency: str, amount: int, key: int, order: int) -> None:
        legs = [Leg(Place(AccountKind.GATEWAY), Place(AccountKind.PAID_AHEAD), Money(amount, currency))]
        actions.post(key=f"k{key}", kind=TransferKind.PAYMENT, legs=legs, reference=f"M{order}", by=ME)

    def refund(self, person: int, currency: str, amount: int, key: int, order: int) -> None:
        is_new = self.is_new(f"k{key}")
        facts: dict[str, Any] = {"key": f"k{key}", "reference": f"M{order}", "by": ME}
        actions.refund_to_wallet(self.users[person].pk, Money(amount, currency), **facts)
        self.homes[person, currency].wallet += amount if is_new else 0

    def correct(self, person: int, currency: str, amount: int, key: int) -> None:
        is_new = self.is_new(f"k{key}")
        facts: dict[str, Any] = {"reason": "Because of a test", "key": f"k{key}", "by": ME}
        actions.correct(self.users[person].pk, Money(amount, currency), **facts)
        self.homes[person, currency].wallet += amount if is_new else 0

    def pay_out(self, person: int, currency: str, amount: int, key: int) -> None:
        is_new = self.is_new(f"k{key}")
        facts: dict[str, Any] = {"reference": "UTR", "reason": "Moves away", "key": f"k{key}", "by": ME}
        actions.pay_out(self.users[person].pk, Money(amount, currency), **facts)
        self.homes[person, currency].wallet -= amount if is_new else 0

    def limit(self, person: int, currency: str, amount: int) -> None:
        actions.set_credit_limit(self.users[person].pk, Money(amount, currency), by=ME)
        self.homes[person, currency].limit = amount

    def hand_over(self, giver: int) -> None:
        taker = (giver + 1) % PEOPLE
        actions.take_over_wallets(from_user_id=self.users[giver].pk, to_user_id=self.users[taker].pk, by=ME)
        for currency in CURRENCIES:
            given, taken = self.homes[giver, currency], self.homes[taker, currency]
            taken.wallet, given.wallet = taken.wallet + given.wallet, 0
            for reference in list(given.held):
                taken.held[reference] += given.held.pop(reference)

    def assert_agrees(self) -> None:
        assert_books_add_up()
        for (person, currency), home in self.homes.items():
            accounts = LedgerAccount.objects.filter(owner=self.users[person], currency=currency)
            rows = {account.kind: account.balance.minor for account in accounts}
            assert rows.get("WALLET", 0) == home.wallet >= -home.limit
            assert rows.get("HELD", 0) == sum(home.held.values()) >= 0


def live(history: list[tuple[Any, ...]]) -> Reckoning:
    """Run a history on empty books, look at the books after each step, and undo it all."""
    with transaction.atomic():
        reckoning = Reckoning([UserFactory(password=None) for _ in range(PEOPLE)])
        for step in history:
            reckoning.run(step)
        reckoning.assert_agrees()
        transaction.set_rollback(True)
    return reckoning


QUICK = settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@QUICK
@given(histories)
def test_books_sum_to_zero_and_balances_are_their_entries(history: list[tuple[Any, ...]]) -> None:
    live(history)


@pytest.mark.slow
def test_books_add_up_over_ten_thousand_histories(capsys: pytest.CaptureFixture[str]) -> None:
    totals: dict[str, int] = defaultdict(int)

    @settings(QUICK, max_examples=10_000, database=None)
    @given(histories)
    def ten_thousand(history: list[tuple[Any, ...]]) -> None:
        reckoning = live(history)
        totals["histories"] += 1
        totals["done"] += reckoning.done
        totals["refused"] += reckoning.refused

    ten_thousand()
    with capsys.disabled():
        print(f"\n  {dict(totals)}: no currency ever off zero, no balance off its entries")
    assert totals["histories"] >= 10_000
    assert totals["done"] > 0
    assert totals["refused"] > 0


def test_the_look_at_the_books_sees_a_wrong_balance() -> None:
    user = UserFactory()
    actions.top_up(user.pk, Money(5_000, "INR"), key="t", reference="", by=ME)
    assert_books_add_up()
    assert sum(counted().values()) == 0
    LedgerAccount.objects.filter(owner=user, kind="WALLET").update(balance=4_999)
    with pytest.raises(AssertionError):
        assert_books_add_up()
