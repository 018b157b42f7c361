"""Sizes as people type them into the search box: 500ml, half a litre, 1/2 l, आधा लीटर, 1 kg, १ लीटर."""

import re
import unicodedata
from collections.abc import Iterator
from fractions import Fraction

LONGEST_SKU = 80

_UNITS: dict[str, tuple[str, int]] = {
    **dict.fromkeys("ml mls millilitre millilitres milliliter milliliters मिली".split(), ("ml", 1)),
    **dict.fromkeys("l lt ltr ltrs litre litres liter liters लीटर लिटर".split(), ("ml", 1000)),
    **dict.fromkeys("g gm gms gr gram grams ग्राम".split(), ("g", 1)),
    **dict.fromkeys("kg kgs kilo kilos kilogram kilograms किलो किग्रा".split(), ("g", 1000)),
    **dict.fromkeys("pc pcs piece pieces पीस".split(), ("pc", 1)),
}
_AMOUNTS = {
    **dict.fromkeys("quarter paav pav pao pau पाव ¼".split(), Fraction(1, 4)),
    **dict.fromkeys("half aadha adha aadhaa adhaa aadhi adhi आधा आधी आधे ½".split(), Fraction(1, 2)),
    **dict.fromkeys(
        ["three quarter", "three-quarter", "three quarters", "three-quarters", "pauna", "paun", "पौना", "पौन", "¾"],
        Fraction(3, 4),
    ),
    **dict.fromkeys("one ek एक".split(), Fraction(1)),
    **dict.fromkeys("dedh derh डेढ़ डेढ".split(), Fraction(3, 2)),
    **dict.fromkeys("two do दो".split(), Fraction(2)),
    **dict.fromkeys("dhai ढाई".split(), Fraction(5, 2)),
}
"""How much a word before a unit stands for, in English, in Hindi and in Hindi with Latin letters."""


def _any_of(words: dict[str, object]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_AMOUNTS = {unicodedata.normalize("NFC", word): amount for word, amount in _AMOUNTS.items()}
_AMOUNT = re.compile(
    rf"(?<![\w.,/])(?:(?P<number>\d{{1,5}}(?:[.,]\d{{1,3}})?)"
    r"|(?:(?P<whole>\d{1,2})\s+)?(?P<part>[1-9१-९])\s?[/\u2044]\s?(?P<of>[1-9१-९])"
    rf"|(?P<ones>\d{{1,2}})?\s*(?P<word>{_any_of({**_AMOUNTS})}))"
    rf"(?:[\s-]*|\s+(?:of\s+)?an?\s+)(?P<unit>{_any_of({**_UNITS})})(?![\w\u0900-\u097f])"
)
_WHOLE_UNITS = [unit for unit, (_base, factor) in _UNITS.items() if factor > 1 and len(unit) > 1]
_ONE = re.compile(
    rf"(?<![\w.,/])(?<![\d½¼¾][\s-])(?:an?\s+|per\s+|प्रति\s+)?"
    rf"(?P<unit>{_any_of(dict.fromkeys(_WHOLE_UNITS))})(?![\w\u0900-\u097f])"
)
"""A whole unit alone is one of it: “litre” is what most people buy milk by."""
_SIZE = re.compile(r"\d+(ml|g|pc)?", re.ASCII)


def in_base_units(text: str) -> str:
    """Small letters, with each size as one word in the smallest unit: “Milk 1 L” is “milk 1000ml”, and so is what is
    counted in words: “half a litre” is “500ml”, “litre” alone “1000ml”."""
    return _ONE.sub(_one, _AMOUNT.sub(_counted, unicodedata.normalize("NFC", text).casefold()))


def _one(found: re.Match[str]) -> str:
    unit, factor = _UNITS[found["unit"]]
    return f"{factor}{unit}"


def _counted(found: re.Match[str]) -> str:
    unit, factor = _UNITS[found["unit"]]
    amount = _amount(found) * factor
    return f"{int(amount)}{unit}" if amount.denominator == 1 else found[0]


def _amount(found: re.Match[str]) -> Fraction:
    if found["number"]:
        return Fraction(found["number"].replace(",", "."))
    if found["part"]:
        return Fraction(int(found["whole"] or 0)) + Fraction(int(found["part"]), int(found["of"]))
    return Fraction(int(found["ones"] or 0)) + _AMOUNTS[found["word"]]


def is_size(word: str) -> bool:
    """Whether a word tells a pack from another rather than a product: 500ml, or 500 alone."""
    return _SIZE.fullmatch(word) is not None


def words_of_pack(name: str, size: int, unit: str) -> Iterator[str]:
    """The words that find a pack: its size with and without the unit, and the number of its name (1 of “1 L”)."""
    yield str(size)
    yield f"{size}{unit.lower()}"
    for word in in_base_units(name).split():
        if is_size(word):
            yield word
    if (number := re.match(r"\d+(?![.,\d])", name, re.ASCII)) is not None:
        yield number[0]


def sku_of(text: str) -> str:
    """An SKU as it is compared: in any case, whatever stands between its parts."""
    return re.sub(r"[\W_]+", "", text[:LONGEST_SKU].casefold())
