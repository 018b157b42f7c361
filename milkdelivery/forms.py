"""Forms of the front page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from milkdelivery.core.models import Pincode
from milkdelivery.core.queries import RegionBook, normal_pincode


class PincodeForm(forms.Form):
    """Where to deliver. `cleaned_data["pincode"]` is a `Pincode` that is served."""

    pincode = forms.CharField(
        label=_("Pincode"),
        max_length=12,
        error_messages={"required": _("Enter your pincode."), "max_length": _("A pincode has six digits.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "postal-code", "placeholder": "560034"}),
    )

    def __init__(self, *args: Any, book: RegionBook, **kwargs: Any) -> None:
        self.book = book
        super().__init__(*args, **{"use_required_attribute": False, **kwargs})

    def clean_pincode(self) -> Pincode:
        code = normal_pincode(self.cleaned_data["pincode"])
        if not self.book.looks_like_pincode(code):
            raise forms.ValidationError(_("A pincode has six digits, such as 560034."), code="malformed")
        pincode = self.book.pincode(code)
        if pincode is None or not pincode.is_served:
            raise forms.ValidationError(
                _("We don't deliver to %(code)s yet."), code="not_served", params={"code": code}
            )
        return pincode
