"""What is asked before stock changes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from inventory.forms import BatchRules, SupplyDaysForm, percent_field, temperature_field
from inventory.models import Batch, Stock
from milkdelivery.backoffice.days import day_field
from milkdelivery.backoffice.forms import LONGEST_REASON, ReasonForm, quantity_field
from milkdelivery.core import clock


class BatchFields(BatchRules):
    """What is known of goods that come in. Without a code they are in the batch of the day."""

    batch_code = forms.CharField(
        label=gettext_lazy("Batch code"),
        required=False,
        max_length=40,
        help_text=gettext_lazy(
            "As on the crate. Without one they count as produced today, good for the pack's shelf life."
        ),
        widget=UnfoldAdminTextInputWidget(),
    )
    produced_on = day_field(label=gettext_lazy("Produced on"), required=False)
    expires_on = day_field(
        label=gettext_lazy("Good until"),
        required=False,
        help_text=gettext_lazy("The last day it may be delivered. Left empty: by the pack's shelf life."),
    )
    fat_percent = percent_field(gettext_lazy("Fat, %"), UnfoldAdminDecimalFieldWidget())
    snf_percent = percent_field(gettext_lazy("SNF, %"), UnfoldAdminDecimalFieldWidget())
    temperature = temperature_field(UnfoldAdminDecimalFieldWidget())

    def __init__(self, *args: Any, stock: Stock, **kwargs: Any) -> None:
        super().__init__(*args, shelf_life_days=stock.variant.shelf_life_days, **kwargs)


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
    """A change of one batch, or of the shelf: more is in the batch of the day, what expires first goes first."""

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
        field: Any = self.fields["batch"]
        year = clock.today(stock.vendor.region).year
        named = ((batch.pk, batch_name(batch, year=year)) for batch in batches)
        field.choices = [("", self.of_none(stock)), *named]

    def of_none(self, stock: Stock) -> str:
        """What is changed where no batch is chosen."""
        return _("What expires first (%(count)d in all)") % {"count": stock.on_hand}


def batch_name(batch: Batch, *, year: int) -> str:
    """As staff choose it from a list, with the year where it is not this one."""
    return _("%(code)s: %(count)d, good until %(day)s") % {
        "code": batch.code,
        "count": batch.remaining,
        "day": date_format(batch.expires_on, "j M" if batch.expires_on.year == year else "j M Y"),
    }


class AdjustForm(_OfBatchForm):
    field_order = ("quantity", "batch", "reason")
    quantity = quantity_field(
        least=-1_000_000,
        label=pgettext_lazy("of a number", "Change"),
        help_text=gettext_lazy("Below zero takes away: -3"),
    )

    def of_none(self, stock: Stock) -> str:
        return _("Add to today's batch, take away what expires first")


class _AsItIs(forms.HiddenInput):
    """Says what is true as the page is drawn, also where it is drawn again with what was typed."""

    now: int

    def format_value(self, value: Any) -> str:
        return str(self.now)


class CountForm(_OfBatchForm):
    field_order = ("quantity", "batch", "reason")
    quantity = quantity_field(least=0, label=gettext_lazy("Pieces counted on the shelf"))
    seen = forms.IntegerField(required=False, widget=_AsItIs)
    """How many there were on the shelf when the page was shown."""

    def __init__(self, *args: Any, stock: Stock, **kwargs: Any) -> None:
        super().__init__(*args, stock=stock, **kwargs)
        widget: Any = self.fields["seen"].widget
        widget.now = stock.on_hand

    def of_none(self, stock: Stock) -> str:
        return _("The whole shelf (%(count)d)") % {"count": stock.on_hand}


class SpoilForm(_OfBatchForm):
    field_order = ("quantity", "batch", "reason")
    quantity = quantity_field(least=1, label=gettext_lazy("Pieces to throw away"))


class ThresholdForm(forms.Form):
    threshold = quantity_field(
        least=0, label=gettext_lazy("Low below"), help_text=gettext_lazy("Free pieces; 0: never low")
    )


class SupplyForm(forms.Form):
    quantity = quantity_field(least=0, label=gettext_lazy("Pieces that the dairy can bring"))


class DaysForm(SupplyDaysForm):
    number = UnfoldAdminIntegerFieldWidget
