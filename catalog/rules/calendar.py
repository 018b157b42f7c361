"""The price list of one pack laid out on days."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import TypeVar

from milkdelivery.core.rules import Span

K = TypeVar("K")


def segments(spans: Mapping[K, Span], *, first: date, last: date | None = None) -> Iterator[tuple[Span, K | None]]:
    """The days from `first` to `last` (for good, without), cut where the price changes; None where no entry holds.

    The spans don't overlap.
    """
    day: date | None = first
    for span, key in sorted(((span, key) for key, span in spans.items()), key=lambda pair: pair[0].first):
        if day is None or (last is not None and span.first > last):
            break
        if (span.last or date.max) < day:
            continue
        if span.first > day:
            yield Span(day, span.first - timedelta(days=1)), None
            day = span.first
        end = _earlier(span.last, last)
        yield Span(day, end), key
        day = None if end is None else end + timedelta(days=1)
    if day is not None and (last is None or day <= last):
        yield Span(day, last), None


def _earlier(one: date | None, two: date | None) -> date | None:
    return min((day for day in (one, two) if day is not None), default=None)
