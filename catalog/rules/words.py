"""What people type into the search box, and how near it comes to the words of the catalogue."""

import re
import unicodedata
from collections.abc import Collection, Iterable

from rapidfuzz import process
from rapidfuzz.distance import OSA

LONGEST_SEARCH = 80
"""Characters of a search that are read."""
MOST_WORDS = 8
SHORTEST_PREFIX = 2
"""Letters from which the beginning of a word finds it."""

STOP_WORDS = frozenset("a an and by for from in of on or the to with का की के को और में से".split())
"""Words that tell no product from another, unless nothing else was typed."""

NUKTA = "\N{DEVANAGARI SIGN NUKTA}"
"""A dot that many leave out."""
_SPELLINGS = [pair.split(">") for pair in "aa>a ee>i oo>u ph>f ck>k w>v z>j q>k y>i".split()]
"""How one Hindi word is written in Latin letters: doodh and dudh, paneer and panir, lassee and lassi."""


def normal(text: str) -> str:
    """The text as it is compared: one spelling of each letter, small, single spaces, at most `LONGEST_SEARCH` long."""
    kept = unicodedata.normalize("NFKC", text[: LONGEST_SEARCH * 4]).casefold().replace(NUKTA, "")
    return " ".join("".join(char if unicodedata.category(char)[0] in "LNM" else " " for char in kept).split())[
        :LONGEST_SEARCH
    ].strip()


def is_hindi(text: str) -> bool:
    """Whether some of it is written in Devanagari."""
    return any("\u0900" <= letter <= "\u097f" for letter in text)


def words_of(text: str) -> list[str]:
    """The words of a normal text, without those that say nothing."""
    words = list(dict.fromkeys(text.split()))[:MOST_WORDS]
    return [word for word in words if word not in STOP_WORDS] or words


def sound_of(word: str) -> str:
    """Equal for spellings of one Hindi word in Latin letters. Other scripts stay as they are."""
    if not word.isascii():
        return word
    for written, heard in _SPELLINGS:
        word = word.replace(written, heard)
    return re.sub(r"(.)\1+", r"\1", word)


def typos_in(word: str) -> int:
    """How many letters of a word may be wrong, missing, too many or swapped: none in the shortest."""
    if len(word) < 3 or word.isdecimal():
        return 0
    return 1 if len(word) < 6 else 2


def nearest(word: str, known: Collection[str]) -> list[str]:
    """The known words that the typed one was most likely meant to be, if any is near enough, in their order.

    The first letter is seldom wrong: with it, a word is nearer. Linear in the number of known words.
    """
    allowed = typos_in(word)
    if not allowed:
        return []
    near = process.extract(word, known, scorer=OSA.distance, score_cutoff=allowed, limit=None)
    ranked = [(distance + (found[0] != word[0]), found) for found, distance, _place in near if len(found) > allowed]
    best = min((rank for rank, _found in ranked), default=0)
    return [found for rank, found in ranked if rank == best]


def prefixes(words: Iterable[str]) -> dict[str, list[str]]:
    """Words by their first letters, so that the beginning of one finds them without a look at all."""
    found: dict[str, list[str]] = {}
    for word in words:
        found.setdefault(word[:SHORTEST_PREFIX], []).append(word)
    return found
