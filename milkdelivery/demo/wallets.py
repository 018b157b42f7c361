"""Wallets with a past, and the books of what was delivered: set by set, as many households as there may be."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db import connection

from milkdelivery.core.actors import Actor
from milkdelivery.core.models import Event, Region
from milkdelivery.core.money import Money, exponent
from milkdelivery.demo.copying import copy_rows
from milkdelivery.demo.households import Household
from milkdelivery.demo.past_events import past_event
from milkdelivery.demo.ways import book_what_was_paid_ahead
from payments.actions import set_credit_limit, set_low_mark
from payments.events import WalletCorrected, WalletToppedUp
from payments.models import LedgerAccount
from payments.rules.ledger import OWNED, AccountKind, Place, TransferKind

BANK = Actor(kind="gateway", name="demo")
OFFICE = Actor.system("demo")
EVERY = 3
"""One household in so many has a wallet; the first has one."""

TOP_UPS = (300, 500, 1000, 1500, 2000)
CORRECTED_EVERY = 12
ON_CREDIT_EVERY = 30
CREDIT = 500
LOW_BELOW = 200
DAYS_BACK = 45

Moved = tuple[Household, str, int, datetime, str, str]
"""Whose, kind, whole units, when, why, key."""

_MOVE = """
WITH wanted AS (
    SELECT * FROM unnest(
        %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::text[]
    ) AS wanted (owner_id, currency, kind, amount, occurred_at, reason, key, actor)
), transfer AS (
    INSERT INTO payments_ledgertransfer (key, kind, reference, reason, actor, occurred_at)
    SELECT key, kind, CASE kind WHEN 'TOP_UP' THEN key ELSE '' END, reason, actor, occurred_at
    FROM wanted ORDER BY occurred_at, key
    RETURNING id, key
), entry AS (
    INSERT INTO payments_ledgerentry (transfer_id, debit_account_id, credit_account_id, amount, currency)
    SELECT transfer.id, source.id, wallet.id, wanted.amount, wanted.currency
    FROM transfer JOIN wanted USING (key)
    JOIN payments_ledgeraccount wallet
        ON wallet.owner_id = wanted.owner_id AND wallet.kind = 'WALLET' AND wallet.currency = wanted.currency
    JOIN payments_ledgeraccount source ON source.owner_id IS NULL AND source.currency = wanted.currency
        AND source.kind = CASE wanted.kind WHEN 'TOP_UP' THEN 'GATEWAY' ELSE 'CORRECTIONS' END
    ORDER BY transfer.id
)
UPDATE payments_ledgeraccount AS wallet SET balance = wallet.balance + came.amount
FROM (SELECT owner_id, currency, sum(amount) AS amount FROM wanted GROUP BY 1, 2) AS came
WHERE wallet.owner_id = came.owner_id AND wallet.currency = came.currency AND wallet.kind = 'WALLET'
"""

# As `settle_delivered` books cash that a driver took, or what was paid ahead. Those that stand in the books already are
# left alone.
_SALES = """
WITH sold AS (
    SELECT ordered.number, ordered.currency, ordered.discount_total AS discount, ordered.tax_total AS tax,
        ordered.deposit_total AS deposit, ordered.delivery_total AS delivery,
        ordered.grand_total - ordered.tax_total - ordered.deposit_total - ordered.delivery_total AS goods,
        coalesce(delivery.delivered_at, payment.settled_at) AS occurred_at,
        coalesce('user:' || driver.user_id, 'system:demo') AS actor,
        CASE payment.method WHEN 'COD' THEN 'CASH' ELSE 'PAID_AHEAD' END AS payer
    FROM orders_order ordered
    JOIN payments_payment payment
        ON payment.order_id = ordered.id AND payment.method <> 'WALLET' AND payment.status = 'SUCCEEDED'
    JOIN deliveries_delivery delivery ON delivery.order_id = ordered.id
    LEFT JOIN deliveries_stop stop ON stop.id = delivery.stop_id
    LEFT JOIN deliveries_route route ON route.id = stop.route_id
    LEFT JOIN deliveries_driver driver ON driver.id = route.driver_id
    WHERE ordered.status = 'DELIVERED' AND NOT EXISTS (
        SELECT FROM payments_ledgertransfer WHERE key = ordered.number || '-sale'
    )
), transfer AS (
    INSERT INTO payments_ledgertransfer (key, kind, reference, reason, actor, occurred_at)
    SELECT number || '-sale', 'SALE', number, '', actor, occurred_at FROM sold ORDER BY occurred_at, number
    RETURNING id, reference
)
INSERT INTO payments_ledgerentry (transfer_id, debit_account_id, credit_account_id, amount, currency)
SELECT transfer.id, debited.id, credited.id, leg.amount, sold.currency
FROM transfer JOIN sold ON sold.number = transfer.reference
CROSS JOIN LATERAL (VALUES
    (payer, 'SALES', goods), (payer, 'TAX', tax), (payer, 'DELIVERY', delivery), (payer, 'DEPOSITS', deposit),
    ('PROMOTIONS', 'SALES', discount)
) AS leg (debit, credit, amount)
JOIN payments_ledgeraccount debited
    ON debited.owner_id IS NULL AND debited.kind = leg.debit AND debited.currency = sold.currency
JOIN payments_ledgeraccount credited
    ON credited.owner_id IS NULL AND credited.kind = leg.credit AND credited.currency = sold.currency
WHERE leg.amount > 0
ORDER BY transfer.id
"""


def book_the_past(regions: Sequence[Region]) -> None:
    """Every order that was paid ahead or delivered for cash stands in the books. Safe to repeat; set by set."""
    kinds = {kind for kind in AccountKind if kind not in OWNED}
    for currency in sorted({region.currency for region in regions}):
        LedgerAccount.objects.system(kinds, currency)
    book_what_was_paid_ahead()
    with connection.cursor() as cursor:
        cursor.execute(_SALES)


def fill(households: Sequence[Household], *, currencies: dict[int, str], seed: int, now: datetime) -> None:
    """Wallets for some of the households, with what came into them; `currencies` by region."""
    owners = [household for household in households if household.index % EVERY == 0]
    if not owners:
        return
    for currency in sorted(set(currencies.values())):
        here = [owner for owner in owners if currencies[owner.region_id] == currency]
        if here:
            places = [Place(kind, owner.user_id) for owner in here for kind in OWNED]
            LedgerAccount.objects.ensure(places, currency)
    moved = [move for owner in owners for move in _life_of(owner, seed=seed, now=now)]
    _write(moved, currencies)
    first = owners[0]
    set_low_mark(first.user_id, _money(LOW_BELOW, currencies[first.region_id]), by=OFFICE)
    for owner in owners[1::ON_CREDIT_EVERY]:
        set_credit_limit(owner.user_id, _money(CREDIT, currencies[owner.region_id]), by=OFFICE)


def _life_of(owner: Household, *, seed: int, now: datetime) -> list[Moved]:
    """What came into a wallet in the past weeks."""
    chance = Random(f"{seed}/wallet/{owner.index}")
    times = sorted(
        now - timedelta(minutes=chance.randrange(60, DAYS_BACK * 24 * 60)) for _ in range(2 + owner.index % 2)
    )
    moved: list[Moved] = [
        (owner, TransferKind.TOP_UP, chance.choice(TOP_UPS), at, "", f"demo-top-up-{owner.user_id}-{number}")
        for number, at in enumerate(times, start=1)
    ]
    if owner.index % CORRECTED_EVERY == 0:
        at, key = times[-1] + (now - times[-1]) / 2, f"demo-correction-{owner.user_id}"
        moved.append((owner, TransferKind.CORRECTION, 35, at, "The curd of Monday was spoilt", key))
    return moved


def _write(moved: Sequence[Moved], currencies: dict[int, str]) -> None:
    money = [_money(units, currencies[owner.region_id]) for owner, _kind, units, *_rest in moved]
    actors = [BANK if kind == TransferKind.TOP_UP else OFFICE for _owner, kind, *_rest in moved]
    owner_ids = [owner.user_id for owner, *_rest in moved]
    columns: list[Any] = [
        owner_ids,
        [amount.currency for amount in money],
        [str(kind) for _owner, kind, *_rest in moved],
        [amount.minor for amount in money],
        [at for *_rest, at, _reason, _key in moved],
        [reason for *_rest, reason, _key in moved],
        [key for *_rest, key in moved],
        [actor.label for actor in actors],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, columns)
    wallets = LedgerAccount.objects.wallets().filter(owner_id__in=set(owner_ids))
    ids = {(owner_id or 0): pk for owner_id, pk in wallets.values_list("owner_id", "pk")}
    balances: dict[int, Money] = {}
    told = []
    for (owner, kind, _units, at, _reason, _key), amount, actor in zip(moved, money, actors, strict=True):
        balances[owner.user_id] = balances.get(owner.user_id, Money.zero(amount.currency)) + amount
        wallet_id, balance = ids[owner.user_id], balances[owner.user_id]
        event = (
            WalletToppedUp(wallet_id, owner.user_id, amount, balance)
            if kind == TransferKind.TOP_UP
            else WalletCorrected(wallet_id, owner.user_id, amount)
        )
        told.append(past_event(event, actor=actor, at=at))
    copy_rows(Event, sorted(told, key=lambda row: row["occurred_at"]))


def _money(units: int, currency: str) -> Money:
    return Money(units * 10 ** exponent(currency), currency)
