"""E-mail addresses and phone numbers in the one form in which they are stored and compared."""

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat

from milkdelivery.core.text import has_unseen

LONGEST_EMAIL = 254
LONGEST_PHONE_INPUT = 40


class NotAPhone(ValueError):
    """What was typed is no phone number that could be called."""


def normal_email(text: str) -> str:
    """Without blanks around it, in lower case."""
    return text.strip().lower()


def looks_like_email(text: str) -> bool:
    if len(text) > LONGEST_EMAIL or has_unseen(text):  # Django's own check lets direction marks pass in a domain
        return False
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def e164(text: str, *, country: str) -> str:
    """A number as it is dialled in `country` ("98123 45678") or from abroad ("0091…", "+91…"), as +919812345678.

    Raises NotAPhone.
    """
    if len(text) > LONGEST_PHONE_INPUT:
        raise NotAPhone(text)
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException as problem:
        raise NotAPhone(text) from problem
    if number.extension or not phonenumbers.is_valid_number(number):
        raise NotAPhone(text)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
