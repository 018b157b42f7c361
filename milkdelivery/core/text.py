"""Text that people typed, without what no keyboard types and no reader sees."""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Marks that turn the direction of what follows: a name or address with one rewrites the line that it stands in.
# The joiners U+200C and U+200D stay: Hindi, Kannada and others are not written right without them.
_UNSEEN = frozenset("\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff")
_JOINERS = "\u200c\u200d"
_LINE_ENDS = frozenset("\r\n\t\x0b\x0c\x85\u2028\u2029")


def has_unseen(text: str) -> bool:
    """Whether it holds control characters or marks that change how the text around them reads."""
    return any(_is_unseen(character) or character in _LINE_ENDS for character in text)


def ensure_seen(text: str) -> None:
    """A validator of names and codes that people compare with their eyes. The joiners of Indian scripts may stay."""
    if has_unseen(text) or any(unicodedata.category(each) == "Cf" and each not in _JOINERS for each in text):
        raise ValidationError(_("It holds a mark that nobody sees. Type it anew instead of pasting it."), code="unseen")


def spelled(name: str) -> str:
    """A name as it is compared: in any case, whatever blanks and marks that nobody sees stand in it."""
    return "".join(each for each in name.casefold() if not each.isspace() and unicodedata.category(each) != "Cf")


def seen(text: str) -> str:
    """One line: line ends and tabs become blanks, control characters and direction marks go."""
    return "".join(" " if character in _LINE_ENDS else character for character in text if not _is_unseen(character))


def seen_lines(text: str) -> str:
    """The same for text of several lines, which keeps its line ends and tabs."""
    return "".join(character for character in text if character in "\r\n\t" or not _is_unseen(character))


def _is_unseen(character: str) -> bool:
    """NUL is left to the fields, which refuse it: no keyboard sends it by mistake."""
    if character in _LINE_ENDS or character == "\0":
        return False
    return character in _UNSEEN or unicodedata.category(character) in ("Cc", "Cs")
