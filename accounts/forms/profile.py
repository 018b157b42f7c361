"""Profile, addresses and preferences."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import NameField
from accounts.models import Address, Preferences
from accounts.rules import NEEDED
from milkdelivery.core.queries import normal_pincode, region_book


class ProfileForm(forms.Form):
    name = NameField()


class AddressForm(forms.ModelForm):
    """A door. Asks the person's name too, as long as we don't know it."""

    class Meta:
        model = Address
        fields = [
            "label",
            "flat",
            "floor",
            "tower",
            "society",
            "line1",
            "line2",
            "landmark",
            "pincode",
            "city",
            "state",
            "instructions",
            "is_default",
        ]
        labels = {
            "is_default": _("Deliver here unless I say otherwise"),
            "label": _("What do you call it?"),
            "flat": _("Flat or house"),
        }
        widgets = {
            "line1": forms.TextInput(attrs={"autocomplete": "address-line1"}),
            "line2": forms.TextInput(attrs={"autocomplete": "address-line2"}),
            "city": forms.TextInput(attrs={"autocomplete": "address-level2"}),
            "state": forms.TextInput(attrs={"autocomplete": "address-level1"}),
            "pincode": forms.TextInput(attrs={"autocomplete": "postal-code", "inputmode": "numeric"}),
        }

    def __init__(self, *args: Any, asks_name: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, message in NEEDED.items():
            self.fields[name].required = True
            self.fields[name].error_messages["required"] = str(message)
        if asks_name:
            self.fields["name"] = NameField()
            self.order_fields(["name", *self.Meta.fields])
        if self.instance.pk and self.instance.is_default:
            del self.fields["is_default"]  # another address takes its place, it does not resign

    def clean_pincode(self) -> str:
        return clean_pincode(self.cleaned_data["pincode"])

    def save(self, commit: bool = True) -> Address:
        """The address with what was typed. It is kept by an action, so `commit` must be False."""
        if commit:
            raise ValueError("addresses are kept by accounts.actions.save_address")
        address: Address = super().save(commit=False)
        address.country = country_of(address.pincode)
        return address


def clean_pincode(text: str) -> str:
    """In its stored form. Raises ValidationError where no region has such codes. Whether we deliver is not asked."""
    code = normal_pincode(text)
    if not region_book().looks_like_pincode(code):
        raise forms.ValidationError(
            _("That is not a pincode. In India it has six digits, such as 560038."), code="invalid_pincode"
        )
    return code


def country_of(pincode_code: str) -> str:
    book = region_book()
    region = book.region_of(pincode_code) or book.region(settings.HOME_REGION)
    return region.country if region else "IN"


class PreferencesForm(forms.ModelForm):
    class Meta:
        model = Preferences
        fields = ["slot", "payment_method", "language", "newsletter", "quiet_from", "quiet_until"]
        labels = {
            "slot": _("When should we come?"),
            "payment_method": _("How do you like to pay?"),
            "newsletter": _("Tell me about offers and new products"),
            "quiet_from": _("No messages from"),
            "quiet_until": _("Until"),
        }
        help_texts = {"quiet_until": _("Security and payment messages come at any time.")}
        widgets = {
            "slot": forms.RadioSelect,
            "language": forms.RadioSelect,
            "quiet_from": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "quiet_until": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES, widget=forms.RadioSelect)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("quiet_from")) != bool(data.get("quiet_until")) and not self.errors:
            self.add_error("quiet_until", _("Enter both times, or neither."))
        return data
