"""The two buttons of what is never deleted: off, and on again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy
from unfold.decorators import action
from unfold.enums import ActionVariant

from milkdelivery.backoffice.base import ActionAdmin
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.core.actors import Actor
from milkdelivery.core.web import actor_of


@dataclass(frozen=True, slots=True)
class Words:
    """What one button asks and says; `%(name)s` stands for the record."""

    title: Any
    intro: Any
    submit: Any
    done: Any


class SwitchAdmin(ActionAdmin):
    """A record with `is_active`, which only the two buttons change."""

    off: Words
    on: Words

    def switch(self, record: Any, *, on: bool, by: Actor) -> object:
        """Call the action."""
        raise NotImplementedError

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """One of the two, whichever changes something."""
        is_active = self.get_queryset(request).filter(pk=object_id).values_list("is_active", flat=True).first()
        unwanted = "activate" if is_active in (True, None) else "deactivate"
        return [button for button in super().get_actions_detail(request, object_id) if button.path != unwanted]

    @action(
        description=gettext_lazy("Switch off"),
        permissions=["operate"],
        url_path="deactivate",
        icon="block",
        variant=ActionVariant.DANGER,
    )
    def deactivate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, self.off, on=False)

    @action(description=gettext_lazy("Switch on"), permissions=["operate"], url_path="activate", icon="check_circle")
    def activate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(request, object_id, self.on, on=True)

    def _ask(self, request: HttpRequest, object_id: str, words: Words, *, on: bool) -> HttpResponse:
        record = self.record(request, object_id)
        name = {"name": record}

        def perform(_answer: dict[str, Any]) -> str:
            self.switch(record, on=on, by=actor_of(request))
            return str(words.done % name)

        question = Question(
            title=str(words.title % name),
            intro=str(words.intro),
            submit=str(words.submit),
            is_dangerous=not on,
            perform=perform,
        )
        return ask(self, request, record, question)
