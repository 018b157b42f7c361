"""The rule of promises against brute force, and against what PostgreSQL counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory import actions
from inventory.models import Batch, Promise, Stock
from inventory.rules import NEVER, Lot, OutOfStock, first_expired, promisable
from milkdelivery.core import clock
from tests.factories.inventory import StockFactory

FIRST = date(2026, 3, 1)
DAYS = 6
day = st.integers(0, DAYS - 1)
pieces = st.lists(day, max_size=7)
"""One entry for each piece: the day it expires on, or is promised for."""


def _date(ahead: int) -> date:
    return FIRST + timedelta(days=ahead)


def _counts(days: Sequence[int]) -> dict[date, int]:
    return {_date(ahead): days.count(ahead) for ahead in set(days)}


def _can_all_be_kept(expiring: Sequence[int], unbatched: int, promised: Sequence[int]) -> bool:
    """Brute force: is there a piece of goods for each promise? A maximum bipartite matching, by augmenting paths."""
    goods = [*expiring, *[DAYS] * unbatched]
    given_to: dict[int, int] = {}

    def place(promise: int, tried: set[int]) -> bool:
        for good, expiry in enumerate(goods):
            if expiry >= promised[promise] and good not in tried:
                tried.add(good)
                if good not in given_to or place(given_to[good], tried):
                    given_to[good] = promise
                    return True
        return False

    return all(place(promise, set()) for promise in range(len(promised)))


@given(expiring=pieces, unbatched=st.integers(0, 3), promised=pieces, wanted=day)
@settings(max_examples=400)
def test_the_rule_promises_exactly_what_a_matching_can_keep(
    expiring: list[int], unbatched: int, promised: list[int], wanted: int
) -> None:
    if not _can_all_be_kept(expiring, unbatched, promised):
        return
    possible = 0
    while _can_all_be_kept(expiring, unbatched, [*promised, *[wanted] * (possible + 1)]):
        possible += 1
    answer = promisable(
        _date(wanted), on_hand=len(expiring) + unbatched, expiring=_counts(expiring), promised=_counts(promised)
    )
    assert answer == possible


@given(expiring=pieces, unbatched=st.integers(0, 3), promised=pieces, gone=day)
@settings(max_examples=300)
def test_it_is_also_what_can_be_thrown_away(
    expiring: list[int], unbatched: int, promised: list[int], gone: int
) -> None:
    if not _can_all_be_kept(expiring, unbatched, promised):
        return
    possible, left = 0, list(expiring)
    while gone in left:
        left.remove(gone)
        if not _can_all_be_kept(left, unbatched, promised):
            break
        possible += 1
    answer = promisable(
        _date(gone), on_hand=len(expiring) + unbatched, expiring=_counts(expiring), promised=_counts(promised)
    )
    assert min(answer, expiring.count(gone)) == possible


@given(expiring=pieces, unbatched=st.integers(0, 3), promised=pieces, order=st.randoms(use_true_random=False))
@settings(max_examples=300)
def test_first_expired_first_out_never_leaves_a_promise_without_goods(
    expiring: list[int], unbatched: int, promised: list[int], order: object
) -> None:
    """Whatever the order in which the orders are packed."""
    if not _can_all_be_kept(expiring, unbatched, promised):
        return
    lots = {ahead: expiring.count(ahead) for ahead in set(expiring)}
    spare, packed = unbatched, list(promised)
    order.shuffle(packed)  # type: ignore[attr-defined]
    for wanted in packed:
        shelf = [Lot(ahead + 1, _date(ahead), count) for ahead, count in lots.items()]
        [(taken, _one)] = first_expired([*shelf, Lot(None, NEVER, spare)], 1, on=_date(wanted))
        if taken.batch_id is None:
            spare -= 1
        else:
            assert taken.expires_on >= _date(wanted)
            lots[taken.batch_id - 1] -= 1


def test_first_expired_refuses_what_is_not_there() -> None:
    with pytest.raises(OutOfStock):
        first_expired([Lot(1, _date(1), 5), Lot(None, NEVER, 2)], 3, on=_date(2))


@pytest.mark.django_db(transaction=True)
@given(
    lots=st.dictionaries(day, st.integers(0, 9), max_size=4),
    unbatched=st.integers(0, 9),
    promised=st.dictionaries(day, st.integers(0, 9), max_size=4),
    wanted=day,
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_postgresql_counts_as_the_rule_does(
    lots: dict[int, int], unbatched: int, promised: dict[int, int], wanted: int
) -> None:
    on_hand = sum(lots.values()) + unbatched
    stock = StockFactory(on_hand=0)
    Stock.objects.filter(pk=stock.pk).update(on_hand=on_hand)
    Batch.objects.bulk_create(
        Batch(
            stock=stock,
            code=str(ahead),
            received=count,
            remaining=count,
            produced_on=FIRST,
            expires_on=_date(ahead),
            received_at=clock.now(),
        )
        for ahead, count in lots.items()
    )
    Promise.objects.bulk_create(
        Promise(stock=stock, delivery_date=_date(ahead), quantity=count) for ahead, count in promised.items()
    )
    pair = (stock.vendor_id, stock.variant_id)
    with transaction.atomic():
        found = actions.lock_available([pair], on=_date(wanted))[pair]
    assert found == max(
        0,
        promisable(
            _date(wanted),
            on_hand=on_hand,
            expiring={_date(ahead): count for ahead, count in lots.items()},
            promised={_date(ahead): count for ahead, count in promised.items()},
        ),
    )
