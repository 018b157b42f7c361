"""What the address of a list asks."""

from typing import Any

import django_filters
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import serializers

YES_OR_NO = frozenset({"true", "false"})


class Question(serializers.Serializer[Any]):
    """The parameters of an address. One that is given twice with different answers is refused, not half heard."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        several = (serializers.ListField, serializers.MultipleChoiceField)
        _ensure_whole([name for name, field in self.fields.items() if not isinstance(field, several)], data)
        values: dict[str, Any] = super().to_internal_value(data)
        return values


class WholeNumberFilter(django_filters.NumberFilter):
    """An id or a count: 1.5 is none."""

    field_class = forms.IntegerField


class FilterBackend(DjangoFilterBackend):
    """The parameters of a list with a filter set: the same refusal, but for those that take several values; and none
    is passed over because it says neither yes nor no."""

    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        filterset = self.get_filterset(request, queryset, view)
        if filterset is not None:
            fields = filterset.form.fields.items()
            single = [name for name, field in fields if not isinstance(field, forms.MultipleChoiceField)]
            _ensure_whole(single, request.query_params)
            _ensure_yes_or_no(filterset.form, request.query_params)
        return super().filter_queryset(request, queryset, view)


def _ensure_yes_or_no(form: Any, data: Any) -> None:
    """Raises ValidationError at each yes or no that is neither: the form would take it for not asked."""
    asked = (name for name, field in form.fields.items() if isinstance(field, forms.NullBooleanField))
    unclear = [name for name in asked if data.get(name) and data[name].casefold() not in YES_OR_NO]
    if unclear:
        raise serializers.ValidationError({name: [_("Say true or false.")] for name in unclear})


def _ensure_whole(names: list[str], data: Any) -> None:
    """Raises ValidationError at each of the parameters that is there with different values."""
    if not isinstance(data, QueryDict):
        return
    torn = [name for name in names if len(set(data.getlist(name))) > 1]
    if torn:
        text = _("This is given twice, with different answers. Send one.")
        raise serializers.ValidationError({name: [text] for name in torn})
