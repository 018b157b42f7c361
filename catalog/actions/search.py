"""Writes of the words that people search by."""

from django.db import transaction

from catalog.events import SearchWordSaved
from catalog.models import SearchWord
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit


def save_search_word(word: SearchWord, *, by: Actor) -> SearchWord:
    """Create or change another word for something; an inactive one finds nothing. Emits SearchWordSaved."""
    with transaction.atomic():
        word.save()
        emit(SearchWordSaved(word.pk, word.word), actor=by)
    return word
