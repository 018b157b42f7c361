"""Sizes of packs, in the words of whoever reads them."""

_HINDI = {
    "ml": "मिली",
    "l": "लीटर",
    "g": "ग्राम",
    "kg": "किग्रा",
    "bottle": "बोतल",
    "glass": "काँच",
    "can": "कैन",
    "tin": "टिन",
    "jar": "जार",
    "pouch": "पाउच",
    "packet": "पैकेट",
    "pack": "पैक",
    "carton": "कार्टन",
    "cup": "कप",
    "tub": "डिब्बा",
    "box": "डिब्बा",
    "pot": "मटका",
    "piece": "पीस",
    "pieces": "पीस",
    "slice": "स्लाइस",
    "slices": "स्लाइस",
    "dozen": "दर्जन",
}
"""The few words that sizes are made of; none of them changes with the number before it."""


def in_hindi(size: str) -> str:
    """A size such as “500 ml pouch” in Hindi. Words that nobody listed stay as they are."""
    return " ".join(_HINDI.get(word.lower(), word) for word in size.split())
