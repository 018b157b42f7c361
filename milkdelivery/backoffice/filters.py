"""Filters of list pages, written short: `list_filter = (choices("status"), dates("placed_at"))`."""

from __future__ import annotations

from typing import Any

from unfold.contrib.filters.admin import (
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    RangeDateFilter,
    RangeDateTimeFilter,
    RelatedDropdownFilter,
)


def choices(field: str) -> tuple[str, Any]:
    return field, ChoicesDropdownFilter


def related(field: str) -> tuple[str, Any]:
    """Of a record with few rows: each is an entry of the list."""
    return field, RelatedDropdownFilter


def flag(field: str) -> tuple[str, Any]:
    return field, BooleanRadioFilter


def days(field: str) -> tuple[str, Any]:
    """A date from … to, both included."""
    return field, RangeDateFilter


def instants(field: str) -> tuple[str, Any]:
    return field, RangeDateTimeFilter
