"""What the address of a list asks."""

from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework import serializers


class Question(serializers.Serializer[Any]):
    """The parameters of an address. One that is given twice with different answers is refused, not half heard."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        torn = [name for name, field in self.fields.items() if _is_torn(name, field, data)]
        if torn:
            text = _("This is given twice, with different answers. Send one.")
            raise serializers.ValidationError({name: [text] for name in torn})
        values: dict[str, Any] = super().to_internal_value(data)
        return values


def _is_torn(name: str, field: Any, data: Any) -> bool:
    takes_several = isinstance(field, serializers.ListField | serializers.MultipleChoiceField)
    return not takes_several and isinstance(data, QueryDict) and len(set(data.getlist(name))) > 1
