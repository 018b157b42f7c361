"""Money in one wallet, wanted by many at once. The race is first shown with the lock off, then with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from milkdelivery.core.actors import Actor
from payments import actions
from payments.actions import ledger
from payments.models import LedgerAccount, LedgerTransfer
from payments.models.ledger import LedgerAccountQuerySet
from payments.rules import ledger as rules
from payments.rules.ledger import AccountKind, InsufficientFunds, KeyOfAnotherTransfer, Leg, Place, TransferKind
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.accounts import UserFactory
from tests.payments.books import STAFF, assert_books_add_up, balance_of, filled_wallet, rupees

pytestmark = pytest.mark.django_db(transaction=True)

DEBITS = 10
MONEY_FOR = 3
EACH = 100


def unlocked(queryset: LedgerAccountQuerySet, owner_ids: list[int], currency: str) -> list[LedgerAccount]:
    """The accounts as they are, without waiting for anybody."""
    return list(queryset.filter(owner_id__in=set(owner_ids), currency=currency).order_by("pk"))


def debit(user: User, number: int) -> Callable[[], None]:
    def work() -> None:
        actions.hold(user.pk, rupees(EACH), key=f"hold-{number}", reference=f"M{number}", by=STAFF)

    return work


def pausing(monkeypatch: pytest.MonkeyPatch, parties: int) -> None:
    """Let all have looked at the balance before anybody writes."""
    meeting = Meeting(parties)
    ensure = rules.ensure_funds

    def slow(*args: Any) -> None:
        ensure(*args)
        meeting.wait()

    monkeypatch.setattr(ledger, "ensure_funds", slow)


@pytest.fixture
def no_constraint() -> Iterator[None]:
    """The database's own last line taken away."""
    name, table = "ledger_balance_within_limit", "payments_ledgeraccount"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name])
        definition = cursor.fetchone()[0]
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


@pytest.mark.usefixtures("no_constraint")
def test_without_lock_and_constraint_ten_debits_all_spend_the_same_money(monkeypatch: pytest.MonkeyPatch) -> None:
    asha = UserFactory()
    filled_wallet(asha, MONEY_FOR * EACH)
    monkeypatch.setattr(LedgerAccountQuerySet, "locked_of", unlocked)
    pausing(monkeypatch, DEBITS)
    assert in_threads(*(debit(asha, number) for number in range(DEBITS))) == []
    assert (balance_of(asha), balance_of(asha, kind="HELD")) == (-700, DEBITS * EACH)


def test_without_the_lock_the_constraint_stops_them_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is lost, but what is missing can't be told: an error that nobody planned for."""
    asha = UserFactory()
    filled_wallet(asha, MONEY_FOR * EACH)
    monkeypatch.setattr(LedgerAccountQuerySet, "locked_of", unlocked)
    pausing(monkeypatch, DEBITS)
    problems = in_threads(*(debit(asha, number) for number in range(DEBITS)))
    assert Counter(type(problem) for problem in problems) == {IntegrityError: DEBITS - MONEY_FOR}


def test_ten_debits_with_money_for_three(monkeypatch: pytest.MonkeyPatch) -> None:
    asha = UserFactory()
    filled_wallet(asha, MONEY_FOR * EACH)
    pausing(monkeypatch, 2)
    problems = in_threads(*(debit(asha, number) for number in range(DEBITS)))
    assert Counter(type(problem) for problem in problems) == {InsufficientFunds: DEBITS - MONEY_FOR}
    assert (balance_of(asha), balance_of(asha, kind="HELD")) == (0, MONEY_FOR * EACH)
    assert LedgerTransfer.objects.filter(kind=TransferKind.HOLD).count() == MONEY_FOR
    assert_books_add_up()


def test_one_key_pressed_ten_times_is_one_debit() -> None:
    asha = UserFactory()
    filled_wallet(asha, 1_000)
    assert in_threads(*(debit(asha, 1) for _ in range(DEBITS))) == []
    assert (balance_of(asha), balance_of(asha, kind="HELD")) == (900, 100)


def test_one_key_between_our_own_accounts_is_one_transfer(monkeypatch: pytest.MonkeyPatch) -> None:
    """No person takes part, so nothing is locked: the unique key decides."""
    legs = [Leg(Place(AccountKind.CASH), Place(AccountKind.SALES), rupees(50))]
    meeting = Meeting(4)
    ensure = rules.ensure_funds

    def together(*args: Any) -> None:
        ensure(*args)
        meeting.wait()  # nobody has seen the key yet

    monkeypatch.setattr(ledger, "ensure_funds", together)

    def work() -> None:
        with transaction.atomic():
            actions.post(key="same", kind=TransferKind.SALE, legs=legs, reference="M1", by=Actor.system("tests"))

    assert in_threads(work, work, work, work) == []
    assert LedgerTransfer.objects.count() == 1
    assert_books_add_up()


def test_one_key_for_two_different_things_serves_the_first() -> None:
    asha, ravi = UserFactory(), UserFactory()
    filled_wallet(asha, 100)
    filled_wallet(ravi, 100)
    problems = in_threads(debit(asha, 1), debit(ravi, 1))
    assert [type(problem) for problem in problems] == [KeyOfAnotherTransfer]
    assert balance_of(asha) + balance_of(ravi) == 100
    assert_books_add_up()


def test_first_money_of_a_new_wallet_from_two_sides() -> None:
    """Nobody has an account yet, and both want to make it."""
    asha = UserFactory()

    def fill(number: int) -> Callable[[], None]:
        def work() -> None:
            actions.top_up(asha.pk, rupees(50), key=f"t{number}", reference="", by=STAFF)

        return work

    assert in_threads(*(fill(number) for number in range(6))) == []
    assert balance_of(asha) == 300
    assert_books_add_up()


def test_two_wallets_that_change_hands_both_ways_do_not_block_each_other() -> None:
    asha, ravi = UserFactory(), UserFactory()
    filled_wallet(asha, 100)
    filled_wallet(ravi, 70)

    def give(giver: User, taker: User) -> Callable[[], None]:
        def work() -> None:
            for _ in range(5):
                with transaction.atomic():
                    actions.take_over_wallets(from_user_id=giver.pk, to_user_id=taker.pk, by=STAFF)

        return work

    assert in_threads(give(asha, ravi), give(ravi, asha)) == []
    assert balance_of(asha) + balance_of(ravi) == 170
    assert_books_add_up()
