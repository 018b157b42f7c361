"""The page of a nightly recount: what rows say against what their logs add up to, and counting once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action, display

from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.core.actors import Actor
from milkdelivery.core.web import actor_of


@dataclass(frozen=True, slots=True)
class Difference:
    """One claim that does not hold: of which record (`link` leads to it, where there is one), and both figures."""

    where: str
    link: str
    claim: str | Promise
    subject: str
    row: Any
    counted: Any


class RecountAdmin(ReadOnlyAdmin):
    """Of reports with a `drift_count` and the `drifts` themselves."""

    change_form_template = "admin/recount.html"
    actions_detail = ("again",)
    readonly_fields = ("result_in_words",)

    place: ClassVar[str | Promise]
    """What the records are called that differ."""
    advice: ClassVar[str | Promise]
    """What is to be done about a difference."""
    question: ClassVar[str | Promise]
    intro: ClassVar[str | Promise]

    def differences(self, report: Any) -> Sequence[Difference]:
        raise NotImplementedError

    def count_again(self, report: Any, *, by: Actor) -> Any:
        """A fresh report of the same."""
        raise NotImplementedError

    def what_is_counted(self, report: Any) -> tuple[str, Any]:
        raise NotImplementedError

    @display(
        description=gettext_lazy("result"), ordering="drift_count", label={"AGREES": "success", "DIFFERS": "danger"}
    )
    def result(self, report: Any) -> tuple[str, str]:
        if not report.drift_count:
            return "AGREES", _("All agrees")
        words = ngettext("%(count)d difference", "%(count)d differences", report.drift_count)
        return "DIFFERS", words % {"count": report.drift_count}

    @display(description=gettext_lazy("result"))
    def result_in_words(self, report: Any) -> str:
        return self.result(report)[1]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        report = kwargs.get("obj")
        if report is not None:
            context |= {"drifts": self.differences(report), "place": self.place, "advice": self.advice}
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    @action(description=gettext_lazy("Recount now"), permissions=["operate"], url_path="recount", icon="refresh")
    def again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        report = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            fresh = self.count_again(report, by=actor_of(request))
            words = ngettext("Counted: %(count)d difference.", "Counted: %(count)d differences.", fresh.drift_count)
            return words % {"count": fresh.drift_count}

        question = Question(
            str(self.question), _("Recount"), perform, intro=str(self.intro), facts=[self.what_is_counted(report)]
        )
        return ask(self, request, report, question)
