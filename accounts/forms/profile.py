"""Profile, addresses and preferences."""

from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import NameField
from accounts.models import Address, Preferences, User
from accounts.rules import NEEDED
from accounts.rules.messages import (
    CHOSEN_FROM,
    DECIDED,
    MUST_REACH,
    QUIET_FROM,
    QUIET_UNTIL,
    REACHING,
    Channel,
    Group,
    channels_for,
)
from milkdelivery.core.queries import normal_pincode, region_book
from notifications.channels.push import is_available
from notifications.words import GROUP_NAMES, GROUP_NOTES


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


CHANNEL_NAMES = {Channel.EMAIL: _("E-mail"), Channel.SMS: _("Text message"), Channel.PUSH: _("Push")}


class ChannelsField(forms.MultipleChoiceField):
    """Where messages of a group go, of the channels that can be switched. `note` says what they are about."""

    def __init__(self, group: Group, channels: Collection[Channel]) -> None:
        super().__init__(
            choices=[(channel.value, CHANNEL_NAMES[channel]) for channel in channels],
            label=str(GROUP_NAMES[group]),
            help_text=str(GROUP_NOTES[group]),
            widget=forms.CheckboxSelectMultiple,
            required=False,
        )
        self.group = group


class PreferencesForm(forms.ModelForm):
    """What a person chose once. Channels count only where the form asked for them (`asks_channels`): a form without
    them switches nothing off. Those that the person can't be reached on are not asked and stay as they were.
    """

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
        widgets = {
            "slot": forms.RadioSelect,
            "language": forms.RadioSelect,
            "quiet_from": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "quiet_until": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES, widget=forms.RadioSelect)
    asks_channels = forms.BooleanField(required=False, initial=True, widget=forms.HiddenInput)

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._open = [channel for channel in CHOSEN_FROM if _reaches(person, channel)]
        for group in DECIDED:
            field = ChannelsField(group, self._open)
            field.initial = sorted(channels_for(group, self.instance.channels))
            self.fields[group.value.lower()] = field
        for name, usual in (("quiet_from", QUIET_FROM), ("quiet_until", QUIET_UNTIL)):
            if getattr(self.instance, name) is None:
                self.initial[name] = usual

    @property
    def groups(self) -> list[forms.BoundField]:
        return [self[group.value.lower()] for group in DECIDED]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in ("quiet_from", "quiet_until"):
            other = "quiet_until" if name == "quiet_from" else "quiet_from"
            if data.get(name) is None and data.get(other) is not None and name not in self.errors:
                self.add_error(name, _("Enter both times, or neither."))
        chosen = {group: data.pop(group.value.lower(), []) for group in DECIDED}
        if data.pop("asks_channels", False):
            data["channels"] = self._channels(chosen)
        return data

    def _channels(self, chosen: Mapping[Group, list[str]]) -> dict[str, list[str]]:
        channels: dict[str, Any] = dict(self.instance.channels)
        for group, wanted in chosen.items():
            kept = [word for word in channels.get(group.value, ()) if word not in self._open]
            if group in MUST_REACH and not set(wanted) & set(REACHING):
                self.add_error(group.value.lower(), _("Choose one that reaches you, by mail or by text message."))
            channels[group.value] = sorted({*wanted, *kept})
        return channels


def _reaches(person: User, channel: Channel) -> bool:
    """Whether the person has where to be reached on it."""
    if channel == Channel.EMAIL:
        return bool(person.mail_address)
    if channel == Channel.SMS:
        return bool(person.phone_number)
    return is_available()
