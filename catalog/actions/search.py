"""Writes of the words that people search by."""

from django.db import transaction

from catalog.events import SearchWordSaved
from catalog.models import SearchWord
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from milkdelivery.core.taken import unless_taken


def save_search_word(word: SearchWord, *, by: Actor) -> SearchWord:
    """Create or change another word for something; an inactive one finds nothing.

    Raises TakenMeanwhile. Emits SearchWordSaved.
    """
    with unless_taken({"catalog_searchword_word_key": "word"}), transaction.atomic():
        word.save()
        emit(SearchWordSaved(word.pk, word.word), actor=by)
    return word
