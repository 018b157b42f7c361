"""What the back office and the dairies' portal ask alike before stock changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.actions import BatchFacts
from inventory.models import DailySupply
from inventory.rules import COLDEST, WARMEST

MOST_A_DAY = 1_000_000


class BatchRules(forms.Form):
    """The rules of a batch that comes in, for forms with `batch_code`, `produced_on`, `expires_on` and READINGS.

    Without a code goods are in the batch of the day. Where nobody says until when it is good, the shelf life does.
    """

    READINGS = ("fat_percent", "snf_percent", "temperature")

    def __init__(self, *args: Any, shelf_life_days: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shelf_life = timedelta(days=shelf_life_days)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        code, produced = cleaned.get("batch_code"), cleaned.get("produced_on")
        if code and not produced and "produced_on" not in self.errors:
            self.add_error("produced_on", _("Say when batch %(code)s was produced.") % {"code": code})
        if not code and (produced or cleaned.get("expires_on")) and "batch_code" not in self.errors:
            self.add_error("batch_code", _("Days belong to a batch: give it a code."))
        if (
            not code
            and any(cleaned.get(name) is not None for name in self.READINGS)
            and not self.has_error("batch_code")
        ):
            self.add_error("batch_code", _("What was measured belongs to a batch: give it a code."))
        if produced and not cleaned.get("expires_on") and "expires_on" not in self.errors:
            # The action refuses a day to come, however far.
            cleaned["expires_on"] = min(produced, date.max - self.shelf_life) + self.shelf_life
        return cleaned


def facts_of(answer: dict[str, Any]) -> BatchFacts | None:
    """The batch that a form with BatchRules describes; None without a code."""
    if not answer["batch_code"]:
        return None
    return BatchFacts(
        code=answer["batch_code"],
        produced_on=answer["produced_on"],
        expires_on=answer["expires_on"],
        fat_percent=answer["fat_percent"],
        snf_percent=answer["snf_percent"],
        temperature=answer["temperature"],
    )


def percent_field(label: Any, widget: forms.Widget, **terms: Any) -> forms.DecimalField:
    """Fat or solids of a batch. Empty: not measured."""
    return forms.DecimalField(
        label=label, required=False, min_value=0, max_value=99, decimal_places=2, widget=widget, **terms
    )


def temperature_field(widget: forms.Widget) -> forms.DecimalField:
    """Of a batch when it came in, in degrees Celsius. Empty: not measured."""
    return forms.DecimalField(
        label=gettext_lazy("Temperature, °C"),
        required=False,
        min_value=COLDEST,
        max_value=WARMEST,
        decimal_places=1,
        widget=widget,
    )


class SupplyDaysForm(forms.Form):
    """What a dairy can bring on each of the coming days; an empty field says nothing of its day.

    Beside each day stands what the page showed when it was opened: a day that was not touched stays as it is now,
    and one that somebody else changed meanwhile is told.
    """

    number: type[forms.Widget] = forms.NumberInput

    def __init__(self, *args: Any, days: Sequence[date], supplies: dict[date, DailySupply], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.days = days
        for day in days:
            supply = supplies.get(day)
            field = forms.IntegerField(
                label=date_format(day, "l, j F"),
                required=False,
                min_value=0,
                max_value=MOST_A_DAY,
                widget=self.number(attrs={"inputmode": "numeric"}),
            )
            if supply is not None:
                field.initial = supply.quantity
                field.disabled = supply.received_at is not None
                field.help_text = _("received") if field.disabled else ""
                if supply.promised:
                    field.help_text = _("%(count)d promised to orders") % {"count": supply.promised}
            self.fields[day_name(day)] = field
            self.fields[seen_name(day)] = forms.IntegerField(
                required=False, initial=field.initial, widget=forms.HiddenInput()
            )

    def clean(self) -> dict[str, Any]:
        """A day that was not sent at all stays as it is: only an empty field takes its number away."""
        values: dict[str, Any] = super().clean() or {}
        for day in self.days:
            name, seen = day_name(day), seen_name(day)
            now = self.fields[name].initial
            if self.add_prefix(name) not in self.data:
                values[name] = now
            elif self.add_prefix(seen) in self.data and seen in values and name in values and values[seen] != now:
                self._changed_meanwhile(name, seen, values, now)
        return values

    def _changed_meanwhile(self, name: str, seen: str, values: dict[str, Any], now: int | None) -> None:
        typed, shown = values[name], values[seen]
        given: Any = self.data
        self.data = sent = given.copy()
        sent[self.add_prefix(seen)] = "" if now is None else str(now)
        if typed in (shown, now):
            values[name] = now
            sent[self.add_prefix(name)] = "" if now is None else str(now)
        elif now is None:
            self.add_error(name, _("Somebody else emptied this day meanwhile. Look again, then save."))
        else:
            text = _("Somebody else changed this day meanwhile: it says %(count)d now. Look again, then save.")
            self.add_error(name, text % {"count": now})


def day_name(day: date) -> str:
    return f"on_{day.isoformat()}"


def seen_name(day: date) -> str:
    return f"seen_{day.isoformat()}"
