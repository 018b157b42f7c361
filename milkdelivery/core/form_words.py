"""What forms say of numbers that can't be right: the framework's sentences are written for programmers.

The API has words of its own (`api/words.py`), since its fields name their limits otherwise.
"""

from typing import Any

from django.core.validators import DecimalValidator, MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.forms import ChoiceField, ModelChoiceField, ModelMultipleChoiceField, MultipleChoiceField
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy


def speak() -> None:
    """Put the words where the library looks for them. Called once."""
    MinValueValidator.message = _("At least %(limit_value)s.")
    MaxValueValidator.message = _("At most %(limit_value)s.")
    MaxLengthValidator.message = ngettext_lazy(
        "Use at most %(limit_value)d character.", "Use at most %(limit_value)d characters.", "limit_value"
    )
    for field in (ChoiceField, MultipleChoiceField, ModelChoiceField, ModelMultipleChoiceField):
        field.default_error_messages["invalid_choice"] = _("There is no such choice.")
    messages: dict[str, Any] = DecimalValidator.messages  # the stubs know plain text only
    messages |= {
        "max_digits": ngettext_lazy("Use at most %(max)s digit.", "Use at most %(max)s digits.", "max"),
        "max_decimal_places": ngettext_lazy(
            "Use at most %(max)s digit after the point.", "Use at most %(max)s digits after the point.", "max"
        ),
        "max_whole_digits": ngettext_lazy(
            "Use at most %(max)s digit before the point.", "Use at most %(max)s digits before the point.", "max"
        ),
    }
