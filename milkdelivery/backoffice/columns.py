"""Columns that many lists share."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from unfold.decorators import display


def when(field: str, description: Any, *, region: str = "") -> Callable[[Any], str | None]:
    """An instant, short enough for a column: in the home region's time, or in that of the record's own region.

    `region` is the dotted way from the record to its region ("order.region"), which the list should select along. Where
    its clock differs from home's, the zone stands behind the time. A record that has none is told in home's.
    """
    way = region.split(".") if region else []

    @display(description=description, ordering=field)
    def column(record: Any) -> str | None:
        instant = getattr(record, field)
        if instant is None:
            return None
        home = timezone.localtime(instant)
        own = reduce(lambda found, name: getattr(found, name, None), way, record) if way else None
        there = timezone.localtime(instant, ZoneInfo(own.time_zone)) if own is not None else home
        is_away = there.utcoffset() != home.utcoffset()
        return date_format(there, "j M Y, H:i") + (f" {there.tzname()}" if is_away else "")

    column.__name__ = f"shown_{field}"
    return column
