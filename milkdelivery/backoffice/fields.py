"""Form fields of the back office: what can't be right is refused at its field, once, and never raises."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Field
from django.forms import DateField, DateTimeField, IntegerField, SplitDateTimeField
from django.http import HttpRequest
from django.utils.translation import gettext as _

from milkdelivery.core.fields import MoneyField

FIRST_YEAR, LAST_YEAR = 2000, 2200
"""No dairy that this is written for has days outside; a slip of the hand has."""


def ensure_likely(day: date | datetime) -> None:
    """A validator: the year is one of this shop's, so that a day before or after it can be counted too."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValidationError(_("This day can't be right."), code="unlikely_day")


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
