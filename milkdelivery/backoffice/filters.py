"""Filters of list pages, written short: `list_filter = (choices("status"), dates("placed_at"))`."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
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


class Instants(RangeDateTimeFilter):
    """From an instant to an instant, both included, in the time that the page shows: the home region's.

    A day without a time means all of it. What is no date is left out of account.
    """

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = {}
        for end, lookup, whole_day in (("from", "gte", time.min), ("to", "lte", time.max)):
            instant = self._instant(end, whole_day)
            if instant is not None:
                wanted[f"{self.parameter_name}__{lookup}"] = instant
        return queryset.filter(**wanted)

    def _instant(self, end: str, whole_day: time) -> datetime | None:
        day_typed, time_typed = (
            str(self.used_parameters.get(f"{self.parameter_name}_{end}_{part}") or "") for part in (0, 1)
        )
        try:
            day = forms.DateField(localize=True).to_python(day_typed)
            clock_time = forms.TimeField(localize=True).to_python(time_typed) if time_typed else None
        except ValidationError:
            return None
        if day is None:
            return None
        naive = datetime.combine(day, whole_day if clock_time is None else clock_time)
        return timezone.make_aware(naive, timezone.get_current_timezone())


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
    return field, Instants


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
