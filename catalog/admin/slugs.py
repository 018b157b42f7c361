"""Addresses in the shop, made from names."""

from __future__ import annotations

from typing import Any

from django.forms import ModelForm
from django.utils.translation import gettext as _

from catalog.models import Product
from catalog.queries import free_slug
from catalog.rules.names import has_words, slug_of


class SluggedForm(ModelForm):
    """Of something with a name, a Hindi name and a slug. Where the name is refused, nothing is said about the slug."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False
            self.fields["slug"].help_text = _("Its address in the shop. Made from the names where it is empty.")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not data.get("slug") and "slug" in self.fields and "slug" not in self.errors and data.get("name"):
            made = slug_of(data["name"], data.get("name_hi", ""))
            data["slug"] = free_slug(made) if isinstance(self.instance, Product) else made
            if not data["slug"] and has_words(data["name"]):
                self.add_error("slug", _("Write an address in Latin letters: none can be made from the names."))
        return data
