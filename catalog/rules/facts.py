"""What a product can't be, going by what it is taxed as: the HSN code is the one statement about its substance that the
law asks for. Chapter 4 is dairy produce, eggs and honey; heading 0405 is butter and ghee."""

from collections.abc import Collection, Iterable, Mapping

DENIED: Mapping[str, tuple[str, ...]] = {
    "04": ("VEGAN",),
    "0405": ("LOW_FAT",),
}
"""By the beginning of an HSN code: the dietary facts that goods of it can't have. Lactose is no such: there is milk
without."""


def denied_by(hsn_codes: Iterable[str], facts: Collection[str]) -> tuple[str, str] | None:
    """The first code that contradicts one of the facts, with that fact; None where all of it can be true."""
    for code in hsn_codes:
        for beginning, denied in DENIED.items():
            for fact in denied:
                if code.startswith(beginning) and fact in facts:
                    return code, fact
    return None
