"""Form fields of the back office: what can't be right is refused at its field, once, and never raises."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Field
from django.db.models import IntegerField as IntegerColumn
from django.forms import DateField, DateTimeField, DecimalField, IntegerField, SplitDateTimeField
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from milkdelivery.core.fields import MoneyField

FIRST_YEAR, LAST_YEAR = 2000, 2200
"""No dairy that this is written for has days outside; a slip of the hand has."""


def in_percent(basis_points: int) -> str:
    """As staff read a rate: 5 %, 12.5 %."""
    return f"{basis_points / 100:g} %"


def ensure_likely(day: date | datetime) -> None:
    """A validator: the year is one of this shop's, so that a day before or after it can be counted too."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValidationError(_("This day can't be right."), code="unlikely_day")


class PercentField(DecimalField):
    """Per cent with two digits after the point, as people say a rate; cleaned to the basis points that are kept."""

    def __init__(self, **kwargs: Any) -> None:
        wanted = {"min_value": 0, "max_value": 100, "max_digits": 5, "decimal_places": 2, "localize": False}
        super().__init__(**{**kwargs, **wanted, "widget": UnfoldAdminDecimalFieldWidget()})

    def prepare_value(self, value: Any) -> Any:
        """As it is typed: 5, 12.5, 0.25."""
        return f"{Decimal(value) / 100:f}" if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        percent: Decimal | None = super().clean(value)
        return None if percent is None else int(percent * 100)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


RATES = {
    "basis_points": (gettext_lazy("Rate in per cent"), gettext_lazy("Such as 5 or 12.5; 0 where nothing is due")),
    "commission_basis_points": (gettext_lazy("Commission in per cent"), gettext_lazy("Such as 6 or 7.25")),
}
"""Fields kept in basis points that people type in per cent: what they are called, and what is said beside them."""


class _Chosen:
    """A field that is chosen by search. Drawn again with what was sent, it looks for keys only: anything else chose
    nothing, and the field's own error says so."""

    def optgroups(self, name: str, value: list[str], attr: dict[str, Any] | None = None) -> Any:
        select: Any = super()
        keys = [key for key in value if str(key).isascii() and str(key).isdecimal() and len(str(key)) < 19]
        return select.optgroups(name, keys, attr)


class ChosenOne(_Chosen, AutocompleteSelect):  # type: ignore[misc]
    pass


class ChosenSeveral(_Chosen, AutocompleteSelectMultiple):  # type: ignore[misc]
    pass


class Limits:
    """A mixin of pages and rows: a number's form has the limits of its record, a day's a likely year, and what is
    chosen by search is a key."""

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        admin: Any = super()
        if db_field.name in RATES and isinstance(db_field, IntegerColumn):
            label, help_text = RATES[db_field.name]
            return PercentField(label=label, help_text=help_text, initial=db_field.get_default())
        made = admin.formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(made, DateField | DateTimeField | SplitDateTimeField):
            made.validators.append(ensure_likely)
        if not isinstance(made, IntegerField) or isinstance(db_field, MoneyField):  # its limits are in minor units
            return made
        least = [each.limit_value for each in db_field.validators if isinstance(each, MinValueValidator)]
        most = [each.limit_value for each in db_field.validators if isinstance(each, MaxValueValidator)]
        limits = {"min_value": max(least, default=None), "max_value": min(most, default=None)}
        given = {name: limit for name, limit in limits.items() if limit is not None}
        return admin.formfield_for_dbfield(db_field, request, **kwargs, **given)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return self._chosen(ChosenOne, "formfield_for_foreignkey", db_field, request, kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return self._chosen(ChosenSeveral, "formfield_for_manytomany", db_field, request, kwargs)

    def _chosen(self, widget: Any, maker: str, db_field: Any, request: HttpRequest, kwargs: dict[str, Any]) -> Any:
        admin: Any = super()
        if "widget" not in kwargs and db_field.name in admin.get_autocomplete_fields(request):
            site: Any = vars(self)["admin_site"]
            kwargs["widget"] = widget(db_field, site, using=kwargs.get("using"))
        return getattr(admin, maker)(db_field, request, **kwargs)
