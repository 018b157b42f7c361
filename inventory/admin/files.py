"""Files of counts and receipts in the back office: upload, look over, take over; and the stock as a file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import chain
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminFileFieldWidget

from inventory import actions
from inventory.models import Batch, Stock, StockImport, StockImportRow
from inventory.rules.files import COLUMNS, MOST_BYTES, MOST_LINES, guarded
from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import choices
from milkdelivery.backoffice.meanwhile import show_refusal
from milkdelivery.backoffice.pages import Question, ask, record_url
from milkdelivery.backoffice.words import names_of
from milkdelivery.core import clock
from milkdelivery.core.errors import DomainError
from milkdelivery.core.web import actor_of

SHOWN_LINES = 200
LOOK_AGAIN_SECONDS = 4
READ_AT_ONCE = 100_000
"""Bytes of a file that is read while its sender waits; a larger one is the worker's."""

MARK = "\ufeff"
"""By this a spreadsheet knows UTF-8."""

State = StockImport.State
RowState = StockImportRow.State


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,text/csv"}),
        help_text=gettext_lazy("CSV in UTF-8"),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(
                _("The file is larger than %(most)d MB. Send it in parts.") % {"most": MOST_BYTES // 1024 // 1024}
            )
        return file


class _Echo:
    """A file that gives back what is written into it, so that a table is sent line by line."""

    def write(self, text: str) -> str:
        return text


@admin.register(StockImport)
class StockImportAdmin(ReadOnlyAdmin):
    change_form_template = "admin/inventory/stockimport/change_form.html"
    list_display = ("name", "state_name", when("created_at", gettext_lazy("uploaded at")), "by", "good", "bad")
    list_filter = (choices("state"),)
    search_fields = ("name",)
    actions_list = ("upload", "export")
    actions_detail = ("take_over",)
    fields = (("name", "state"), ("created_at", "by"), "problem")
    readonly_fields = ("by",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[StockImport]:
        good = Count("rows", filter=Q(rows__state__in=[RowState.READY, RowState.DONE]))
        bad = Count("rows", filter=Q(rows__state__in=[RowState.BAD, RowState.FAILED]))
        return super().get_queryset(request).defer("content").annotate(good_count=good, bad_count=bad)

    @display(
        description=gettext_lazy("state"),
        ordering="state",
        label={"UPLOADED": "info", "CHECKED": "warning", "RUNNING": "info", "DONE": "success", "REFUSED": "danger"},
    )
    def state_name(self, kept: StockImport) -> tuple[str, str]:
        return kept.state, kept.get_state_display()

    @display(description=gettext_lazy("who"))
    def by(self, kept: StockImport) -> str:
        return names_of([kept.actor])[kept.actor]

    @display(description=gettext_lazy("good lines"), ordering="good_count")
    def good(self, kept: Any) -> int:
        return int(kept.good_count)

    @display(description=gettext_lazy("wrong lines"), ordering="bad_count")
    def bad(self, kept: Any) -> int:
        return int(kept.bad_count)

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        is_waiting = StockImport.objects.filter(pk=object_id, state=State.CHECKED).exists()
        return super().get_actions_detail(request, object_id) if is_waiting else []

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        kept: StockImport | None = kwargs.get("obj")
        if kept is not None:
            counts = dict(kept.rows.order_by("state").values_list("state").annotate(number=Count("pk")))
            wrong = kept.rows.filter(state__in=[RowState.BAD, RowState.FAILED]).order_by("line")
            context["counts"] = [(label, counts[value]) for value, label in RowState.choices if counts.get(value)]
            context["done"] = counts.get(RowState.DONE, 0) + counts.get(RowState.FAILED, 0)
            context["total"] = sum(counts.values())
            context["wrong"] = list(wrong[:SHOWN_LINES])
            context["ready"] = list(kept.rows.filter(state=RowState.READY).order_by("line")[:SHOWN_LINES])
            context["shown_lines"] = SHOWN_LINES
            context["is_moving"] = kept.state in (State.UPLOADED, State.RUNNING)
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        if context.get("is_moving"):
            response["Refresh"] = str(LOOK_AGAIN_SECONDS)
        return response

    @action(description=gettext_lazy("Upload a file"), permissions=["operate"], url_path="upload", icon="upload_file")
    def upload(self, request: HttpRequest) -> HttpResponse:
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                kept, is_new = actions.upload_file(name=file.name, content=file.read(), by=actor_of(request))
            except DomainError as refusal:
                show_refusal(form, refusal)
            else:
                if not is_new:
                    messages.warning(request, _("This very file was uploaded today already: here it is."))
                elif file.size <= READ_AT_ONCE:
                    actions.read_file(kept.pk)
                return HttpResponseRedirect(record_url(self, kept))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Upload counts and receipts"),
            "media": self.media + form.media,
            "form": form,
            "columns": COLUMNS,
            "most_lines": MOST_LINES,
            "back_url": reverse("admin:inventory_stockimport_changelist"),
        }
        return TemplateResponse(request, "admin/inventory/stockimport/upload.html", context)

    @action(description=gettext_lazy("Stock as a file"), permissions=["operate"], url_path="export", icon="download")
    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """All shelves in the columns of an upload: each batch that is there, and the shelves that are empty."""
        writer: Any = csv.writer(_Echo())
        lines = (writer.writerow(cells) for cells in _table())
        response = StreamingHttpResponse(chain([MARK], lines), content_type="text/csv; charset=utf-8")
        day = clock.now().date().isoformat()
        response["Content-Disposition"] = f'attachment; filename="stock-{day}.csv"'
        return response

    @action(description=gettext_lazy("Take over"), permissions=["operate"], url_path="take-over", icon="task_alt")
    def take_over(self, request: HttpRequest, object_id: str) -> HttpResponse:
        kept = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            actions.start_file(kept.pk, by=actor_of(request))
            return _("The good lines are being taken over. You can leave this page and come back.")

        question = Question(
            _("Take the good lines over"),
            _("Take over"),
            perform,
            intro=_("Each good line becomes a movement. Wrong lines are left out."),
            facts=[(_("File"), kept.name), (_("Good lines"), kept.good_count), (_("Wrong lines"), kept.bad_count)],
        )
        return ask(self, request, kept, question)


def _table() -> Iterator[list[str]]:
    """The header, then the empty shelves and the batches of the others, read in portions."""
    yield list(COLUMNS)
    empty = Stock.objects.filter(on_hand=0).select_related("vendor", "variant")
    for stock in empty.order_by("vendor__name", "variant__sku").iterator(chunk_size=1000):
        yield [guarded(cell) for cell in (stock.vendor.name, stock.variant.sku, 0, "COUNT", "", "", "")]
    batches = Batch.objects.filter(remaining__gt=0).select_related("stock__vendor", "stock__variant").order_by("pk")
    for batch in batches.iterator(chunk_size=1000):
        shelf = (batch.stock.vendor.name, batch.stock.variant.sku)
        goods = (batch.remaining, "COUNT", batch.code, batch.produced_on, batch.expires_on)
        yield [guarded(cell) for cell in (*shelf, *goods)]
