"""What a body may hold."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.fields import SkipField


class Body(serializers.Serializer[Any]):
    """A mixin of serializers that read a body: nothing that was sent is passed over without a word.

    A key that it doesn't know is refused, so that a slip of the hand is no change that never happened. What it only
    shows may be sent back as it was read, and is refused where it says something else.
    """

    elsewhere: ClassVar[Mapping[str, Any]] = {}
    """For keys that are only shown: where they are changed, in words."""
    moving: ClassVar[tuple[str, ...]] = ()
    """Keys that are only shown and move by themselves: whatever they say may be sent back."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        refused = self._refused(data) if isinstance(data, Mapping) else {}
        try:
            values: dict[str, Any] = super().to_internal_value(data)
        except serializers.ValidationError as refusal:
            if isinstance(refusal.detail, dict):
                raise serializers.ValidationError({**refused, **refusal.detail}) from refusal
            raise
        if refused:
            raise serializers.ValidationError(refused)
        return values

    def _refused(self, data: Mapping[str, Any]) -> dict[str, list[str]]:
        refused: dict[str, list[str]] = {}
        for name in data:
            field = self.fields.get(name)
            if field is None:
                refused[str(name)] = [_("There is no such field.")]
            elif field.read_only and name not in self.moving and not self._is_as_read(field, data[name]):
                refused[str(name)] = [str(self.elsewhere.get(name) or _("This can't be changed here."))]
        return refused

    def _is_as_read(self, field: Any, sent: Any) -> bool:
        """Whether it says of the record what is so; of one that is still to be made, what would be so."""
        model = getattr(getattr(self, "Meta", None), "model", None)
        record = self.instance if self.instance is not None else model and model()
        try:
            value = field.get_attribute(record)
        except (SkipField, AttributeError, KeyError):
            return False
        return (None if value is None else field.to_representation(value)) == sent
