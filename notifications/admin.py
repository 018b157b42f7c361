"""Messages in the back office: what people were told, and whether it arrived."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language_info, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import display

from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import choices, instants
from milkdelivery.backoffice.pages import Effect, ask_about_many
from milkdelivery.core.web import actor_of
from notifications.actions import retry
from notifications.models import Notification
from notifications.previews import SHOWN, channels_of, preview
from notifications.rules import KIND_NAMES, KINDS, Audience, Severity
from notifications.sent_again import NotRetriable, ensure_retriable
from notifications.words import GROUP_NAMES

COLOURS = {
    Notification.Status.QUEUED: "info",
    Notification.Status.SENT: "success",
    Notification.Status.FAILED: "danger",
    Notification.Status.SKIPPED: None,
}


AUDIENCES = {
    Audience.HOUSEHOLD: gettext_lazy("To households"),
    Audience.VENDOR: gettext_lazy("To dairies"),
    Audience.DRIVER: gettext_lazy("To drivers"),
    Audience.STAFF: gettext_lazy("To staff"),
}
SEVERITIES = {
    Severity.INFO: gettext_lazy("to know"),
    Severity.WARNING: gettext_lazy("to look at today"),
    Severity.CRITICAL: gettext_lazy("urgent"),
}
LETTER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""Of a mail in its frame: it brings its own style and may do nothing at all."""


class KindFilter(RadioFilter):
    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [(str(kind), name) for kind, name in KIND_NAMES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Notification]) -> QuerySet[Notification]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    change_list_template = "admin/notifications/notification/change_list.html"
    list_display = (
        when("created_at", gettext_lazy("made")),
        "kind_name",
        "recipient",
        "channel",
        "address",
        "shown_status",
        "attempts",
        when("sent_at", gettext_lazy("sent")),
    )
    list_select_related = ("recipient",)
    actions = ("retry_selected",)
    list_filter = (KindFilter, choices("status"), choices("channel"), instants("created_at"))
    search_fields = ("address", "kind", "subject", "recipient__name")
    fieldsets = (
        (None, {"fields": (("recipient", "role"), ("kind_name", "channel"), ("address", "language"))}),
        (gettext_lazy("Message"), {"fields": ("subject", "body")}),
        (
            gettext_lazy("Sending"),
            {
                "fields": (
                    ("status", "attempts"),
                    ("created_at", "sent_at"),
                    "next_attempt_at",
                    "last_error",
                    "provider_id",
                )
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Notification | None = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), "kind_name"]

    @display(description=gettext_lazy("kind"), ordering="kind")
    def kind_name(self, message: Notification) -> str:
        return str(KIND_NAMES.get(message.kind, message.kind))

    @display(description=gettext_lazy("status"), ordering="status", label=COLOURS)
    def shown_status(self, message: Notification) -> tuple[str, str]:
        return message.status, message.get_status_display()

    @admin.action(description=gettext_lazy("Send again"), permissions=["operate"])
    def retry_selected(self, request: HttpRequest, queryset: QuerySet[Notification]) -> HttpResponse | None:
        return ask_about_many(
            self,
            request,
            queryset.select_related("recipient").order_by("pk"),
            action="retry_selected",
            title=_("Send messages again"),
            intro=_("What they say is read from the books when they go out. What is no longer so is not sent."),
            submit=_("Send again"),
            preview=_retrying_effect,
            perform=lambda message: retry(message.pk, by=actor_of(request)),
            done=lambda count: (
                ngettext("%(count)d message goes out again.", "%(count)d messages go out again.", count)
                % {"count": count}
            ),
        )

    # -- what messages look like -----------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("previews/", view(self.previews), name="notifications_previews"),
            path("previews/<slug:kind>/<slug:channel>/<slug:language>/", view(self.one), name="notifications_preview"),
            path(
                "previews/<slug:kind>/<slug:language>/letter.html",
                view(self.letter),
                name="notifications_preview_letter",
            ),
        ]
        return [*own, *super().get_urls()]

    def previews(self, request: HttpRequest) -> HttpResponse:
        """Every kind, by whom it is for, with the ways it goes out."""
        self._ensure_may_look(request)
        groups = [
            (label, [_kind_row(kind) for kind in SHOWN if KINDS[kind].audience == audience])
            for audience, label in AUDIENCES.items()
        ]
        return self._page(request, "previews", _("What we tell"), groups=groups)

    def one(self, request: HttpRequest, kind: str, channel: str, language: str) -> HttpResponse:
        """One kind on one channel in one language, about the latest record that it fits."""
        self._ensure_may_look(request)
        if kind not in SHOWN or channel not in channels_of(kind) or language not in dict(settings.LANGUAGES):
            raise Http404
        shown = preview(kind, channel, language)
        has_html = shown is not None and bool(shown.message.html)
        return self._page(
            request,
            "preview",
            str(KIND_NAMES[kind]),
            name=KIND_NAMES[kind],
            shown=shown,
            channels=[
                (Notification.Channel(each).label, _preview_url(kind, each, language), each == channel)
                for each in channels_of(kind)
            ],
            languages=[
                (get_language_info(code)["name_local"], _preview_url(kind, channel, code), code == language)
                for code, _name in settings.LANGUAGES
            ],
            raw_url=reverse("admin:notifications_preview_letter", args=[kind, language]) if has_html else "",
            all_url=reverse("admin:notifications_previews"),
        )

    def letter(self, request: HttpRequest, kind: str, language: str) -> HttpResponse:
        """The mail itself, for its frame: with its own style, and nothing that runs or leads away."""
        self._ensure_may_look(request)
        if kind not in SHOWN or language not in dict(settings.LANGUAGES):
            raise Http404
        shown = preview(kind, Notification.Channel.EMAIL, language)
        if shown is None:
            raise Http404
        response = HttpResponse(shown.message.html)
        response["Content-Security-Policy"] = LETTER_POLICY
        response["X-Frame-Options"] = "SAMEORIGIN"
        response["Cache-Control"] = "no-store"
        return response

    def _ensure_may_look(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _page(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, "media": self.media}
        return TemplateResponse(request, f"admin/notifications/notification/{template}.html", {**frame, **context})


def _retrying_effect(message: Notification) -> Effect:
    """What sending a message again will do."""
    where = message.address or str(message.recipient or "")
    made = date_format(localtime(message.created_at), "j M H:i")
    facts = [str(KIND_NAMES.get(message.kind, message.kind)), message.get_channel_display(), where, made]
    try:
        ensure_retriable(message)
    except NotRetriable as refusal:
        return Effect(message, facts, str(refusal))
    return Effect(message, [*facts, message.last_error] if message.last_error else facts)


def _kind_row(kind: str) -> dict[str, Any]:
    spec = KINDS[kind]
    first = settings.LANGUAGES[0][0]
    return {
        "name": spec.name,
        "group": GROUP_NAMES[spec.group],
        "severity": SEVERITIES[spec.severity] if spec.severity else "",
        "is_held": spec.is_held,
        "worth": _long(spec.worth),
        "ways": [
            {"label": Notification.Channel(channel).label, "url": _preview_url(kind, channel, first)}
            for channel in channels_of(kind)
        ],
    }


def _long(span: timedelta | None) -> str:
    """So many days, hours or minutes; "" for ever."""
    if span is None:
        return ""
    minutes = span // timedelta(minutes=1)
    days, hours = span // timedelta(days=1), span // timedelta(hours=1)
    if days >= 2:
        return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    if hours:
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


def _preview_url(kind: str, channel: str, language: str) -> str:
    return reverse("admin:notifications_preview", args=[kind, channel, language])
