"""Pages of a list without counting it: one row more than fits tells whether there is a next page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

LAST_PAGE = 500
"""Nobody turns that many pages; a large OFFSET only costs."""

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """What `components/pagination.html` needs of a page."""

    rows: Sequence[Row]
    number: int
    has_next: bool

    @property
    def has_previous(self) -> bool:
        return self.number > 1

    @property
    def has_other_pages(self) -> bool:
        return self.has_next or self.has_previous

    @property
    def next_page_number(self) -> int:
        return self.number + 1

    @property
    def previous_page_number(self) -> int:
        return self.number - 1


def page_of(rows: QuerySet[Row], *, number: int, size: int) -> Page[Row]:
    start = (number - 1) * size
    found = list(rows[start : start + size + 1])
    return Page(rows=found[:size], number=number, has_next=len(found) > size and number < LAST_PAGE)


def page_number(text: str | None) -> int:
    """The page that was asked for; the first where that makes no sense."""
    if text and text.isascii() and text.isdecimal() and len(text) < 5:
        return max(1, min(int(text), LAST_PAGE))
    return 1
