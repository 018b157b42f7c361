"""Notes of staff about people: read here, written and struck out on the person's page."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts import actions
from accounts.models import StaffNote
from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import instants
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.backoffice.words import names_of
from milkdelivery.core.actors import Role
from milkdelivery.core.web import actor_of


class NoteForm(forms.Form):
    """A note, and a key that makes pressing twice the same as pressing once."""

    text = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=StaffNote.LONGEST,
        help_text=gettext_lazy(
            "For colleagues. The person may ask for a copy of all that we keep about them, and this is in it."
        ),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )
    key = forms.UUIDField(widget=forms.HiddenInput(), initial=uuid4)


@admin.register(StaffNote)
class StaffNoteAdmin(ReadOnlyAdmin):
    list_display = (
        "text",
        "user",
        when("written_at", gettext_lazy("written")),
        when("struck_at", gettext_lazy("struck out")),
    )
    list_select_related = ("user",)
    list_filter = (instants("written_at"),)
    search_fields = ("text", "user__name")
    search_help_text = gettext_lazy("Words of the note, or the person’s name")
    ordering = ("-id",)
    fields = ("user", "text", ("writer", "written_at"), ("striker", "struck_at"))
    readonly_fields = ("writer", "striker")
    actions_detail = ("strike",)

    @display(description=gettext_lazy("who"))
    def writer(self, note: StaffNote) -> str:
        return names_of([note.actor])[note.actor]

    @display(description=gettext_lazy("struck out by"))
    def striker(self, note: StaffNote) -> str:
        return names_of([note.struck_by])[note.struck_by] if note.struck_by else self.get_empty_value_display()

    def get_readonly_fields(self, request: HttpRequest, obj: StaffNote | None = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), *self.readonly_fields]

    def has_strike_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever wrote it, or an admin; what is struck out stays so."""
        if not self.may_change(request):
            return False
        note = self.get_object(request, str(object_id)) if object_id is not None else None
        return note is None or may_strike(request, note)

    @action(
        description=gettext_lazy("Strike out"),
        permissions=["strike"],
        url_path="strike",
        icon="format_strikethrough",
        variant=ActionVariant.DANGER,
    )
    def strike(self, request: HttpRequest, object_id: str) -> HttpResponse:
        note: StaffNote = self.record(request, object_id)

        def perform(_answer: dict[str, Any]) -> str:
            actions.strike_note(note.pk, by=actor_of(request))
            return _("The note is struck out.")

        question = Question(
            title=_("Strike this note out?"),
            intro=_("It stays to be read, marked as no longer so."),
            submit=_("Strike out"),
            is_dangerous=True,
            facts=[(_("Person"), note.user), (_("Note"), note.text), (_("Who"), self.writer(note))],
            perform=perform,
        )
        return ask(self, request, note, question, back=reverse("admin:accounts_user_change", args=(note.user_id,)))


def may_strike(request: HttpRequest, note: StaffNote) -> bool:
    """Whether the button for it is shown; the action decides."""
    by = actor_of(request)
    return note.struck_at is None and (by.role == Role.ADMIN or note.actor == by.label)
