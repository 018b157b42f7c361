"""Numbers that the state gave a dairy."""

import re
from string import ascii_uppercase, digits

GSTIN = re.compile(r"(?P<state>\d{2})[A-Z]{5}\d{4}[A-Z][1-9A-Z]Z[0-9A-Z]")
"""State, PAN, number of the registration, the letter Z, check character."""

_STATES = frozenset({*(f"{number:02d}" for number in range(1, 39)), "97", "99"})
_CHARACTERS = digits + ascii_uppercase


def is_gstin(text: str) -> bool:
    """Whether it has the form of an Indian GST number and its check character is right."""
    found = GSTIN.fullmatch(text)
    return bool(found and found["state"] in _STATES and check_character(text[:-1]) == text[-1])


def check_character(first: str) -> str:
    """The last character that belongs to the first fourteen."""
    total = 0
    for position, character in enumerate(first):
        product = _CHARACTERS.index(character) * (1 + position % 2)
        total += product // len(_CHARACTERS) + product % len(_CHARACTERS)
    return _CHARACTERS[-total % len(_CHARACTERS)]
