"""Fields for names, phones, and "e-mail address or phone number" in one."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import queries
from accounts.rules import NotAPhone, looks_like_email, normal_email
from milkdelivery.core.text import seen

SHORTEST_NAME = 2
LONGEST_NAME = 120
LONGEST_CONTACT = 254
ASK_NAME = _("Please write your name, with at least two letters.")
NOT_A_PHONE = _("That is not a phone number we can call. With a number from abroad, begin with + and the country code.")


class NameField(forms.CharField):
    """A person's name, in any script, as they write it themselves."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Your name"))
        kwargs.setdefault("min_length", SHORTEST_NAME)
        kwargs.setdefault("error_messages", {"required": ASK_NAME, "min_length": ASK_NAME})
        kwargs.setdefault("max_length", LONGEST_NAME)
        kwargs.setdefault("widget", forms.TextInput(attrs={"autocomplete": "name", "autocapitalize": "words"}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        """Blanks and line ends inside become single blanks; marks that nobody sees go."""
        return " ".join(seen(super().to_python(value) or "").split())


class PhoneField(forms.CharField):
    """A phone number as people dial it here, cleaned to E.164."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Phone number"))
        kwargs.setdefault("widget", forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"}))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if not text:
            return ""
        try:
            return queries.dialled(text)
        except NotAPhone:
            raise forms.ValidationError(NOT_A_PHONE, code="invalid_phone") from None


@dataclass(frozen=True, slots=True)
class Contact:
    """One of the two is set."""

    email: str = ""
    phone: str = ""

    def __bool__(self) -> bool:
        return bool(self.email or self.phone)

    def __str__(self) -> str:
        return self.email or self.phone


class ContactField(forms.CharField):
    """An e-mail address or a phone number, cleaned to a `Contact`."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("E-mail address or phone number"))
        kwargs.setdefault("max_length", LONGEST_CONTACT)
        kwargs.setdefault("error_messages", {"required": _("Enter an e-mail address or a phone number.")})
        attrs = {"inputmode": "email", "autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        kwargs.setdefault("widget", forms.TextInput(attrs=attrs))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        text: str = super().clean(value)
        return contact_of(text) if text else Contact()


def contact_of(text: str) -> Contact:
    """What was typed, in its stored form. Raises ValidationError."""
    text = text.strip()
    if "@" in text:
        email = normal_email(text)
        if not looks_like_email(email):
            raise forms.ValidationError(
                _("That e-mail address is not complete. It should look like asha@example.com."), code="invalid_email"
            )
        return Contact(email=email)
    try:
        return Contact(phone=queries.dialled(text))
    except NotAPhone:
        raise forms.ValidationError(
            _("Enter an e-mail address such as asha@example.com, or a phone number such as 98123 45678."),
            code="invalid_contact",
        ) from None
