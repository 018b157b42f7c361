"""The edition of the shop: a word that is another one whenever what the shop shows to everybody was changed.

What is kept of pages and words belongs to an edition, so a new price or a product taken off sale shows at once in every
process. Stock is no part of it: it changes with every order, and what is told of it may be as old as a kept page.
"""

from __future__ import annotations

import secrets
from time import monotonic

from django.core.cache import caches

LOOK_EVERY = 1.0
"""Seconds that a process takes the edition it saw for the current one."""

_KEY = "shop.edition"
_FIRST = "first"


class _Seen:
    """What this process saw last, and when."""

    def __init__(self) -> None:
        self.kept: tuple[float, str] | None = None


_seen = _Seen()


def edition() -> str:
    """The current edition, at most `LOOK_EVERY` seconds old. One query where the cache lives in the database."""
    kept = _seen.kept
    if kept is None or monotonic() - kept[0] > LOOK_EVERY:
        kept = _seen.kept = (monotonic(), caches["default"].get(_KEY) or _FIRST)
    return kept[1]


def new_edition() -> None:
    """What the shop shows has changed: everybody looks anew."""
    caches["default"].set(_KEY, secrets.token_hex(8), timeout=None)
    forget_edition()


def forget_edition() -> None:
    """Look anew at the next question."""
    _seen.kept = None
