"""Days and hours as people say them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol

from django import template
from django.utils.formats import date_format, time_format
from django.utils.timezone import localtime
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

register = template.Library()


class Hours(Protocol):
    """A delivery slot."""

    starts_at: time
    ends_at: time

    @property
    def label(self) -> object: ...


@register.filter
def day_word(day: date, today: date | None) -> str:
    """today, tomorrow, or "Fri 16 Jan"."""
    if today is not None and day == today:
        return _("today")
    if today is not None and day == today + timedelta(days=1):
        return _("tomorrow")
    return _short_date(day, get_language())


@lru_cache(maxsize=512)
def _short_date(day: date, _language: str | None) -> str:
    """Fri 16 Jan, as the active language writes it."""
    return date_format(day, "D j M")


@register.filter
def local_day(instant: datetime) -> date:
    """The day of an instant in the zone of the page."""
    return localtime(instant).date()


@register.filter
def hour_word(moment: time | datetime) -> str:
    """5 am, 7:30 am; an instant is told in the zone of the page."""
    moment = _in_page_zone(moment)
    return _part_of_day(moment) % {"hours": _short(moment)}


@register.filter
def time_word(moment: time | datetime) -> str:
    """5:00 am; always with its minutes."""
    moment = _in_page_zone(moment)
    return _part_of_day(moment) % {"hours": time_format(moment, "g:i")}


@register.filter
def instant_word(instant: datetime) -> str:
    """Fri 16 Jan, 5:00 am."""
    return f"{_short_date(localtime(instant).date(), get_language())}, {time_word(instant)}"


@register.filter
def window(slot: Hours) -> str:
    """The hours of a slot: 5–7:30 am, 10 am–1 pm."""
    part = _part_of_day(slot.ends_at)
    if _part_of_day(slot.starts_at) != part:
        return f"{hour_word(slot.starts_at)}–{hour_word(slot.ends_at)}"
    return part % {"hours": f"{_short(slot.starts_at)}–{_short(slot.ends_at)}"}


@register.filter
def slot_window(slot: Hours) -> str:
    """A slot with its hours: Morning, 5–7:30 am. Hours that begin with its name (सुबह 5–7:30 बजे) are enough."""
    label, hours = str(slot.label), window(slot)
    return hours if hours.startswith(label) else f"{label}, {hours}"


def _in_page_zone(moment: time | datetime) -> time | datetime:
    return localtime(moment) if isinstance(moment, datetime) else moment


def _short(moment: time | datetime) -> str:
    return time_format(moment, "g:i" if moment.minute else "g")


def _part_of_day(moment: time | datetime) -> str:
    """Where the hours go. English tells two halves of a day; other languages tell more parts: each is a message."""
    if 4 <= moment.hour < 12:
        return pgettext("in the morning", "%(hours)s am")
    if 12 <= moment.hour < 16:
        return pgettext("in the afternoon", "%(hours)s pm")
    if 16 <= moment.hour < 20:
        return pgettext("in the evening", "%(hours)s pm")
    return (
        pgettext("late in the evening", "%(hours)s pm") if moment.hour >= 20 else pgettext("at night", "%(hours)s am")
    )
