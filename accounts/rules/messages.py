"""Where people want to be told of what, and when not. What each message belongs to is said by `notifications.rules`."""

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from enum import StrEnum


class Channel(StrEnum):
    EMAIL = "EMAIL"
    SMS = "SMS"
    PUSH = "PUSH"
    IN_APP = "IN_APP"
    """The bell. Always on: it rings nowhere and is where one reads again what one was told."""


class Group(StrEnum):
    """What a person decides about at once: messages that are alike."""

    ORDERS = "ORDERS"
    DELIVERIES = "DELIVERIES"
    MONEY = "MONEY"
    SECURITY = "SECURITY"
    NEWS = "NEWS"
    """Offers. Only with consent, which is `Preferences.newsletter`."""
    WORK = "WORK"
    """Of those who work here: drivers, dairies, the back office."""


CHOSEN_FROM = (Channel.EMAIL, Channel.SMS, Channel.PUSH)
"""Channels that can be switched on and off."""

DECIDED = (Group.ORDERS, Group.DELIVERIES, Group.MONEY)
"""Groups that a household decides about, in the order of their rows."""

MUST_REACH = frozenset({Group.MONEY, Group.SECURITY})
"""At least one of the channels that come to the person; the bell waits to be looked at, so it does not count."""

REACHING = (Channel.EMAIL, Channel.SMS)

_USUAL: Mapping[Group, frozenset[Channel]] = {
    Group.ORDERS: frozenset({Channel.EMAIL, Channel.PUSH}),
    Group.DELIVERIES: frozenset({Channel.EMAIL, Channel.PUSH}),
    Group.MONEY: frozenset({Channel.EMAIL, Channel.PUSH}),
    Group.SECURITY: frozenset({Channel.EMAIL}),
    Group.NEWS: frozenset({Channel.EMAIL}),
    Group.WORK: frozenset({Channel.EMAIL, Channel.PUSH}),
}

QUIET_FROM = time(22)
QUIET_UNTIL = time(6)
"""While a person has not chosen: milk comes while most still sleep."""


def channels_for(group: Group, chosen: Mapping[str, Iterable[str]]) -> frozenset[Channel]:
    """Where messages of a group go, of what the person chose per group. Unknown words count for nothing."""
    if group not in chosen or group not in DECIDED:
        wanted = _USUAL[group]
    else:
        wanted = frozenset(Channel(word) for word in chosen[group] if word in CHOSEN_FROM)
    if group in MUST_REACH and not wanted & set(REACHING):
        wanted |= {Channel.EMAIL}
    return wanted | {Channel.IN_APP}


def quiet_ends_at(local: datetime, quiet_from: time | None, quiet_until: time | None) -> datetime | None:
    """When the quiet hours end in which `local` lies; None outside of them.

    Both None are the usual hours; equal times are no quiet hours at all; from later than until goes over midnight.
    """
    start = QUIET_FROM if quiet_from is None else quiet_from
    end = QUIET_UNTIL if quiet_until is None else quiet_until
    if start == end:
        return None
    now = local.time()
    is_quiet = start <= now < end if start < end else now >= start or now < end
    if not is_quiet:
        return None
    day = local.date() if now < end else local.date() + timedelta(days=1)
    return datetime.combine(day, end, tzinfo=local.tzinfo)
