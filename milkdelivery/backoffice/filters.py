"""Filters of list pages, written short: `list_filter = (choices("status"), dates("placed_at"))`."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
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


class DaySpan(RangeDateFilter):
    """Instants from the beginning of one day to the end of another, both where the page is read."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        first, last = (_day(self.used_parameters.get(f"{self.parameter_name}_{end}")) for end in ("from", "to"))
        if first is not None:
            queryset = queryset.filter(**{f"{self.parameter_name}__gte": _beginning(first)})
        if last is not None and last < date.max:
            queryset = queryset.filter(**{f"{self.parameter_name}__lt": _beginning(last + timedelta(days=1))})
        return queryset


def day_span(field: str) -> tuple[str, Any]:
    """An instant on one of the days from … to, both included."""
    return field, DaySpan


def _day(text: Any) -> date | None:
    """None for what is no day; of a list of answers the last."""
    try:
        return date.fromisoformat(text[-1] if isinstance(text, list) else text or "")
    except ValueError:
        return None


def _beginning(day: date) -> datetime:
    return datetime.combine(day, time(0), tzinfo=timezone.get_current_timezone())
