"""What every ModelAdmin is built from: writes go through actions, and a refusal shows where it belongs."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.forms import BaseInlineFormSet, ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin, TabularInline
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from milkdelivery.backoffice.fields import Limits
from milkdelivery.backoffice.meanwhile import Meanwhile
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError
from milkdelivery.core.fields import MoneyField
from milkdelivery.core.web import actor_of


class _Page(Limits, ModelAdmin):
    """The habits all pages share. Nothing is ever deleted: what may go is deactivated by an action."""

    list_per_page = 50
    list_max_show_all = 200
    list_filter_submit = True
    list_fullwidth = True
    compressed_fields = True
    empty_value_display = "–"
    formfield_overrides = {MoneyField: {"widget": UnfoldAdminDecimalFieldWidget}}

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """An address that names no record leads back with a message: buttons would ask for it as for a number."""
        if object_id is not None and not self._may_be_a_key(object_id):
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        response: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
        return response

    def _may_be_a_key(self, object_id: str) -> bool:
        try:
            self.opts.pk.to_python(unquote(object_id))
        except ValidationError:
            return False
        return True

    def record(self, request: HttpRequest, object_id: Any) -> Any:
        """The record of a page's address. Raises Http404."""
        found = self.get_object(request, str(object_id))
        if found is None:
            raise Http404
        return found

    def may_change(self, request: HttpRequest) -> bool:
        """Whether the person's role may change such records, through a form or an action."""
        options = self.opts
        return request.user.has_perm(f"{options.app_label}.change_{options.model_name}")

    def has_operate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """For actions of records whose form is read-only."""
        return self.may_change(request)


class ReadOnlyAdmin(_Page):
    """Records that only actions write: to look at, to search, and to start actions from."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Without Django's own history, which knows of forms only: these records carry theirs on the page."""
        context = {"show_history": False, **(extra_context or {})}
        response: HttpResponse = super().changeform_view(request, object_id, form_url, context)
        return response

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ActionAdmin(Meanwhile, _Page):
    """Records with a form. Saving calls the app's action in `write`; a DomainError comes back to the form."""

    warn_unsaved_form = True

    def write(self, obj: Any, *, by: Actor) -> object:
        """Call the action that saves the record."""
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        if form.changed_data or not change:
            self.write(obj, by=actor_of(request))

    def write_rows(self, parent: Any, rows: type[Model], saved: list[Any], removed: list[Any], *, by: Actor) -> None:
        """Call the action that saves and removes the rows of the inline of model `rows`."""
        raise NotImplementedError

    def save_formset(self, request: HttpRequest, form: ModelForm, formset: BaseInlineFormSet, change: bool) -> None:
        saved = formset.save(commit=False)
        if saved or formset.deleted_objects:
            removed = list(formset.deleted_objects)
            rows: Any = formset.model
            self.write_rows(form.instance, rows, saved, removed, by=actor_of(request))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form; when the action refuses, once more with what was typed and the reason at its field.

        Django runs the first pass in a transaction of its own, which the refusal has rolled back by then.
        """
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)


class HistoryAdmin(SimpleHistoryAdmin, ActionAdmin):
    """A record whose every change is kept: what it was, what it became, who did it. Nobody turns it back by hand."""

    def has_change_history_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """An old version is to be looked at: a POST would save it back, past the action."""
        if request.method == "POST":
            raise PermissionDenied
        response: HttpResponse = super().history_form_view(request, object_id, version_id, extra_context)
        return response


class Rows(TabularInline):
    """Rows of another record shown in a page, to read."""

    extra = 0
    show_change_link = False
    formfield_overrides = {MoneyField: {"widget": UnfoldAdminDecimalFieldWidget}}

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
