"""Forms of the pages between a button and its action."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextInputWidget,
)

LONGEST_REASON = 200


class ConfirmForm(forms.Form):
    """Nothing to fill in: the button is the answer."""


class ReasonForm(forms.Form):
    """Why, in the words that the history will show."""

    reason = forms.CharField(
        label=_("Reason"), max_length=LONGEST_REASON, strip=True, widget=UnfoldAdminTextInputWidget()
    )


def quantity_field(*, least: int, label: Any, help_text: Any = "") -> forms.IntegerField:
    """A number of pieces."""
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=1_000_000,
        help_text=help_text,
        widget=UnfoldAdminIntegerFieldWidget(attrs={"inputmode": "numeric"}),
    )
