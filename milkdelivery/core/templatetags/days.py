"""Days and hours as people say them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django import template
from django.utils.formats import date_format, time_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def day_word(day: date, today: date | None) -> str:
    """today, tomorrow, or "Fri 16 Jan"."""
    if today is not None and day == today:
        return _("today")
    if today is not None and day == today + timedelta(days=1):
        return _("tomorrow")
    return date_format(day, "D j M")


@register.filter
def local_day(instant: datetime) -> date:
    """The day of an instant in the zone of the page."""
    return localtime(instant).date()


@register.filter
def hour_word(moment: time | datetime) -> str:
    """5 am, 7:30 am; an instant is told in the zone of the page."""
    moment = localtime(moment) if isinstance(moment, datetime) else moment
    return time_format(moment, "g A" if moment.minute == 0 else "g:i A").lower()


@register.filter
def window(slot: object) -> str:
    """The hours of a slot: 5–7:30 am."""
    starts, ends = hour_word(slot.starts_at), hour_word(slot.ends_at)  # type: ignore[attr-defined]
    start_hour, _space, start_half = starts.rpartition(" ")
    return f"{start_hour if ends.endswith(start_half) else starts}–{ends}"
