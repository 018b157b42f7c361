"""Forms of an order."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

REASONS = (
    ("not_home", _("Nobody will be home")),
    ("mistake", _("I ordered by mistake")),
    ("other_day", _("I need it on another day")),
    ("other", _("Something else")),
)


class CancelForm(forms.Form):
    """Why an order is cancelled. `reason()` is what is kept."""

    why = forms.ChoiceField(
        label=_("Why?"),
        choices=REASONS,
        widget=forms.RadioSelect,
        error_messages={"required": _("Tell us why, so that we learn from it.")},
    )
    note = forms.CharField(
        label=_("Anything you want to tell us"),
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 200}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"use_required_attribute": False, "label_suffix": "", **kwargs})

    def reason(self) -> str:
        """The choice and the note, in one line."""
        return ": ".join(part for part in (self.cleaned_data["why"], self.cleaned_data["note"]) if part)
