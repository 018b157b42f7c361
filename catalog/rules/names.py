"""Names of products and categories, and the words of their addresses."""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

LONGEST_SLUG = 140
"""Letters of a product's."""

_FIRST, _LAST, _BLOCK = 0x0900, 0x0D7F, 0x80
"""The scripts of India, Devanagari to Malayalam, stand in blocks that have the same letter at the same place."""
_NUKTA = 0x3C
_CONSONANTS = dict(
    enumerate(
        "k kh g gh n ch chh j jh n t th d dh n t th d dh n n p ph b bh m y r r l l l v sh sh s h".split(), start=0x15
    )
)
_DOTTED = {"j": "z", "ph": "f", "d": "r", "dh": "rh"}
_VOWELS = dict(enumerate("a a i i u u ri l e e e ai o o o au".split(), start=0x05)) | {0x01: "n", 0x02: "n", 0x03: "h"}
_SIGNS = dict(enumerate("a i i u u ri ri e e e ai o o o au".split(), start=0x3E)) | {0x4D: ""}
"""What follows a consonant in the place of its own “a”; the last one leaves it without a vowel."""


def says_something(name: str) -> None:
    """A validator: a name has a letter or a digit, of any script. Faces alone can't be read aloud, nor searched for."""
    if not has_words(name):
        raise ValidationError(_("A name needs letters or digits."), code="no_letters")


def has_words(name: str) -> bool:
    """Whether a name has a letter or a digit, of any script."""
    return any(unicodedata.category(character)[0] in "LN" for character in name)


def slug_of(*names: str) -> str:
    """The words of an address, from the first name that can be written in Latin letters; "" where none can.

    Names in Indian scripts are spelled as they sound, near enough to be read: ताज़ा दूध is taza-dudh.
    """
    slugs = (slugify(in_latin(name))[:LONGEST_SLUG].strip("-_") for name in names)
    return next(filter(None, slugs), "")


def in_latin(text: str) -> str:
    """Indian scripts in Latin letters, other scripts as they are. A consonant's own “a” is silent at a word's end."""
    return " ".join(_spelled(word) for word in unicodedata.normalize("NFC", text).split())


def _spelled(word: str) -> str:
    found: list[str] = []
    has_own_vowel = False  # the last letter is a consonant that nothing was said about yet
    for character in word:
        place = (ord(character) - _FIRST) % _BLOCK if _FIRST <= ord(character) <= _LAST else -1
        if place in _SIGNS:
            found.append(_SIGNS[place])
            has_own_vowel = False
        elif place == _NUKTA:
            found[-1:] = [_DOTTED.get(before, before) for before in found[-1:]]
        else:
            found += ["a"] * has_own_vowel
            has_own_vowel = place in _CONSONANTS
            found.append(_CONSONANTS.get(place) or _VOWELS.get(place) or _digit(character))
    return "".join(found)


def _digit(character: str) -> str:
    """The digits of all scripts as ours; anything else as it is."""
    return str(unicodedata.decimal(character, character))
