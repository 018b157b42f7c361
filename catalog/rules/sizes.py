"""Sizes as people type them into the search box: 500ml, half a litre as 0.5 l, 1 kg, १ लीटर."""

import re
from collections.abc import Iterator
from decimal import Decimal

LONGEST_SKU = 80

_UNITS: dict[str, tuple[str, int]] = {
    **dict.fromkeys("ml mls millilitre millilitres milliliter milliliters मिली".split(), ("ml", 1)),
    **dict.fromkeys("l lt ltr ltrs litre litres liter liters लीटर".split(), ("ml", 1000)),
    **dict.fromkeys("g gm gms gr gram grams ग्राम".split(), ("g", 1)),
    **dict.fromkeys("kg kgs kilo kilos kilogram kilograms किलो किग्रा".split(), ("g", 1000)),
    **dict.fromkeys("pc pcs piece pieces पीस".split(), ("pc", 1)),
}
_LONGEST_FIRST = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_AMOUNT = re.compile(rf"(?<![\w.,])(\d{{1,5}}(?:[.,]\d{{1,3}})?)\s*({_LONGEST_FIRST})(?![\w\u0900-\u097f])")
_SIZE = re.compile(r"\d+(ml|g|pc)?", re.ASCII)


def in_base_units(text: str) -> str:
    """Small letters, with each size as one word in the smallest unit: “Milk 1 L” is “milk 1000ml”."""
    return _AMOUNT.sub(_counted, text.casefold())


def _counted(found: re.Match[str]) -> str:
    unit, factor = _UNITS[found[2]]
    amount = Decimal(found[1].replace(",", ".")) * factor
    return f"{int(amount)}{unit}" if amount == int(amount) else found[0]


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
