"""What the API says of an input that can't be right, in the product's own words.

REST framework's fields speak of keys, nulls and strings, and have no Hindi. Each class of field looks its words up in
a table of its own, so all of them are replaced here, once, and every serializer speaks alike.
"""

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, fields, relations, serializers, validators

MISSING = _("This is missing.")
EMPTY = _("This can't be empty.")
TAKEN = _("This is in use already. Choose another.")

_AT_LEAST, _AT_MOST = _("At least {min_value}."), _("At most {max_value}.")
_WHOLE, _NUMBER = _("Send a whole number."), _("Send a number.")
_TOO_LONG = _("This number is too long.")
_LIST, _OBJECT = _("Send a list."), _("Send an object with named values.")
_MOMENT = _("Send a day and a time, such as 2026-01-31T18:30:00+05:30.")
_DAY = _("Send a day, such as 2026-01-31.")
_RANGE = {"max_value": _AT_MOST, "min_value": _AT_LEAST, "max_string_length": _TOO_LONG}
_SEVERAL = {
    "not_a_list": _LIST,
    "empty": _("The list is empty."),
    "min_length": _("Send at least {min_length} of them."),
    "max_length": _("Send at most {max_length} of them."),
}
_NO_LINK = _("This link leads nowhere.")

WORDS: Mapping[type[fields.Field[Any, Any, Any, Any]], Mapping[str, Any]] = {
    fields.Field: {"required": MISSING, "null": EMPTY},
    fields.BooleanField: {"invalid": _("Send true or false.")},
    fields.CharField: {
        "invalid": _("Send text."),
        "blank": EMPTY,
        "max_length": _("Use at most {max_length} characters."),
        "min_length": _("Use at least {min_length} characters."),
    },
    fields.EmailField: {"invalid": _("Enter a valid email address.")},
    fields.RegexField: {"invalid": _("This does not have the right form.")},
    fields.SlugField: {
        "invalid": _("Use letters from a to z, digits, dashes and underscores, without blanks."),
        "invalid_unicode": _("Use letters, digits, dashes and underscores, without blanks."),
    },
    fields.URLField: {"invalid": _("Enter a valid URL.")},
    fields.UUIDField: {"invalid": _("This is no UUID.")},
    fields.IPAddressField: {"invalid": _("This is no internet address.")},
    fields.IntegerField: {"invalid": _WHOLE, **_RANGE},
    fields.BigIntegerField: {"invalid": _WHOLE, **_RANGE},
    fields.FloatField: {"invalid": _NUMBER, **_RANGE, "overflow": _TOO_LONG},
    fields.DecimalField: {
        "invalid": _NUMBER,
        **_RANGE,
        "max_digits": _("Use at most {max_digits} digits."),
        "max_decimal_places": _("Use at most {max_decimal_places} digits after the point."),
        "max_whole_digits": _("Use at most {max_whole_digits} digits before the point."),
    },
    fields.DateTimeField: {
        "invalid": _MOMENT,
        "date": _MOMENT,
        "make_aware": _("There is no such time there."),
        "overflow": _("This day can't be right."),
    },
    fields.DateField: {"invalid": _DAY, "datetime": _DAY},
    fields.TimeField: {"invalid": _("Send a time of day, such as 18:30.")},
    fields.DurationField: {
        "invalid": _("Send a span of time, such as 1 12:00:00."),
        "max_value": _AT_MOST,
        "min_value": _AT_LEAST,
        "overflow": _("Send between {min_days} and {max_days} days."),
    },
    fields.ChoiceField: {"invalid_choice": _("“{input}” is none of the choices.")},
    fields.MultipleChoiceField: {
        "invalid_choice": _("“{input}” is none of the choices."),
        "not_a_list": _LIST,
        "empty": _("Choose at least one."),
    },
    fields.FilePathField: {"invalid_choice": _("There is no file “{input}”.")},
    fields.FileField: {
        "required": _("Send a file."),
        "invalid": _("This is no file."),
        "no_name": _("The file has no name."),
        "empty": _("The file is empty."),
        "max_length": _("The name of the file has {length} characters; use at most {max_length}."),
    },
    fields.ImageField: {"invalid_image": _("This is no picture that can be read.")},
    fields.ListField: _SEVERAL,
    fields.DictField: {"not_a_dict": _OBJECT, "empty": EMPTY},
    fields.JSONField: {"invalid": _("This is not valid JSON.")},
    fields.ModelField: {"max_length": _("Use at most {max_length} characters.")},
    relations.PrimaryKeyRelatedField: {
        "required": MISSING,
        "does_not_exist": _("There is none with the id {pk_value}."),
        "incorrect_type": _("Send an id: a whole number."),
    },
    relations.SlugRelatedField: {
        "does_not_exist": _("There is none called “{value}”."),
        "invalid": _("Send text."),
    },
    relations.HyperlinkedRelatedField: {
        "required": MISSING,
        "no_match": _NO_LINK,
        "incorrect_match": _NO_LINK,
        "does_not_exist": _NO_LINK,
        "incorrect_type": _("Send a link."),
    },
    relations.ManyRelatedField: {"not_a_list": _LIST, "empty": _("The list is empty.")},
    serializers.Serializer: {"invalid": _OBJECT},
    serializers.ListSerializer: _SEVERAL,
}
"""By the class whose table it is; the names in braces are filled in by the field."""

REFUSALS: Mapping[type[exceptions.APIException], Any] = {
    exceptions.APIException: _("Something went wrong on our side. We have been told."),
    exceptions.ValidationError: _("Please check what you sent."),
    exceptions.ParseError: _("The request could not be read."),
    exceptions.AuthenticationFailed: _("This sign-in does not hold any more. Sign in again."),
    exceptions.NotAuthenticated: _("Sign in first."),
    exceptions.PermissionDenied: _("You may not do this."),
    exceptions.NotFound: _("That does not exist, or is not yours."),
    exceptions.MethodNotAllowed: _("{method} is not possible here."),
    exceptions.NotAcceptable: _("Only JSON is spoken here."),
    exceptions.UnsupportedMediaType: _("This address does not take {media_type}. Its document says what it takes."),
    exceptions.Throttled: _("That was too often."),
}


def speak() -> None:
    """Put the words where the library looks for them. Called once, when all models are there."""
    for kind, words in WORDS.items():
        kind.default_error_messages = {**vars(kind).get("default_error_messages", {}), **words}
    for refusal, said in REFUSALS.items():
        refusal.default_detail = said
    exceptions.Throttled.extra_detail_singular = _("Try again in {wait} second.")  # type: ignore[assignment]
    exceptions.Throttled.extra_detail_plural = _("Try again in {wait} seconds.")  # type: ignore[assignment]
    validators.UniqueValidator.message = TAKEN
    _say_what_is_taken()


def _say_what_is_taken() -> None:
    """Fields of records that may be only once: in serializers, and in forms of the back office too."""
    django_says = models.Field.default_error_messages["unique"]
    for model in apps.get_models():
        for field in model._meta.local_fields:  # noqa: SLF001 - the documented way to a model's fields
            if field.error_messages.get("unique") is django_says:
                field.error_messages["unique"] = TAKEN
