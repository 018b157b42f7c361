"""What a driver types: hardly anything."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from milkdelivery.core.fields import MoneyFormField
from milkdelivery.core.money import Money


class HandOverForm(forms.Form):
    """A delivery at the door. Where cash is owed, the sum is filled in already and need only be confirmed."""

    def __init__(self, data: Any = None, *, cash_due: Money | None) -> None:
        super().__init__(data)
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
    def cash_collected(self) -> Money | None:
        """What was taken, after validation."""
        taken: Money | None = self.cleaned_data.get("cash_collected")
        return taken
