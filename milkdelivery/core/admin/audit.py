"""The event log to read: who did what to what, when and from where; by person, kind, subject, days and address."""

from __future__ import annotations

import csv
import ipaddress
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter, TextFilter
from unfold.decorators import display

from accounts.models import User
from inventory.rules.files import guarded
from milkdelivery.backoffice import audit
from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import day_span
from milkdelivery.backoffice.happenings import words_of
from milkdelivery.core.eventlog.events import event_names
from milkdelivery.core.models import Event, EventOrigin

MOST_PEOPLE = 50
"""Namesakes that a search for a person looks at."""

MOST_EXPORTED = 100_000
"""Rows of one file. The rest is got by asking for fewer days."""

CHUNK = 1_000
MARK = "\ufeff"


class KindFilter(DropdownFilter):
    """By the names the code knows: asking a log of millions for its names would read it whole."""

    title = gettext_lazy("what")
    parameter_name = "name"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return sorted(((name, f"{words_of(name)} ({name})") for name in event_names()), key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        name = self.value()
        return queryset.filter(name=name) if name else queryset


class PersonFilter(TextFilter):
    """By e-mail, phone, name or number, whole, of whoever did it."""

    title = gettext_lazy("person (e-mail, phone, name or number)")
    parameter_name = "person"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        asked = (self.value() or "").strip()
        return queryset.filter(actor_id__in=people_called(asked)) if asked else queryset


class SubjectFilter(TextFilter):
    title = gettext_lazy("subject, such as order:42")
    parameter_name = "subject"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        asked = (self.value() or "").strip()
        return queryset.filter(subject=asked) if asked else queryset


class AddressFilter(TextFilter):
    title = gettext_lazy("IP address")
    parameter_name = "ip"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        asked = (self.value() or "").strip()
        return queryset.filter(from_address(asked)) if asked else queryset


def people_called(asked: str) -> list[int]:
    """Whose contact, name or number that is. At most MOST_PEOPLE."""
    number = asked.removeprefix("user:")
    if number.isascii() and number.isdigit() and len(number) < 10:
        return [int(number)]
    contact = Q(email__iexact=asked) | Q(phone=asked) | Q(contact_email__iexact=asked) | Q(contact_phone=asked)
    found = User.objects.filter(contact | Q(name__iexact=asked)).order_by("pk")
    return list(found.values_list("pk", flat=True)[:MOST_PEOPLE])


def from_address(asked: str) -> Q:
    """Events of requests from there, by the index of their requests."""
    try:
        ip = str(ipaddress.ip_address(asked))
    except ValueError:
        return Q(pk__in=[])
    requests = EventOrigin.objects.filter(ip=ip).values("request_id")
    return ~Q(request_id="") & Q(request_id__in=requests)


class ToldList(ChangeList):
    """A page of events, told together: names cost as much for two hundred rows as for one."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        events = list(self.result_list)
        told = audit.tell(events)
        for event in events:
            event.told = told[event.pk]
        self.result_list = events


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = (
        when("occurred_at", gettext_lazy("when")),
        "what",
        "who",
        "about",
        "told_facts",
        "where",
    )
    list_display_links = ("what",)
    list_filter = (KindFilter, PersonFilter, SubjectFilter, AddressFilter, day_span("occurred_at"))
    search_fields = ("subject", "request_id")
    search_help_text = gettext_lazy("A subject such as order:42, an order’s number, or the id of a request, in full")
    list_select_related = ("origin",)
    show_full_result_count = False
    actions = ("as_file",)
    fields = (
        ("what", "name"),
        ("who", "role_told"),
        ("occurred_at", "recorded_at"),
        ("about", "subject"),
        "all_facts",
        "changes",
        ("where", "device"),
        ("request_id", "same_request"),
        "raw",
    )
    readonly_fields = (
        "what", "who", "role_told", "about", "all_facts", "changes", "where", "device", "same_request", "raw",
    )  # fmt: skip

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ToldList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Exact, so that the indexes answer however long the log is."""
        term = search_term.strip()
        if not term:
            return queryset, False
        subjects = [term, *audit.subjects_called(term)]
        return queryset.filter(Q(subject__in=subjects) | Q(request_id=term)), False

    @display(description=gettext_lazy("what"), ordering="name")
    def what(self, event: Event) -> str:
        return _told(event).what

    @display(description=gettext_lazy("who"))
    def who(self, event: Event) -> str:
        told = _told(event)
        return f"{told.who} ({told.role})" if told.role and event.actor_id else told.who

    @display(description=gettext_lazy("role"))
    def role_told(self, event: Event) -> str:
        return _told(event).role or "–"

    @display(description=gettext_lazy("about"), ordering="subject")
    def about(self, event: Event) -> str:
        return _told(event).subject.html()

    @display(description=gettext_lazy("details"))
    def told_facts(self, event: Event) -> str:
        parts = [f"{label}: {value}" for label, value, _url in _told(event).facts]
        text = " · ".join(parts)
        return text if len(text) <= 120 else f"{text[:119]}…"

    @display(description=gettext_lazy("details"))
    def all_facts(self, event: Event) -> SafeString | str:
        rows = [(label, audit.Thing(value, url).html()) for label, value, url in _told(event).facts]
        return format_html_join("", "<div>{}: {}</div>", rows) or "–"

    @display(description=gettext_lazy("what changed"))
    def changes(self, event: Event) -> SafeString | str:
        rows = ((change.field, change.old, change.new) for change in audit.changes_of(event))
        return format_html_join("", "<div>{}: {} → {}</div>", rows) or "–"

    @display(description=gettext_lazy("from where"))
    def where(self, event: Event) -> str:
        return _told(event).where or "–"

    @display(description=gettext_lazy("device"))
    def device(self, event: Event) -> str:
        return audit.device_of(event) or "–"

    @display(description=gettext_lazy("of the same request"))
    def same_request(self, event: Event) -> SafeString | str:
        if not event.request_id:
            return "–"
        return format_html('<a href="../../?q={}">{}</a>', event.request_id, _("All of it"))

    @display(description=gettext_lazy("as it is kept"))
    def raw(self, event: Event) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(event.data, indent=2, ensure_ascii=False))

    @admin.action(description=gettext_lazy("As a file (CSV)"), permissions=["view"])
    def as_file(self, request: HttpRequest, chosen: QuerySet[Event]) -> StreamingHttpResponse:
        """The chosen ones as rows, newest first. Filter, then choose all."""
        response = StreamingHttpResponse(rows_of(chosen), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="events.csv"'
        return response


def _told(event: Any) -> audit.Told:
    """As its list told it; on its own page it is told there."""
    if not hasattr(event, "told"):
        event.told = audit.tell([event])[event.pk]
    told: audit.Told = event.told
    return told


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def rows_of(chosen: QuerySet[Event]) -> Iterator[str]:
    """A CSV file, a chunk at a time. What a spreadsheet would run is made harmless; a file that is cut says so."""
    writer = csv.writer(_Echo())
    heads = [_("When"), _("What"), _("Event"), _("Who"), _("Role"), _("About"), _("Subject"), _("Details")]
    yield MARK + str(writer.writerow([*heads, _("IP address"), _("Place"), _("Device"), _("Request")]))
    events = chosen.select_related("origin").order_by("-pk")[: MOST_EXPORTED + 1]
    left = MOST_EXPORTED
    rows = events.iterator(chunk_size=CHUNK)
    while chunk := list(islice(rows, CHUNK)):
        told = audit.tell(chunk)
        for event in chunk[:left]:
            yield str(writer.writerow([guarded(cell) for cell in _cells(event, told[event.pk])]))
        left -= len(chunk)
    if left < 0:
        word = _("Cut after %(most)d rows: choose fewer days for the rest.") % {"most": MOST_EXPORTED}
        yield str(writer.writerow([word]))


def _cells(event: Event, told: audit.Told) -> list[str | None]:
    origin = event.origin
    details = "; ".join(f"{label}: {value}" for label, value, _url in told.facts)
    where = [origin.ip, origin.place, origin.user_agent] if origin else ["", "", ""]
    at = event.occurred_at.isoformat(timespec="seconds")
    about = [told.subject.words, event.subject]
    return [at, told.what, event.name, told.who, told.role, *about, details, *where, event.request_id]
