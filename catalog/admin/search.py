"""Search words in the back office."""

from __future__ import annotations

from django.contrib import admin

from catalog import actions
from catalog.models import SearchWord
from milkdelivery.backoffice.base import ActionAdmin
from milkdelivery.backoffice.filters import flag
from milkdelivery.core.actors import Actor


@admin.register(SearchWord)
class SearchWordAdmin(ActionAdmin):
    """Another word for what the catalogue calls something."""

    list_display = ("word", "meaning", "is_active")
    list_filter = (flag("is_active"),)
    search_fields = ("word", "meaning")

    def write(self, obj: SearchWord, *, by: Actor) -> object:
        return actions.save_search_word(obj, by=by)
