"""What the address of a list asks."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import serializers


class Question(serializers.Serializer[Any]):
    """The parameters of an address. One that is given twice with different answers is refused, not half heard."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        several = (serializers.ListField, serializers.MultipleChoiceField)
        _ensure_whole([name for name, field in self.fields.items() if not isinstance(field, several)], data)
        values: dict[str, Any] = super().to_internal_value(data)
        return values


class FilterBackend(DjangoFilterBackend):
    """The parameters of a list with a filter set: the same refusal, but for those that take several values."""

    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        filterset = self.get_filterset(request, queryset, view)
        if filterset is not None:
            fields = filterset.form.fields.items()
            single = [name for name, field in fields if not isinstance(field, forms.MultipleChoiceField)]
            _ensure_whole(single, request.query_params)
        return super().filter_queryset(request, queryset, view)


def _ensure_whole(names: list[str], data: Any) -> None:
    """Raises ValidationError at each of the parameters that is there with different values."""
    if not isinstance(data, QueryDict):
        return
    torn = [name for name in names if len(set(data.getlist(name))) > 1]
    if torn:
        text = _("This is given twice, with different answers. Send one.")
        raise serializers.ValidationError({name: [text] for name in torn})
