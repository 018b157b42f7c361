"""What is asked before stock changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from inventory.actions import BatchFacts
from inventory.models import Batch, DailySupply, Stock
from milkdelivery.backoffice.days import day_field
from milkdelivery.backoffice.forms import LONGEST_REASON, ReasonForm, quantity_field


class BatchFields(forms.Form):
    """What is known of goods that come in. Without a code they are in no batch, and never expire."""

    batch_code = forms.CharField(
        label=gettext_lazy("Batch code"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("As on the crate. Without one the goods count as never expiring."),
        widget=UnfoldAdminTextInputWidget(),
    )
    produced_on = day_field(label=gettext_lazy("Produced on"), required=False)
    expires_on = day_field(
        label=gettext_lazy("Good until"),
        required=False,
        help_text=gettext_lazy("The last day it may be delivered. Left empty: by the pack's shelf life."),
    )
    fat_percent = forms.DecimalField(
        label=gettext_lazy("Fat, %"),
        required=False,
        min_value=0,
        max_value=99,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget(),
    )
    snf_percent = forms.DecimalField(
        label=gettext_lazy("SNF, %"),
        required=False,
        min_value=0,
        max_value=99,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget(),
    )
    temperature = forms.DecimalField(
        label=gettext_lazy("Temperature, °C"),
        required=False,
        min_value=-40,
        max_value=99,
        decimal_places=1,
        widget=UnfoldAdminDecimalFieldWidget(),
    )

    def __init__(self, *args: Any, stock: Stock, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shelf_life = timedelta(days=stock.variant.shelf_life_days)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        code, produced = cleaned.get("batch_code"), cleaned.get("produced_on")
        if code and not produced and "produced_on" not in self.errors:
            self.add_error("produced_on", _("Say when batch %(code)s was produced.") % {"code": code})
        if not code and (produced or cleaned.get("expires_on")) and "batch_code" not in self.errors:
            self.add_error("batch_code", _("Days belong to a batch: give it a code."))
        if produced and not cleaned.get("expires_on") and "expires_on" not in self.errors:
            cleaned["expires_on"] = produced + self.shelf_life
        return cleaned


def facts_of(answer: dict[str, Any]) -> BatchFacts | None:
    """The batch that a form with BatchFields describes."""
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


class _ComeInForm(BatchFields):
    quantity = quantity_field(least=1, label=gettext_lazy("Pieces that came in"))
    reason = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=LONGEST_REASON,
        help_text=gettext_lazy("Delivery note, batch"),
        widget=ReasonForm.base_fields["reason"].widget,
    )
    field_order = ("quantity", "batch_code", "produced_on", "expires_on")


class ReceiveForm(_ComeInForm):
    is_spoiled = forms.BooleanField(
        label=gettext_lazy("It came in spoiled"),
        required=False,
        help_text=gettext_lazy("Written down as received and thrown away at once; nothing of it is sold."),
        widget=UnfoldBooleanWidget(),
    )


class SupplyInForm(_ComeInForm):
    """The milk of a planned day came in; nothing may have come at all. What came spoiled did not come."""

    quantity = quantity_field(least=0, label=gettext_lazy("Pieces that came in"))


class _OfBatchForm(ReasonForm):
    """A change of one batch, or of what is in none."""

    batch = forms.TypedChoiceField(
        label=gettext_lazy("Of which batch"),
        required=False,
        coerce=int,
        empty_value=None,
        widget=UnfoldAdminSelectWidget(),
    )

    def __init__(self, *args: Any, stock: Stock, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        batches = list(Batch.objects.there().filter(stock=stock))
        if not batches:
            del self.fields["batch"]
            return
        none = _("In no batch (%(count)d)") % {"count": stock.unbatched}
        field: Any = self.fields["batch"]
        field.choices = [("", none), *((batch.pk, batch_name(batch)) for batch in batches)]


def batch_name(batch: Batch) -> str:
    return _("%(code)s: %(count)d, good until %(day)s") % {
        "code": batch.code,
        "count": batch.remaining,
        "day": date_format(batch.expires_on, "j M"),
    }


class AdjustForm(_OfBatchForm):
    field_order = ("quantity", "batch", "reason")
    quantity = quantity_field(
        least=-1_000_000,
        label=pgettext_lazy("of a number", "Change"),
        help_text=gettext_lazy("Below zero takes away: -3"),
    )


class CountForm(_OfBatchForm):
    field_order = ("quantity", "batch", "reason")
    quantity = quantity_field(least=0, label=gettext_lazy("Pieces counted on the shelf"))

    def __init__(self, *args: Any, stock: Stock, **kwargs: Any) -> None:
        super().__init__(*args, stock=stock, **kwargs)
        if "batch" in self.fields:
            field: Any = self.fields["batch"]
            field.choices = [("", _("The whole shelf (%(count)d)") % {"count": stock.on_hand}), *field.choices[1:]]


class SpoilForm(_OfBatchForm):
    field_order = ("quantity", "batch", "reason")
    quantity = quantity_field(least=1, label=gettext_lazy("Pieces to throw away"))


class ThresholdForm(forms.Form):
    threshold = quantity_field(
        least=0, label=gettext_lazy("Low below"), help_text=gettext_lazy("Free pieces; 0: never low")
    )


class SupplyForm(forms.Form):
    quantity = quantity_field(least=0, label=gettext_lazy("Pieces that the dairy can bring"))


class DaysForm(forms.Form):
    """What a dairy can bring on each of the coming days; an empty field says nothing of its day."""

    def __init__(self, *args: Any, days: Sequence[date], supplies: dict[date, DailySupply], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for day in days:
            supply = supplies.get(day)
            field = quantity_field(least=0, label=date_format(day, "l, j F"))
            field.required = False
            if supply is not None:
                field.initial = supply.quantity
                field.disabled = supply.received_at is not None
                field.help_text = _("received") if field.disabled else ""
                if supply.promised:
                    field.help_text = _("%(count)d promised to orders") % {"count": supply.promised}
            self.fields[day_name(day)] = field

    def clean(self) -> dict[str, Any]:
        """A day that was not sent at all stays as it is: only an empty field takes its number away."""
        values: dict[str, Any] = super().clean() or {}
        unsent = {name: field.initial for name, field in self.fields.items() if self.add_prefix(name) not in self.data}
        return values | unsent


def day_name(day: date) -> str:
    return f"on_{day.isoformat()}"
