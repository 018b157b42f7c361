"""Finding records by the beginnings of words that somebody typed, with nothing but what PostgreSQL brings along.

A record's words are a tsvector made by hand, without a language and without the parser, which would cut Hindi words at
their vowel signs. A GIN index on the very same expression answers beginnings of words; a number written backwards next
to itself lets its last digits be found the same way.
"""

import re
import unicodedata
from collections.abc import Iterable

from django.db.models import BooleanField, Func, TextField, Value
from django.db.models.expressions import Combinable

LONGEST_TERM = 120
MOST_WORDS = 8
_APART = re.compile(r"[\s,;:/()'’\"._-]+")
_BLANKS = re.compile(r"[\s,;:/()'’\"]+")


class Parts(Func):
    """Text that falls apart at punctuation: names and addresses."""

    template = "translate(coalesce(%(expressions)s, ''), ',;:/()''’\"._-', '            ')"
    output_field = TextField()


class Whole(Func):
    """Text that stays as it is: an e-mail address, a number."""

    template = "coalesce(%(expressions)s, '')"
    output_field = TextField()


class Backwards(Func):
    """A number from its end, so that its last digits are a beginning."""

    template = "reverse(coalesce(%(expressions)s, ''))"
    output_field = TextField()


class Words(Func):
    """All words of the given texts, in small letters and one Unicode form. Immutable, as an index needs it."""

    arg_joiner = " || ' ' || "
    template = "array_to_tsvector(array_remove(string_to_array(normalize(lower(%(expressions)s), NFC), ' '), ''))"
    output_field = TextField()


class _Query(Func):
    template = "%(expressions)s::tsquery"
    output_field = TextField()


class _Matches(Func):
    arg_joiner = " @@ "
    template = "(%(expressions)s)"
    output_field = BooleanField()


def matches(words: Combinable, query: str) -> _Matches:
    """Whether `words` (the expression of an index) have what `query` asks for."""
    return _Matches(words, _Query(Value(query)))


def normal(text: str) -> str:
    """As the words of an index are written: small letters, one Unicode form, no NUL, not endless."""
    return unicodedata.normalize("NFC", " ".join(text.replace("\0", "").split())[:LONGEST_TERM].lower())


def digits_of(text: str) -> str:
    """The digits in a text, of any script, as 0 to 9."""
    return "".join(str(unicodedata.digit(character)) for character in text if character.isdecimal())


def beginnings(text: str) -> str:
    """A query for records in which every word of `text` begins some word; "" where it has none.

    A word with dots or hyphens in it may stand as it is (an e-mail address) or in its parts (a name).
    """
    found = []
    for word in _BLANKS.split(normal(text))[:MOST_WORDS]:
        parts = [part for part in _APART.split(word) if part]
        if not parts:
            continue
        ways = {all_of(begins(part) for part in parts), begins(word)}
        found.append(any_of(sorted(ways)))
    return all_of(found)


def begins(word: str) -> str:
    """A query for a word that begins so."""
    quoted = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}':*"


def any_of(queries: Iterable[str]) -> str:
    return _joined(" | ", queries)


def all_of(queries: Iterable[str]) -> str:
    return _joined(" & ", queries)


def _joined(sign: str, queries: Iterable[str]) -> str:
    given = [query for query in queries if query]
    return f"({sign.join(given)})" if len(given) > 1 else "".join(given)
