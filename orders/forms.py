"""Forms of an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from milkdelivery.core.errors import DomainError
from milkdelivery.core.photos import KeptPhoto
from milkdelivery.core.pictures import ACCEPTED, BadPicture
from orders.actions import ClaimDraft
from orders.models import ClaimLine
from orders.photos import keep_photo
from orders.rules.claims import Claimed, Left, too_many_words
from orders.tokens import kept_token, read_kept

REASONS = (
    ("not_home", _("Nobody will be home")),
    ("mistake", _("I ordered by mistake")),
    ("other_day", _("I need it on another day")),
    ("other", _("Something else")),
)

WAY_WORDS = {
    "WALLET": _("Into my wallet: at once, for the next order"),
    "SOURCE": _("Back to where I paid from: that takes the bank some days"),
}


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


PIECES, REASON = "pieces_", "reason_"


def claim_key(order_id: int, key: str) -> str:
    """What makes two taps on one form one claim; `key` is the form's own, as it was sent."""
    return f"page-{order_id}-{key[:36]}"


class ClaimForm(forms.Form):
    """What was wrong with delivered goods. `left` are the lines of which something can be claimed, `ways` where the
    money can go.

    A photo that could be read is stored when the form is checked, and named in it (`kept`) where something else is to
    be mended: nobody takes it twice. Slow: not inside a transaction.
    """

    words = forms.CharField(
        label=_("What happened?"),
        required=False,
        max_length=500,
        help_text=_("A few words help us to put it right."),
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 500}),
    )
    photo = forms.FileField(
        label=_("Photo"),
        required=False,
        allow_empty_file=True,
        help_text=_(
            "Of the pack and its date. With a photo most claims are settled at once. JPEG, PNG or WebP, 10 MB."
        ),
        widget=forms.FileInput(attrs={"accept": ACCEPTED, "capture": "environment"}),
    )
    destination = forms.ChoiceField(label=_("Where should the money go?"), widget=forms.RadioSelect)
    kept = forms.CharField(required=False, max_length=400, widget=forms.HiddenInput)
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self, data: Any = None, files: Any = None, *, order_id: int, left: Sequence[Left], ways: Sequence[str]
    ) -> None:
        super().__init__(data, files, use_required_attribute=False, label_suffix="")
        self.order_id = order_id
        self.left = [line for line in left if line.quantity]
        self.claimed = [line for line in left if not line.quantity]
        self.kept_photo: KeptPhoto | None = None
        self.fields["key"].initial = uuid4
        self.fields["destination"].choices = [(way, WAY_WORDS[way]) for way in ways]  # type: ignore[attr-defined]
        self.fields["destination"].initial = next(iter(ways), "")
        for line in self.left:
            numbers = [(count, str(count)) for count in range(line.quantity + 1)]
            self.fields[f"{PIECES}{line.line_id}"] = forms.TypedChoiceField(
                label=_("Pieces"),
                choices=numbers,
                coerce=int,
                empty_value=None,
                required=False,
                initial=0,
                error_messages={"invalid_choice": too_many_words(line)},
            )
            self.fields[f"{REASON}{line.line_id}"] = forms.ChoiceField(
                label=_("What was wrong?"), choices=[("", _("Choose …")), *ClaimLine.Reason.choices], required=False
            )

    @property
    def rows(self) -> list[tuple[Left, Any, Any]]:
        """Each line with its two fields."""
        return [(line, self[f"{PIECES}{line.line_id}"], self[f"{REASON}{line.line_id}"]) for line in self.left]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        self._clean_photo(data)
        self._clean_pieces()
        chosen = [line for line in self.left if data.get(f"{PIECES}{line.line_id}")]
        for line in chosen:
            name = f"{REASON}{line.line_id}"
            if not data.get(name) and name not in self.errors:
                self.add_error(name, _("Say what was wrong with it."))
        if not chosen and not self.errors.keys() - {"photo", "words", "destination"}:
            self.add_error(None, _("Choose how many pieces of what were not right."))
        return data

    def _clean_pieces(self) -> None:
        """Another tab may have claimed some of it meanwhile: what is still left is chosen then, and said."""
        for line in self.claimed:
            if self.data.get(f"{PIECES}{line.line_id}") not in (None, "", "0"):
                self.add_error(None, too_many_words(line))
        for line in self.left:
            name = f"{PIECES}{line.line_id}"
            if name in self.errors:
                self.data = {**{each: self.data.get(each) for each in self.data}, name: str(line.quantity)}

    def _clean_photo(self, data: dict[str, Any]) -> None:
        upload = data.get("photo")
        if upload is None:
            self.kept_photo = read_kept(data.get("kept", ""), self.order_id)
            return
        try:
            self.kept_photo = keep_photo(upload, size=upload.size)
        except BadPicture as refusal:
            self.add_error("photo", str(refusal.message))
        else:
            token = kept_token(self.kept_photo, self.order_id)
            self.data = {**{name: self.data.get(name) for name in self.data}, "kept": token}

    def draft(self) -> ClaimDraft:
        """Of a valid form."""
        data = self.cleaned_data
        pieces = [(line.line_id, data[f"{PIECES}{line.line_id}"]) for line in self.left]
        return ClaimDraft(
            key=claim_key(self.order_id, str(data["key"])),
            lines=[Claimed(line_id, count, data[f"{REASON}{line_id}"]) for line_id, count in pieces if count],
            words=data["words"],
            photo=self.kept_photo,
            destination=data["destination"],
        )

    def add_refusal(self, refusal: DomainError) -> None:
        self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal.message))
