"""The first search words of a shop: what Indian households call milk and what is made of it."""

from catalog.models import SearchWord

WORDS = {
    "milk": "doodh dudh haalu paal दूध",
    "curd": "dahi yoghurt yogurt thayir mosaru दही",
    "paneer": "पनीर",
    "butter": "makkhan makhan loni मक्खन माखन",
    "ghee": "tuppa घी",
    "buttermilk": "chaas chaach chhachh mattha majjige छाछ मट्ठा",
    "lassi": "लस्सी",
    "cream": "malai मलाई",
    "khoya": "mawa खोया मावा",
    "buffalo": "bhains भैंस",
    "cow": "gai gaay गाय",
}


def sync() -> None:
    """Words that are not there yet. Safe to repeat: what staff changed or switched off stays so."""
    words = [SearchWord(word=word, meaning=meaning) for meaning, found in WORDS.items() for word in found.split()]
    SearchWord.objects.bulk_create(words, ignore_conflicts=True)
