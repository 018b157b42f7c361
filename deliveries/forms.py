"""What a driver types: hardly anything."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from deliveries.models import Delivery
from deliveries.models.ratings import LONGEST_WORDS
from deliveries.rules.ratings import MOST_STARS
from milkdelivery.core.fields import MoneyFormField
from milkdelivery.core.money import Money

MOST_EMPTIES = 500


class FailureForm(forms.Form):
    """Why it could not be handed over."""

    reason = forms.ChoiceField(
        choices=Delivery.FailureReason.choices, error_messages={"required": _("Choose a reason.")}
    )
    note = forms.CharField(label=_("Note for the hub"), max_length=200, required=False)
    sure = forms.BooleanField(required=False, help_text=_("Asked where the reason ends the order"))

    @property
    def reason_words(self) -> str:
        """The reason for people, after validation."""
        return str(Delivery.FailureReason(self.cleaned_data["reason"]).label)


class RatingForm(forms.Form):
    """One to five stars and perhaps a word."""

    stars = forms.TypedChoiceField(
        choices=[(number, str(number)) for number in range(1, MOST_STARS + 1)],
        coerce=int,
        error_messages={"required": _("Give one to five stars."), "invalid_choice": _("Give one to five stars.")},
    )
    words = forms.CharField(
        max_length=LONGEST_WORDS,
        required=False,
        error_messages={"max_length": _("At most %(limit_value)d letters.")},
    )


class HandOverForm(forms.Form):
    """A delivery at the door. Where cash is owed, the sum is filled in already and need only be confirmed."""

    def __init__(self, data: Any = None, *, cash_due: Money | None) -> None:
        super().__init__(data)
        self.fields["empties"] = forms.IntegerField(
            label=_("Empty bottles"),
            required=False,
            min_value=0,
            max_value=MOST_EMPTIES,
            widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        )
        if cash_due is not None:
            self.fields["cash_collected"] = MoneyFormField(
                label=_("Cash collected"),
                currency=cash_due.currency,
                initial=cash_due,
                min_value=0,
                localize=False,
                error_messages={
                    "required": _("Enter what you were given."),
                    "invalid": _("Enter an amount, like 236."),
                },
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            )

    @property
    def empties(self) -> int:
        """Bottles that came back, after validation."""
        return int(self.cleaned_data.get("empties") or 0)

    @property
    def cash_collected(self) -> Money | None:
        """What was taken, after validation."""
        taken: Money | None = self.cleaned_data.get("cash_collected")
        return taken
