"""What is done to a wallet, and what the books say of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from milkdelivery.core.money import Money
from payments import actions
from payments.models import LedgerAccount, LedgerEntry, LedgerTransfer
from payments.rules.ledger import (
    AccountKind,
    AmountNotPossible,
    CreditInUse,
    Figures,
    InsufficientFunds,
    KeyOfAnotherTransfer,
    Leg,
    NotHeld,
    Place,
    ReasonMissing,
    TransferKind,
    ensure_top_up,
    has_become_low,
    sale_legs,
    wallet_of,
)
from tests.factories.accounts import UserFactory
from tests.payments.books import (
    BANK,
    STAFF,
    assert_books_add_up,
    balance_of,
    counted,
    filled_wallet,
    rupees,
    told,
)

pytestmark = pytest.mark.django_db

ORDER = "M123456"


@pytest.fixture
def asha() -> User:
    return UserFactory()


def figures(total: int, *, discount: int = 0, tax: int = 0, deposit: int = 0, delivery: int = 0) -> Figures:
    return Figures(rupees(total), rupees(discount), rupees(tax), rupees(deposit), rupees(delivery))


def hold(user: User, amount: int, key: str = "h1", reference: str = ORDER) -> None:
    actions.hold(user.pk, rupees(amount), key=key, reference=reference, by=STAFF)


def capture(user: User, of: Figures, key: str = "c1") -> None:
    with transaction.atomic():
        actions.capture(user.pk, of, key=key, reference=ORDER, by=STAFF)


def test_a_top_up_comes_from_the_gateway_once(asha: User) -> None:
    for _ in range(3):
        wallet = actions.top_up(asha.pk, rupees(500), key="t1", reference="pay-1", by=BANK)
    assert wallet.balance == rupees(500)
    assert counted() == {"WALLET": 50_000, "GATEWAY": -50_000}
    assert told("wallet.topped_up") == 1


@pytest.mark.parametrize("amount", [0, -5, 9, 50_001])
def test_a_top_up_that_is_asked_for_has_its_limits(amount: int) -> None:
    with pytest.raises(AmountNotPossible) as refusal:
        ensure_top_up(rupees(amount))
    assert refusal.value.field == "amount"


@pytest.mark.parametrize("amount", [10, 50_000])
def test_a_top_up_within_the_limits(amount: int) -> None:
    ensure_top_up(rupees(amount))


def test_a_used_key_can_not_move_something_else(asha: User) -> None:
    actions.top_up(asha.pk, rupees(500), key="t1", reference="", by=BANK)
    with pytest.raises(KeyOfAnotherTransfer):
        actions.top_up(asha.pk, rupees(600), key="t1", reference="", by=BANK)
    with pytest.raises(KeyOfAnotherTransfer):
        actions.top_up(UserFactory().pk, rupees(500), key="t1", reference="", by=BANK)
    assert counted() == {"WALLET": 50_000, "GATEWAY": -50_000}


def test_what_is_set_aside_can_not_be_spent_again(asha: User) -> None:
    filled_wallet(asha, 100)
    hold(asha, 80)
    with pytest.raises(InsufficientFunds) as refusal:
        hold(asha, 30, key="h2", reference="M2")
    assert refusal.value.facts == {"missing": 1000, "currency": "INR"}
    assert (balance_of(asha), balance_of(asha, kind="HELD")) == (20, 80)
    assert told("wallet.held") == 1
    assert_books_add_up()


def test_a_hold_is_made_once(asha: User) -> None:
    filled_wallet(asha, 100)
    hold(asha, 80)
    hold(asha, 80)
    assert balance_of(asha, kind="HELD") == 80


def test_nothing_to_hold_is_held_without_a_word(asha: User) -> None:
    hold(asha, 0)
    assert not LedgerTransfer.objects.exists()


def test_a_wallet_that_was_never_filled_has_nothing(asha: User) -> None:
    with pytest.raises(InsufficientFunds) as refusal:
        hold(asha, 30)
    assert refusal.value.facts["missing"] == 3000


def test_delivered_pays_and_gives_the_rest_free(asha: User) -> None:
    filled_wallet(asha, 300)
    hold(asha, 120)
    for _ in range(2):
        capture(asha, figures(105, discount=10, tax=4, deposit=30, delivery=20))
    assert counted() == {
        "WALLET": 19_500,
        "GATEWAY": -30_000,
        "SALES": 6_100,
        "PROMOTIONS": -1_000,
        "TAX": 400,
        "DEPOSITS": 3_000,
        "DELIVERY": 2_000,
    }
    assert (told("wallet.captured"), told("wallet.released")) == (1, 1)
    assert_books_add_up()


def test_not_more_is_captured_than_is_set_aside(asha: User) -> None:
    filled_wallet(asha, 300)
    hold(asha, 100)
    hold(asha, 150, key="h2", reference="M2")
    with pytest.raises(NotHeld):
        capture(asha, figures(260))
    assert balance_of(asha, kind="HELD") == 250


def test_an_order_pays_with_its_own_money_only(asha: User) -> None:
    """There is enough set aside, but for another order."""
    filled_wallet(asha, 300)
    hold(asha, 100)
    hold(asha, 150, key="h2", reference="M2")
    with pytest.raises(NotHeld):
        capture(asha, figures(120))
    with pytest.raises(NotHeld):
        actions.release(asha.pk, rupees(120), currency="INR", key="r1", reference=ORDER, by=STAFF)
    assert balance_of(asha, kind="HELD") == 250


def test_given_up_comes_back_whole_and_once(asha: User) -> None:
    filled_wallet(asha, 300)
    hold(asha, 100)
    freed = [actions.release(asha.pk, None, currency="INR", key="r", reference=ORDER, by=STAFF) for _ in range(2)]
    assert freed == [rupees(100), rupees(0)]
    assert (balance_of(asha), balance_of(asha, kind="HELD")) == (300, 0)
    assert told("wallet.released") == 1


def test_a_refund_of_what_was_paid_ahead_is_no_refund_of_sales(asha: User) -> None:
    ahead = Place(AccountKind.PAID_AHEAD)
    with transaction.atomic():
        paid = [Leg(Place(AccountKind.GATEWAY), ahead, rupees(100))]
        actions.post(key="p", kind=TransferKind.PAYMENT, legs=paid, reference=ORDER, by=BANK)
    for _ in range(2):
        actions.refund_to_wallet(asha.pk, rupees(60), key="f1", reference=ORDER, by=STAFF)
    assert counted() == {"GATEWAY": -10_000, "PAID_AHEAD": 4_000, "WALLET": 6_000}
    actions.refund_to_wallet(asha.pk, rupees(70), key="f2", reference=ORDER, by=STAFF)
    assert counted() == {"GATEWAY": -10_000, "WALLET": 13_000, "REFUNDS": -3_000}
    assert told("wallet.refunded") == 2
    assert_books_add_up()


def test_corrections_go_both_ways_with_a_reason(asha: User) -> None:
    actions.correct(asha.pk, rupees(50), reason="Spoilt curd on Monday", key="k1", by=STAFF)
    actions.correct(asha.pk, rupees(-20), reason="Counted twice", key="k2", by=STAFF)
    assert counted() == {"WALLET": 3_000, "CORRECTIONS": -3_000}
    assert list(LedgerTransfer.objects.order_by("pk").values_list("reason", "actor")) == [
        ("Spoilt curd on Monday", STAFF.label),
        ("Counted twice", STAFF.label),
    ]
    assert told("wallet.corrected") == 2


@pytest.mark.parametrize("reason", ["", "   ", "ok"])
def test_a_correction_says_why(asha: User, reason: str) -> None:
    with pytest.raises(ReasonMissing):
        actions.correct(asha.pk, rupees(50), reason=reason, key="k1", by=STAFF)


def test_a_correction_takes_no_more_than_is_there(asha: User) -> None:
    filled_wallet(asha, 30)
    with pytest.raises(InsufficientFunds):
        actions.correct(asha.pk, rupees(-40), reason="Counted twice", key="k1", by=STAFF)
    with pytest.raises(AmountNotPossible):
        actions.correct(asha.pk, rupees(0), reason="Counted twice", key="k1", by=STAFF)
    with pytest.raises(AmountNotPossible):
        actions.correct(asha.pk, rupees(1_000_001), reason="Counted twice", key="k1", by=STAFF)


def test_credit_lets_a_wallet_go_below_zero_and_not_further(asha: User) -> None:
    actions.set_credit_limit(asha.pk, rupees(100), by=STAFF)
    hold(asha, 100)
    assert balance_of(asha) == -100
    with pytest.raises(InsufficientFunds):
        hold(asha, 1, key="h2")
    with pytest.raises(CreditInUse) as refusal:
        actions.set_credit_limit(asha.pk, rupees(99), by=STAFF)
    assert refusal.value.field == "credit_limit"
    assert told("wallet.credit_limit_set") == 1


def test_credit_is_not_paid_out(asha: User) -> None:
    filled_wallet(asha, 30)
    actions.set_credit_limit(asha.pk, rupees(100), by=STAFF)
    with pytest.raises(AmountNotPossible):
        actions.pay_out(asha.pk, rupees(31), reference="UTR1", reason="Moves away", key="o1", by=STAFF)
    for _ in range(2):
        actions.pay_out(asha.pk, rupees(30), reference="UTR1", reason="Moves away", key="o1", by=STAFF)
    assert counted() == {}
    assert told("wallet.paid_out") == 1


def test_low_is_told_when_the_mark_is_passed_and_not_again(asha: User) -> None:
    filled_wallet(asha, 100)
    actions.set_low_mark(asha.pk, rupees(50), by=STAFF)
    hold(asha, 50)
    assert told("wallet.low") == 0
    hold(asha, 10, key="h2")
    hold(asha, 10, key="h3")
    assert told("wallet.low") == 1


def test_a_wallet_for_each_currency(asha: User) -> None:
    filled_wallet(asha, 100)
    filled_wallet(asha, 40, currency="USD")
    with pytest.raises(InsufficientFunds):
        actions.hold(asha.pk, Money(5_000, "USD"), key="h", reference=ORDER, by=STAFF)
    actions.hold(asha.pk, Money(3_000, "USD"), key="h", reference=ORDER, by=STAFF)
    assert (balance_of(asha), balance_of(asha, currency="USD")) == (100, 10)
    mixed = [
        Leg(wallet_of(asha.pk), Place(AccountKind.SALES), rupees(1)),
        Leg(wallet_of(asha.pk), Place(AccountKind.SALES), Money(1, "USD")),
    ]
    with pytest.raises(ValueError, match="one currency"), transaction.atomic():
        actions.post(key="x", kind=TransferKind.SALE, legs=mixed, reference="", by=STAFF)
    assert_books_add_up()


def test_what_a_guest_had_goes_to_who_the_guest_was(asha: User) -> None:
    guest = UserFactory(contact_only=True)
    filled_wallet(guest, 100)
    filled_wallet(guest, 7, currency="USD")
    hold(guest, 60)
    for _ in range(2):
        with transaction.atomic():
            actions.take_over_wallets(from_user_id=guest.pk, to_user_id=asha.pk, by=STAFF)
    assert (balance_of(guest), balance_of(guest, kind="HELD"), balance_of(guest, currency="USD")) == (0, 0, 0)
    assert (balance_of(asha), balance_of(asha, kind="HELD"), balance_of(asha, currency="USD")) == (40, 60, 7)
    capture(asha, figures(60))
    assert_books_add_up()


# -- what the database itself refuses ---------------------------------------------------------------------------------


def written(asha: User) -> LedgerEntry:
    filled_wallet(asha, 100)
    return LedgerEntry.objects.get()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payments_ledgerentry SET amount = amount + 1",
        "DELETE FROM payments_ledgerentry",
        "UPDATE payments_ledgertransfer SET reason = 'nicer'",
        "DELETE FROM payments_ledgertransfer",
        "UPDATE payments_ledgeraccount SET currency = 'USD'",
        "UPDATE payments_ledgeraccount SET owner_id = NULL",
        "DELETE FROM payments_ledgeraccount",
        "UPDATE payments_ledgeraccount SET balance = -1 WHERE owner_id IS NOT NULL",
        "UPDATE payments_ledgeraccount SET balance = 1 WHERE owner_id IS NULL",
        "UPDATE payments_ledgeraccount SET credit_limit = 1 WHERE kind = 'HELD'",
    ],
)
def test_the_database_keeps_the_books_as_they_were_written(asha: User, statement: str) -> None:
    written(asha)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("change", [{"amount": 0}, {"amount": -5}, {"currency": "USD"}, {"to": "self"}])
def test_the_database_refuses_an_entry_that_does_not_balance(asha: User, change: dict[str, Any]) -> None:
    entry = written(asha)
    values: dict[str, Any] = {
        "transfer": entry.transfer,
        "debit_account": entry.debit_account,
        "credit_account": entry.debit_account if change.get("to") else entry.credit_account,
        "amount": change.get("amount", 100),
        "currency": change.get("currency", "INR"),
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerEntry.objects.create(**values)


def test_the_database_knows_one_account_of_a_kind(asha: User) -> None:
    written(asha)
    for owner in (asha, None):
        kind = AccountKind.WALLET if owner else AccountKind.GATEWAY
        with pytest.raises(IntegrityError), transaction.atomic():
            LedgerAccount.objects.create(kind=kind, owner=owner, currency="INR")


# -- rules ------------------------------------------------------------------------------------------------------------


def test_a_sale_is_taken_apart_to_the_last_paisa() -> None:
    payer = Place(AccountKind.CASH)
    legs = sale_legs(payer, figures(105, discount=10, tax=4, deposit=30, delivery=20))
    paid = Money.total((leg.amount for leg in legs if leg.debit == payer), "INR")
    assert paid == rupees(105)
    assert {(str(leg.debit.kind), str(leg.credit.kind)): leg.amount.minor for leg in legs} == {
        ("CASH", "SALES"): 5_100,
        ("CASH", "TAX"): 400,
        ("CASH", "DELIVERY"): 2_000,
        ("CASH", "DEPOSITS"): 3_000,
        ("PROMOTIONS", "SALES"): 1_000,
    }


def test_what_costs_nothing_is_still_a_promotion() -> None:
    legs = sale_legs(Place(AccountKind.CASH), figures(0, discount=56))
    assert [(str(leg.debit.kind), leg.amount.minor) for leg in legs] == [("PROMOTIONS", 5_600)]


@pytest.mark.parametrize(
    ("before", "after", "is_told"), [(50, 49, True), (49, 48, False), (50, 50, False), (80, 50, False), (80, -1, True)]
)
def test_low_is_the_passing_of_the_mark(before: int, after: int, is_told: bool) -> None:
    assert has_become_low(rupees(before), rupees(after), rupees(50)) is is_told


@pytest.mark.parametrize(("kind", "owner"), [("WALLET", None), ("HELD", None), ("SALES", 4)])
def test_a_place_has_an_owner_or_not_by_its_kind(kind: str, owner: int | None) -> None:
    with pytest.raises(ValueError, match="belong together"):
        Place(kind, owner)
