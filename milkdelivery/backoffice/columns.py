"""Columns that many lists share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from unfold.decorators import display


def when(field: str, description: Any) -> Callable[[Any], str | None]:
    """An instant in the home region's time, short enough for a column."""

    @display(description=description, ordering=field)
    def column(record: Any) -> str | None:
        instant = getattr(record, field)
        return date_format(timezone.localtime(instant), "j M Y, H:i") if instant else None

    column.__name__ = f"shown_{field}"
    return column
