"""The nightly recount of the books: what it finds, whom it tells, and when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest
from django.conf import settings
from django.db import connection

from accounts.models import User
from milkdelivery.core import clock
from milkdelivery.core.eventlog import pump
from notifications.letters import NoLongerSo, write
from notifications.models import Notification
from payments import actions, tasks
from payments.models import LedgerAccount, LedgerRecount
from payments.queries.recount import CLAIMS, recount
from tests.factories.accounts import UserFactory
from tests.factories.orders import confirmed_order
from tests.factories.world import World, small_world
from tests.payments.books import STAFF, filled_wallet, rupees

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-30T20:00+05:30")
    return small_world()


@pytest.fixture
def asha(world: World) -> User:
    """A household with an order that its wallet is to pay."""
    user = UserFactory()
    filled_wallet(user, 200)
    order = confirmed_order(customer=user, basket=[(world.milk, 2)], slot=world.morning)
    payment = actions.open_payment(order, method="WALLET", by=STAFF)
    assert payment is not None
    actions.begin_payment(payment, by=STAFF)
    return user


def break_books(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # past the triggers, as a broken disk is
        cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.mark.usefixtures("asha")
def test_sound_books_agree() -> None:
    assert list(recount("INR")) == []
    assert list(recount("USD")) == []


@pytest.mark.usefixtures("asha")
@pytest.mark.parametrize(
    ("claim", "statement"),
    [
        ("balance", "UPDATE payments_ledgeraccount SET balance = balance + 1 WHERE kind = 'WALLET'"),
        ("balance", "DELETE FROM payments_ledgerentry"),
        ("held", "UPDATE payments_payment SET amount = amount - 100"),
        ("held", "UPDATE payments_payment SET status = 'FAILED'"),
        ("transfer_without_entries", "DELETE FROM payments_ledgerentry"),
    ],
)
def test_every_drift_is_found(claim: str, statement: str) -> None:
    break_books(statement)
    assert claim in {drift.claim for drift in recount("INR")}
    assert set(CLAIMS) >= {claim}


def test_a_payment_that_holds_nothing_is_found(world: World) -> None:
    user = UserFactory()
    filled_wallet(user, 200)
    order = confirmed_order(customer=user, basket=[(world.milk, 2)], slot=world.morning)
    actions.open_payment(order, method="WALLET", by=STAFF)
    assert {drift.claim for drift in recount("INR")} == {"held"}


def test_each_currency_is_recounted_once_a_night(world: World, asha: User) -> None:
    with clock.override(datetime.fromisoformat("2026-01-31T00:30+05:30")):
        assert tasks.keep_books() == 0
    with clock.override(datetime.fromisoformat("2026-01-31T01:10+05:30")):
        assert [tasks.keep_books(), tasks.keep_books()] == [1, 0]
    report = LedgerRecount.objects.get()
    assert (report.currency, report.date, report.drift_count, report.entries) == ("INR", date(2026, 1, 31), 0, 2)


def told(kind: str) -> list[Notification]:
    pump.drain()
    return list(Notification.objects.filter(kind=kind, channel="EMAIL"))


def test_staff_hear_of_a_recount_that_found_something_and_of_no_other(asha: User) -> None:
    actions.recount_books("INR", on=date(2026, 1, 30))
    assert told("ledger_drift") == []
    LedgerAccount.objects.filter(owner=asha, kind="WALLET").update(balance=1)
    actions.recount_books("INR", on=date(2026, 1, 30))
    (message,) = told("ledger_drift")
    assert message.address == settings.ADMIN_EMAIL
    letter = write(message)
    assert letter.subject == "The books in INR do not add up"
    assert "found 1 difference" in letter.text
    assert "/admin/payments/ledgerrecount/" in letter.text


def test_a_household_hears_that_little_is_left_while_it_is_so(world: World) -> None:
    user = UserFactory()
    filled_wallet(user, 100)
    actions.set_low_mark(user.pk, rupees(50), by=STAFF)
    actions.hold(user.pk, rupees(70), key="h", reference="M1", by=STAFF)
    (message,) = told("wallet_low")
    assert message.address == user.email
    assert write(message).subject == "₹30.00 is left in your wallet"
    filled_wallet(user, 90)
    with pytest.raises(NoLongerSo):
        write(message)
    letters = {write(message).subject for message in told("wallet_topped_up")}
    assert letters == {"₹100.00 is in your wallet", "₹90.00 is in your wallet"}
