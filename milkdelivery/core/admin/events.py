"""Deliveries of events: dead letters to decide on."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action, display

from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.forms import ReasonForm
from milkdelivery.backoffice.pages import Effect, Question, ask, ask_about_many
from milkdelivery.core.eventlog import actions as eventlog
from milkdelivery.core.models import EventDelivery
from milkdelivery.core.web import actor_of

ERROR_PREVIEW = 120

Status = EventDelivery.Status


class AttentionFilter(admin.SimpleListFilter):
    """The list opens on what needs a decision; receipts are there for whoever asks."""

    title = gettext_lazy("show")
    parameter_name = "show"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("all", gettext_lazy("All deliveries"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.value() == "all" else queryset & EventDelivery.objects.troubled()

    def choices(self, changelist: Any) -> Any:
        """As Django's, with the default named for what it is."""
        for number, choice in enumerate(super().choices(changelist)):
            yield {**choice, "display": gettext_lazy("Failing and dead letters")} if number == 0 else choice


@admin.register(EventDelivery)
class EventDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("event_name", "subject", "subscriber", "shown_status", "attempts", "next_attempt_at", "problem")
    list_display_links = ("event_name",)
    list_filter = (AttentionFilter, "status")
    list_select_related = ("event",)
    search_fields = ("subject", "subscriber")
    ordering = ("event_id", "id")
    fields = (
        "event",
        "subscriber",
        "subject",
        "status",
        "attempts",
        "next_attempt_at",
        "done_at",
        "full_error",
    )
    readonly_fields = fields
    actions = ("retry_many",)
    actions_detail = ("retry", "discard")

    @display(description=gettext_lazy("event"), ordering="event_id")
    def event_name(self, delivery: EventDelivery) -> str:
        return f"{delivery.event.name} #{delivery.event_id}"

    @display(
        description=gettext_lazy("status"),
        ordering="status",
        label={Status.DEAD: "danger", Status.PENDING: "warning", Status.DONE: "success", Status.DISCARDED: "info"},
    )
    def shown_status(self, delivery: EventDelivery) -> tuple[str, str]:
        return delivery.status, delivery.get_status_display()

    @display(description=gettext_lazy("problem"))
    def problem(self, delivery: EventDelivery) -> str:
        lines = delivery.last_error.strip().splitlines()
        return lines[-1][:ERROR_PREVIEW] if lines else ""

    @display(description=gettext_lazy("last error"))
    def full_error(self, delivery: EventDelivery) -> SafeString:
        return format_html("<pre>{}</pre>", delivery.last_error)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Nothing is left to decide about what was handled or discarded."""
        return super().get_actions_detail(request, object_id) if self._is_open(object_id) else []

    def _is_open(self, object_id: Any) -> bool:
        return EventDelivery.objects.filter(pk=object_id, status__in=[Status.PENDING, Status.DEAD]).exists()

    @action(description=gettext_lazy("Try again"), url_path="retry", icon="replay", permissions=["operate"])
    def retry(self, request: HttpRequest, object_id: int) -> HttpResponse:
        delivery = self._delivery(object_id)

        def perform(answer: dict[str, Any]) -> str:
            eventlog.retry_delivery(delivery.pk, by=actor_of(request))
            return _("The event will be delivered again within seconds.")

        question = Question(
            title=_("Deliver this event again?"),
            submit=_("Try again"),
            intro=_("Do this once what was broken is mended. Later events of the subject follow in order."),
            facts=_facts(delivery),
            perform=perform,
        )
        return ask(self, request, delivery, question)

    @action(description=gettext_lazy("Discard"), url_path="discard", icon="delete", permissions=["operate"])
    def discard(self, request: HttpRequest, object_id: int) -> HttpResponse:
        delivery = self._delivery(object_id)

        def perform(answer: dict[str, Any]) -> str:
            eventlog.discard_delivery(delivery.pk, by=actor_of(request), reason=answer["reason"])
            return _("The event is discarded; what waited behind it goes on.")

        question = Question(
            title=_("Discard this event?"),
            submit=_("Discard"),
            intro=_("This subscriber will never handle it. Later events of the subject go on."),
            facts=_facts(delivery),
            form=ReasonForm,
            perform=perform,
            is_dangerous=True,
        )
        return ask(self, request, delivery, question)

    @action(description=gettext_lazy("Try again"), permissions=["operate"])
    def retry_many(self, request: HttpRequest, queryset: QuerySet[EventDelivery]) -> HttpResponse | None:
        return ask_about_many(
            self,
            request,
            queryset.select_related("event"),
            action="retry_many",
            title=_("Deliver these events again?"),
            submit=_("Try again"),
            preview=lambda delivery: Effect(delivery, [delivery.event.name, delivery.subject, self.problem(delivery)]),
            perform=lambda delivery: eventlog.retry_delivery(delivery.pk, by=actor_of(request)),
            done=lambda count: (
                ngettext("%(count)d event will be delivered again.", "%(count)d events will be delivered again.", count)
                % {"count": count}
            ),
        )

    def _delivery(self, object_id: int) -> EventDelivery:
        return get_object_or_404(EventDelivery.objects.select_related("event"), pk=object_id)


def _facts(delivery: EventDelivery) -> list[tuple[str, Any]]:
    return [
        (_("Event"), f"{delivery.event.name} #{delivery.event_id}"),
        (_("Subject"), delivery.subject),
        (_("Subscriber"), delivery.subscriber),
        (_("Attempts"), delivery.attempts),
        (_("Events that wait behind it"), EventDelivery.objects.waiting_behind(delivery).count()),
    ]
