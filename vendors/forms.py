"""Forms of the vendor portal."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import ContactField
from inventory.forms import BatchRules, percent_field, temperature_field
from milkdelivery.core.queries import RegionBook, is_served_now, normal_pincode
from orders.models import OrderLine, VendorAnswer


class GiveBackForm(forms.Form):
    """Why something can't be brought."""

    reason = forms.ChoiceField(
        label=_("Why?"),
        choices=VendorAnswer.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Tell us why: others may be able to bring it.")},
    )
    note = forms.CharField(
        label=_("Anything we should know"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"use_required_attribute": False, "label_suffix": "", **kwargs})


class GiveBackLineForm(GiveBackForm):
    """The same for one line, of which some may be brought."""

    field_order = ("available", "reason", "note")
    available = forms.IntegerField(
        label=_("How many can you bring?"),
        min_value=0,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={"required": _("Enter how many you can bring, 0 for none.")},
    )

    def __init__(self, *args: Any, line: OrderLine, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.line = line
        field: Any = self.fields["available"]
        field.widget.attrs["max"] = self.most
        field.help_text = _("0 to %(most)d. Other dairies are asked for the rest.") % {"most": self.most}

    @property
    def most(self) -> int:
        return self.line.quantity - 1

    def clean_available(self) -> int:
        available: int = self.cleaned_data["available"]
        is_said = available == self.line.quantity and self.line.status == OrderLine.Status.ACCEPTED
        if available > self.most and not is_said:
            raise forms.ValidationError(_("That is all of it: accept the order instead."))
        return available


class WaitlistForm(forms.Form):
    """Who wants to hear when we come to a pincode. `cleaned_data["contact"]` is an address or number, as stored."""

    pincode = forms.CharField(
        label=_("Pincode"),
        max_length=12,
        error_messages={"required": _("Enter your pincode.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "postal-code"}),
    )
    contact = ContactField(help_text=_("For this one message and nothing else."))

    def __init__(self, *args: Any, book: RegionBook, **kwargs: Any) -> None:
        self.book = book
        super().__init__(*args, **{"use_required_attribute": False, "label_suffix": "", **kwargs})

    def clean_pincode(self) -> str:
        code = normal_pincode(self.cleaned_data["pincode"])
        if not self.book.looks_like_pincode(code):
            raise forms.ValidationError(_("A pincode has six digits, such as 560034."), code="malformed")
        known = self.book.pincode(code)
        if known is not None and known.is_served and is_served_now(code):
            raise forms.ValidationError(_("We come to %(code)s already."), code="served", params={"code": code})
        return code

    def clean_contact(self) -> str:
        return str(self.cleaned_data["contact"])


class ShelfForm(forms.Form):
    """Pieces that came in or went, or what was counted."""

    MOST = 100_000

    variant = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    change = forms.IntegerField(
        label=_("How many"),
        required=False,
        min_value=-MOST,
        max_value=MOST,
        error_messages={"invalid": _("Enter a whole number.")},
    )
    counted = forms.IntegerField(
        label=_("Counted"),
        required=False,
        min_value=0,
        max_value=MOST,
        error_messages={"invalid": _("Enter a whole number."), "min_value": _("Enter 0 or more.")},
    )

    seen = forms.IntegerField(required=False, min_value=0)
    """How many there were when the page was shown."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not cleaned.get("change") and cleaned.get("counted") is None:
            self.add_error("counted", _("Enter how many there are."))
        return cleaned


class DayInput(forms.DateInput):
    """The browser's own calendar: works on a phone, and without JavaScript."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def _decimal() -> forms.NumberInput:
    return forms.NumberInput(attrs={"inputmode": "decimal"})


class GoodsForm(BatchRules):
    """A batch came in, or goods that go into that of the day."""

    MOST = 100_000

    quantity = forms.IntegerField(
        label=_("Pieces that came in"),
        min_value=1,
        max_value=MOST,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={"required": _("Enter how many pieces came in.")},
    )
    batch_code = forms.CharField(
        label=_("Batch code"),
        required=False,
        max_length=40,
        help_text=_("As on the crate. Without one they count as produced today, good for the pack's shelf life."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    produced_on = forms.DateField(label=_("Produced on"), required=False, widget=DayInput())
    expires_on = forms.DateField(
        label=_("Good until"),
        required=False,
        help_text=_("The last day it may be delivered. Left empty: by the pack's shelf life."),
        widget=DayInput(),
    )
    fat_percent = percent_field(_("Fat, %"), _decimal())
    snf_percent = percent_field(_("SNF, %"), _decimal(), help_text=_("Solids that are not fat"))
    temperature = temperature_field(_decimal())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"use_required_attribute": False, "label_suffix": "", **kwargs})

    @property
    def usual(self) -> list[forms.BoundField]:
        return [field for field in self if field.name not in self.READINGS]

    @property
    def measured(self) -> list[forms.BoundField]:
        """What few dairies write down: its fields stand apart."""
        return [self[name] for name in self.READINGS]

    @property
    def is_measured(self) -> bool:
        return any(field.data or field.errors for field in self.measured)


class SpoilableGoodsForm(GoodsForm):
    is_spoiled = forms.BooleanField(label=_("It came in spoiled: written down and thrown away at once"), required=False)


class SupplyInForm(GoodsForm):
    """The milk of a planned day came in; 0: nothing came."""

    quantity = forms.IntegerField(
        label=_("Pieces that came in"),
        min_value=0,
        max_value=GoodsForm.MOST,
        help_text=_("0 where nothing came: orders that were promised some are given to other dairies."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={"required": _("Enter how many pieces came in.")},
    )
