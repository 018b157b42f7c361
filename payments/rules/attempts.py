"""How often and how long a household may try to pay an order, and what its attempts add up to."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

MOST_ATTEMPTS = 3
PAY_WITHIN = timedelta(minutes=15)
"""From the first attempt on, by the clock of the business."""

PAY_BY_LINK_WITHIN = timedelta(hours=2)
"""The same for an order that staff placed for a caller: the link has to be sent, found and opened on another device.
Never past the cut-off, after which nobody could sell the milk to somebody else."""

REPLACED = "replaced"
"""The failure code of an attempt that nothing was given for: another way to pay was chosen. It does not count."""

GIVEN_UP = "given_up"
"""The failure code of an attempt that a bank was at work on when another one was made."""

EXPIRED = "expired"
VOIDED = "voided"

NOT_DELIVERED = "not_delivered"
"""The failure code of a payment whose money was to be taken at the door of an order that did not get there."""

CALLED_OFF = frozenset({REPLACED, GIVEN_UP, VOIDED})
"""Failure codes of attempts that somebody ended who had something else in mind."""

ENDED_BY_US = CALLED_OFF | {NOT_DELIVERED}
"""Failure codes of attempts that ended although nothing went wrong with the paying."""

NOT_DECLINED = CALLED_OFF | {EXPIRED, NOT_DELIVERED}
"""Failure codes of attempts that nobody refused: we, or the household, ended them."""

AT_THE_DOOR = ("COD", "WALLET")
"""Methods whose money is taken with the delivery."""

PENDING, SUCCEEDED, FAILED = "PENDING", "SUCCEEDED", "FAILED"
PARTIALLY_REFUNDED, REFUNDED, PAID = "PARTIALLY_REFUNDED", "REFUNDED", "PAID"
_CAPTURED = frozenset({SUCCEEDED, PARTIALLY_REFUNDED, REFUNDED})


class Attempt(Protocol):
    """What the rules look at of a payment."""

    status: str
    failure_code: str
    is_surplus: bool
    expires_at: datetime | None


class Standing(StrEnum):
    """Where the payment of an order stands."""

    NONE = "NONE"  # nothing was tried yet
    PENDING = "PENDING"  # an attempt is under way
    OPEN = "OPEN"  # the last one failed, and another may be made
    PAID = "PAID"
    DECLINED = "DECLINED"  # all attempts are used up
    EXPIRED = "EXPIRED"  # the time is over


def standing(attempts: Sequence[Attempt], now: datetime) -> Standing:
    """Where the payment of an order stands, by all attempts at it, oldest first."""
    counting = [attempt for attempt in attempts if not attempt.is_surplus]
    if any(attempt.status in _CAPTURED for attempt in counting):
        return Standing.PAID
    if any(attempt.status == PENDING for attempt in counting):
        return Standing.PENDING
    if not counting:
        return Standing.NONE
    if attempts_left(counting) == 0:
        return Standing.DECLINED
    until = pay_until(counting)
    return Standing.EXPIRED if until is not None and until <= now else Standing.OPEN


def attempts_left(attempts: Sequence[Attempt]) -> int:
    """How many more may be made. One that nothing was given for does not count."""
    used = sum(1 for attempt in attempts if attempt.failure_code != REPLACED)
    return max(0, MOST_ATTEMPTS - used)


def pay_until(attempts: Sequence[Attempt]) -> datetime | None:
    """Until when the order is to be paid; None where no attempt has an end (cash)."""
    return min((attempt.expires_at for attempt in attempts if attempt.expires_at is not None), default=None)


def time_to_pay(*, by_link: bool, cutoff_at: datetime, now: datetime) -> timedelta:
    """How long a household has to pay an order, from now on: a while longer where a link is sent, as long as there is
    time until the cut-off."""
    if not by_link:
        return PAY_WITHIN
    return max(PAY_WITHIN, min(PAY_BY_LINK_WITHIN, cutoff_at - now))


def next_status(status: str, said: str) -> str:
    """What a payment becomes on a gateway's word. Words come late, twice and in any order, so money that came stays
    come, and a failure is taken back by the news of money."""
    if status in _CAPTURED:
        return status
    if said == SUCCEEDED:
        return SUCCEEDED
    return FAILED if said == FAILED else status


def order_status(attempts: Sequence[Attempt]) -> str:
    """The payment status of an order, by all attempts at it. Surplus ones come and go without it."""
    states = [attempt.status for attempt in attempts if not attempt.is_surplus]
    for status, words in (
        (SUCCEEDED, PAID),
        (PARTIALLY_REFUNDED, PARTIALLY_REFUNDED),
        (REFUNDED, REFUNDED),
        (PENDING, PENDING),
        (FAILED, FAILED),
    ):
        if status in states:
            return words
    return PENDING
