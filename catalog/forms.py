"""What narrows the shelf."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.models import DietaryFact
from catalog.queries import PriceRange, Sort
from milkdelivery.core.money import Money

LONGEST_TYPED = 20
"""Characters of a field that are kept to be shown again."""
OF_THE_API = "dietary"
"""What addresses of the API call `diet`: somebody may carry one over."""
ONE_EACH = ("price_min", "price_max", "vendor", "sort")


def _amount(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=0,
        max_digits=10,
        decimal_places=2,
        error_messages={
            "invalid": _("Enter an amount, such as 50."),
            "min_value": _("An amount can’t be below zero."),
            "max_digits": _("That is more than anything costs."),
            "max_whole_digits": _("That is more than anything costs."),
            "max_decimal_places": _("Two digits after the point at most."),
        },
    )


class ShelfForm(forms.Form):
    """Filters and order of the shelf, as they stand in the address. A field that is wrong says so; nothing is required.

    `known_vendors` are those that may be chosen here, by key; `has_pincode` tells whether there is a place to ask for.
    """

    price_min = _amount(pgettext_lazy("price", "From"))
    price_max = _amount(pgettext_lazy("price", "To"))
    diet = forms.MultipleChoiceField(
        label=_("Dietary"),
        required=False,
        choices=DietaryFact.choices,
        error_messages={"invalid_choice": _("There is no such choice.")},
    )
    vendor = forms.ChoiceField(
        label=_("Dairy"), required=False, error_messages={"invalid_choice": _("This dairy does not deliver there.")}
    )
    available = forms.BooleanField(label=_("Only what can come next"), required=False)
    sort = forms.ChoiceField(
        label=_("Sort by"), required=False, error_messages={"invalid_choice": _("We can’t sort by that.")}
    )

    def __init__(
        self,
        data: Any,
        *,
        currency: str,
        vendors: Mapping[int, str],
        is_search: bool,
        has_pincode: bool,
    ) -> None:
        if "diet" in data or OF_THE_API in data:
            data = data.copy()
            sent = data.getlist("diet") + data.getlist(OF_THE_API)
            data.setlist("diet", [value for value in sent if value])  # a form sends an empty list as an empty word
        super().__init__(data, use_required_attribute=False)
        self.currency = currency
        self.has_pincode = has_pincode
        self.is_search = is_search
        vendor: Any = self.fields["vendor"]
        vendor.choices = [("", _("Any")), *((str(key), name) for key, name in vendors.items())]
        sort: Any = self.fields["sort"]
        sort.choices = self.sorts

    @property
    def sorts(self) -> list[tuple[str, Any]]:
        """The orders on offer, the one that is taken unasked first."""
        match = [(Sort.MATCH.value, _("Best match"))] if self.is_search else []
        return [
            *match,
            (Sort.SHELF.value, _("As on our shelf")),
            (Sort.PRICE_UP.value, _("Price, lowest first")),
            (Sort.PRICE_DOWN.value, _("Price, highest first")),
            (Sort.NEWEST.value, _("Newest first")),
            (Sort.NAME.value, _("Name")),
        ]

    def clean_available(self) -> bool:
        wanted = bool(self.cleaned_data["available"])
        if wanted and not self.has_pincode:
            raise forms.ValidationError(_("Enter your pincode first: what can come differs from place to place."))
        return wanted

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        for name in ONE_EACH:
            if name in data and self._is_torn(name):
                self.add_error(name, _("This stands in the address twice, with different answers. Choose one."))
        if self._is_torn("category"):
            self.add_error(None, _("One category at a time can be shown. Choose one above."))
        least, most = data.get("price_min"), data.get("price_max")
        if least is not None and most is not None and least > most:
            self.add_error("price_max", _("This is below the lowest price. Swap the two, or clear one."))
        return data

    def _is_torn(self, name: str) -> bool:
        """Whether the address gives two different answers to one question."""
        data: Any = self.data
        return len(set(filter(None, data.getlist(name)))) > 1

    # -- of a form that is valid -----------------------------------------------------------------------------------

    @property
    def prices(self) -> PriceRange:
        least, most = (
            Money.from_decimal(self.cleaned_data[name], self.currency) if self.cleaned_data[name] is not None else None
            for name in ("price_min", "price_max")
        )
        return PriceRange(least, most)

    @property
    def facts(self) -> Collection[str]:
        return list(dict.fromkeys(self.cleaned_data["diet"]))

    @property
    def vendor_id(self) -> int | None:
        return int(self.cleaned_data["vendor"]) if self.cleaned_data["vendor"] else None

    @property
    def order(self) -> Sort:
        return Sort(self.cleaned_data["sort"] or self.sorts[0][0])

    # -- of any form -----------------------------------------------------------------------------------------------

    def typed(self, name: str) -> str:
        """What was typed into a field, shortened."""
        return str(self.data.get(name, ""))[:LONGEST_TYPED].strip()
