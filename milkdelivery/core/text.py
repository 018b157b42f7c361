"""Text that people typed, without what no keyboard types and no reader sees."""

import unicodedata

# Marks that turn the direction of what follows: a name or address with one rewrites the line that it stands in.
# The joiners U+200C and U+200D stay: Hindi, Kannada and others are not written right without them.
_UNSEEN = frozenset("\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff")
_LINE_ENDS = frozenset("\r\n\t\x0b\x0c\x85\u2028\u2029")


def has_unseen(text: str) -> bool:
    """Whether it holds control characters or marks that change how the text around them reads."""
    return any(_is_unseen(character) or character in _LINE_ENDS for character in text)


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
