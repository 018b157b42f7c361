"""What a driver types: hardly anything."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from deliveries.models import Delivery
from deliveries.models.ratings import LONGEST_WORDS
from deliveries.photos import DOOR_PHOTOS, kept_token, read_kept
from deliveries.queries import Drop
from deliveries.rules.ratings import MOST_STARS
from milkdelivery.core.errors import DomainError
from milkdelivery.core.fields import MoneyFormField
from milkdelivery.core.money import Money
from milkdelivery.core.photos import KeptPhoto

MOST_EMPTIES = 500
_CAMERA = {"accept": "image/*", "capture": "environment", "required": True, "aria-required": "false"}
"""Of a photo's field. `required` is for the style sheet, which shows by it that one was taken: it asks for nothing."""


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
    """A delivery at the door. Where cash is owed, the sum is filled in already and need only be confirmed.

    A photo that could be read is stored when the form is checked, and named in it (`kept`) where something else is to
    be mended.
    """

    kept = forms.CharField(required=False, max_length=400, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, files: Any = None, *, stop: Drop) -> None:
        super().__init__(data, files)
        self.stop = stop
        self.kept_photo: KeptPhoto | None = None
        cash_due = stop.cash_due
        self.fields["photo"] = forms.FileField(
            label=_("Photo"),
            required=False,
            allow_empty_file=True,
            widget=forms.FileInput(attrs=_CAMERA),
        )
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

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        upload = data.get("photo")
        if upload:
            self._keep(upload)
        else:
            self.kept_photo = read_kept(data.get("kept", ""), self.stop.delivery.pk)
        if self.stop.needs_photo and self.kept_photo is None and not self.has_error("photo"):
            self.add_error("photo", _("Take a photo of what you leave at this door first."))
        return data

    def _keep(self, upload: Any) -> None:
        try:
            self.kept_photo = DOOR_PHOTOS.keep(upload, size=upload.size)
        except DomainError as refusal:
            self.add_error("photo", str(refusal.message))
        else:
            token = kept_token(self.kept_photo, self.stop.delivery.pk)
            self.data = {**{name: self.data.get(name) for name in self.data}, "kept": token}

    @property
    def empties(self) -> int:
        """Bottles that came back, after validation."""
        return int(self.cleaned_data.get("empties") or 0)

    @property
    def cash_collected(self) -> Money | None:
        """What was taken, after validation."""
        taken: Money | None = self.cleaned_data.get("cash_collected")
        return taken
