"""Forms that ask once more before something is saved that is allowed and seldom meant."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django import forms
from django.forms import ModelForm
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldBooleanWidget

MEANT = "is_meant"
"""The field of the tick; a page lists it among its fields."""


class _Tick(UnfoldBooleanWidget):
    """A tick that answers one question and no other: what it sends is that question's mark. Never ticked by itself."""

    def __init__(self, mark: str) -> None:
        super().__init__(check_test=lambda _value: False)
        self.mark = mark

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["widget"]["value"] = self.mark
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.get(name, "")


class AskingForm(ModelForm):
    """A mixin of forms. `ask` is called from `clean`; what was ticked holds for the very facts that were asked about:
    where they are others by now, it asks again."""

    is_meant = forms.CharField(label=_("Save all the same"), required=False, widget=forms.HiddenInput)

    def ask(self, field: str, words: str, *, about: object, tick: Any = None) -> None:
        """Refuse at `field` with `words` until the tick comes with a form that leads to the same question.

        `about` are the facts: equal ones are one question. `tick` names the box.
        """
        mark = sha256(repr(about).encode()).hexdigest()[:16]
        if self.cleaned_data.get(MEANT) == mark:
            return
        self.fields[MEANT].widget = _Tick(mark)
        if tick is not None:
            self[MEANT].label = tick
        self.add_error(field, words)
