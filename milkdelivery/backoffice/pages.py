"""The page between a button and its action: what will happen, a form, and a refusal where it belongs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin, helpers
from django.db.models import Model, QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from milkdelivery.backoffice.forms import ConfirmForm
from milkdelivery.backoffice.meanwhile import show_refusal
from milkdelivery.core.errors import DomainError
from milkdelivery.core.idempotency import Landed, answer_once, fresh_form_key

MOST_AT_ONCE = 500
"""Records one bulk action takes: each is a transaction of its own, and a request must end in time."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One row of a preview: the record, what will happen to it, or why nothing will."""

    record: Any
    facts: Sequence[str] = ()
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What a page asks. `perform` gets the cleaned form, calls the action and says what was done."""

    title: str
    submit: str
    perform: Callable[[dict[str, Any]], str]
    form: Callable[..., Form] = ConfirmForm
    initial: Mapping[str, Any] | None = None
    intro: str = ""
    facts: Sequence[tuple[str, Any]] = ()
    is_dangerous: bool = False


def ask(admin: ModelAdmin, request: HttpRequest, obj: Model, question: Question, *, back: str = "") -> HttpResponse:
    """Show the question about one record, or do once what was answered and go `back` (or to the record)."""
    sent: dict[str, Any] = {"data": request.POST, "files": request.FILES} if request.method == "POST" else {}
    form = question.form(**sent, initial=question.initial)

    def show() -> HttpResponse:
        context = {"question": question, "form": form, "back_url": record_url(admin, obj), "object": obj}
        context["form_key"] = fresh_form_key()
        return _page(admin, request, question.title, context, template="admin/question.html")

    def answer() -> HttpResponse:
        if form.is_valid():
            try:
                return Landed(request, back or record_url(admin, obj), question.perform(form.cleaned_data))
            except DomainError as refusal:
                show_refusal(form, refusal)
        return show()

    if request.method != "POST":
        return show()
    try:
        return answer_once(request, answer)
    except DomainError as refusal:
        form.full_clean()
        show_refusal(form, refusal)
        return show()


def ask_about_many(
    admin: ModelAdmin,
    request: HttpRequest,
    queryset: QuerySet[Any],
    *,
    action: str,
    title: str,
    submit: str,
    preview: Callable[[Any], Effect],
    perform: Callable[..., object],
    done: Callable[[int], str],
    form: Callable[..., Form] | None = None,
    intro: str = "",
    is_dangerous: bool = False,
) -> HttpResponse | None:
    """Show what a bulk action will do to each chosen record; on confirmation do it, one transaction a record.

    A record that is refused stays as it was; the others go on. Where any was, the answer is a page that says of each
    what became of it, otherwise the list with the count. With a `form`, `perform` gets its cleaned answer too.
    """
    records = list(queryset[: MOST_AT_ONCE + 1])
    if len(records) > MOST_AT_ONCE:
        messages.error(request, _("Choose at most %(most)d at once.") % {"most": MOST_AT_ONCE})
        return None
    is_answered = "confirmed" in request.POST
    asked = (form or ConfirmForm)(request.POST if is_answered else None)
    back_url = reverse(f"admin:{admin.opts.app_label}_{admin.opts.model_name}_changelist")
    if is_answered and asked.is_valid():
        more = (asked.cleaned_data,) if form is not None else ()
        results = [_result(record, perform, more) for record in records]
        count = sum(1 for result in results if not result.refusal)
        if count:
            messages.success(request, done(count))
        if count == len(results):
            return None
        told = {"results": results, "back_url": back_url}
        return _page(admin, request, title, told, template="admin/bulk_results.html")
    effects = [preview(record) for record in records]
    context = {
        "form": asked,
        "intro": intro,
        "submit": submit,
        "effects": effects,
        "doable": sum(1 for effect in effects if not effect.refusal),
        "action": action,
        "checkbox_name": helpers.ACTION_CHECKBOX_NAME,
        "back_url": back_url,
        "is_dangerous": is_dangerous,
        "summary": ngettext("%(count)d chosen", "%(count)d chosen", len(effects)) % {"count": len(effects)},
    }
    return _page(admin, request, title, context, template="admin/bulk_question.html")


def record_url(admin: ModelAdmin, obj: Model) -> str:
    return reverse(f"admin:{admin.opts.app_label}_{admin.opts.model_name}_change", args=(obj.pk,))


def _result(record: Any, perform: Callable[..., object], more: tuple[Any, ...]) -> Effect:
    """What became of one record."""
    try:
        perform(record, *more)
    except DomainError as refusal:
        return Effect(record, refusal=str(refusal))
    return Effect(record)


def _page(
    admin: ModelAdmin, request: HttpRequest, title: str, context: dict[str, Any], *, template: str
) -> TemplateResponse:
    frame = {**admin.admin_site.each_context(request), "opts": admin.opts, "title": title, "media": admin.media}
    return TemplateResponse(request, template, {**frame, **context})
