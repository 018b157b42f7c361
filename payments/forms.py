"""Where a household says how it pays. What is typed here goes to the gateway and is kept nowhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from milkdelivery.core import clock
from milkdelivery.core.errors import DomainError
from payments.gateways import gateway_for, usable_methods
from payments.gateways.demo.scenarios import BANKS
from payments.models import Payment, SavedMethod
from payments.rules.cards import digits_of, good_until, is_number, is_plausible

SAVED = "saved:"
CARD, UPI, NETBANKING = Payment.Method.CARD, Payment.Method.UPI, Payment.Method.NETBANKING
_UPI_ID = re.compile(r"[a-z0-9._-]{2,60}@[a-z][a-z0-9]{1,30}")
_EXPIRY = re.compile(r"\s*(\d{1,2})\s*[/ .-]?\s*(\d{4}|\d{2})\s*")


class PayForm(forms.Form):
    """How to pay, and what that needs. Keeps what was typed, but for the security code.

    `saved` are the person's saved ways to pay; `attempt` is the number of the attempt that the page is about.
    """

    how = forms.ChoiceField(
        label=_("How to pay"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose how to pay."),
            "invalid_choice": _("This way to pay is not there any more. Choose another."),
        },
    )
    number = forms.CharField(
        label=_("Card number"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "cc-number"}),
    )
    expires = forms.CharField(
        label=pgettext_lazy("of a card", "Good until"),
        required=False,
        max_length=9,
        help_text=_("Month and year, such as 09/28"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "cc-exp", "placeholder": "MM/YY"}),
    )
    cvc = forms.CharField(
        label=_("Security code"),
        required=False,
        max_length=4,
        widget=forms.PasswordInput(
            render_value=False, attrs={"inputmode": "numeric", "autocomplete": "cc-csc", "data-plain": ""}
        ),
    )
    upi = forms.CharField(
        label=_("UPI id"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off", "autocapitalize": "none"}),
    )
    bank = forms.ChoiceField(label=_("Your bank"), required=False)
    saves = forms.BooleanField(label=_("Keep this card for next time"), required=False)
    attempt = forms.IntegerField(min_value=1, max_value=1000, widget=forms.HiddenInput, required=False)
    instead_of = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, saved: Sequence[SavedMethod], is_guest: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **{"use_required_attribute": False, "label_suffix": "", **kwargs})
        self.saved = [kept for kept in saved if gateway_for(kept.method)]
        labels = dict(Payment.Method.choices)
        self.fields["how"].choices = [  # type: ignore[attr-defined]
            *((f"{SAVED}{kept.pk}", str(kept)) for kept in self.saved),
            *((method, labels[method]) for method in usable_methods(has_account=not is_guest)),
        ]
        self.fields["bank"].choices = [("", _("Choose …")), *((name, bank.bank) for name, bank in BANKS.items())]  # type: ignore[attr-defined]
        if is_guest:
            del self.fields["saves"]

    @property
    def chosen_how(self) -> str:
        return str(self["how"].value() or "")

    @property
    def saved_id(self) -> int | None:
        """The saved way to pay that a valid form chose."""
        how: str = self.cleaned_data["how"]
        return int(how.removeprefix(SAVED)) if how.startswith(SAVED) else None

    @property
    def method(self) -> str:
        return self.method_of(self.cleaned_data["how"])

    def method_of(self, how: str) -> str:
        """The code of the way to pay that a choice stands for, a saved one or a new one."""
        return next((kept.method for kept in self.saved if f"{SAVED}{kept.pk}" == how), how)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        checks = {CARD: self._clean_card, UPI: self._clean_upi, NETBANKING: self._clean_bank}
        check = checks.get(data.get("how", ""))
        if check is not None:
            check(data)
        return data

    def _clean_card(self, data: dict[str, Any]) -> None:
        if not self.has_error("number") and not is_number(digits_of(data.get("number", ""))):
            missing = not data.get("number")
            self.add_error("number", str(_("Enter the card number.") if missing else _("This is no card number.")))
        until = expiry_of(data.get("expires", ""))
        if until is None or not is_plausible(until, clock.now().date()):
            self.add_error("expires", str(_("Enter month and year, such as 09/28.")))
        elif until < clock.now().date():
            self.add_error("expires", str(_("This card has expired. Use another one.")))
        data["cvc"] = digits_of(data.get("cvc", ""))
        if not re.fullmatch(r"[0-9]{3,4}", data["cvc"]):
            self.add_error("cvc", str(_("Enter the three or four digits.")))

    def _clean_upi(self, data: dict[str, Any]) -> None:
        if not _UPI_ID.fullmatch(data.get("upi", "").strip().lower()):
            self.add_error("upi", str(_("Enter your UPI id, such as name@bank.")))

    def _clean_bank(self, data: dict[str, Any]) -> None:
        if not data.get("bank") and not self.has_error("bank"):
            self.add_error("bank", str(_("Choose your bank.")))

    def details(self) -> dict[str, str]:
        """What the gateway needs, of a valid form. Never to be kept or logged."""
        data = self.cleaned_data
        if data["how"] == CARD:
            until = expiry_of(data["expires"])
            assert until is not None  # noqa: S101 - for the type checker
            return {"number": digits_of(data["number"]), "expires_on": until.isoformat(), "cvc": data["cvc"]}
        if data["how"] == UPI:
            return {"upi": data["upi"].strip().lower()}
        return {"bank": data["bank"]} if data["how"] == NETBANKING else {}

    def add_refusal(self, refusal: DomainError) -> None:
        self.add_error("how" if refusal.field == "payment_method" else None, str(refusal.message))


def expiry_of(typed: str) -> date | None:
    """The last day of a card by what was typed of it."""
    found = _EXPIRY.fullmatch(digits_of(typed) if typed.strip().isdecimal() else typed)
    return good_until(int(found[1]), int(found[2])) if found else None
