"""What happens when two people give the same name, or the same day, to something at the same moment."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils.translation import gettext as _
from psycopg.errors import UniqueViolation

from milkdelivery.core.errors import DomainError


class TakenMeanwhile(DomainError):
    """Somebody else took the name, the code or the day at the same moment."""

    code = "taken_meanwhile"


@contextmanager
def unless_taken(fields: Mapping[str, str]) -> Iterator[None]:
    """Around the transaction that saves: forms have looked whether a name is free, and only the database knows at last.

    `fields` are those that can clash, by the names that the database gives the constraints. Raises TakenMeanwhile at
    the field that does.
    """
    try:
        yield
    except IntegrityError as clash:
        violation = clash.__cause__
        name = violation.diag.constraint_name if isinstance(violation, UniqueViolation) else None
        if name is None or name not in fields:
            raise
        text = _("Somebody else saved the same just now. Choose another.")
        raise TakenMeanwhile(text, field=fields[name]) from clash


def taken_at(field: str, words: str) -> ValidationError:
    """For a model's `unique_error_message`: what several fields together may be only once, said at one of them."""
    error = ValidationError({field: [ValidationError(words, code="unique")]})
    error.code = "unique"  # Django reads it off the whole
    return error
