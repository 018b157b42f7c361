"""Two people, or two tabs, at one record: the later one to save is told of the other first, and keeps what was typed.

A page carries the edition of the record that it shows: a digest of every value that its form can change, rows beneath
included. Saving takes the record's lock first and compares then, so of two saves at the same moment one waits and is
told. A second press on save is the decision that it shall be so.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.db.models import Field, ForeignKey, Model
from django.forms import ModelForm
from django.forms.models import _get_foreign_key  # what the rows of a page go by
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from milkdelivery.core.errors import DomainError
from milkdelivery.core.models.holding import hold

SEEN = "_seen"
"""The field of a form that carries the edition of the record as the page showed it."""


class ChangedMeanwhile(DomainError):
    """Somebody saved the record after this page was opened."""

    code = "changed_meanwhile"


class Meanwhile:
    """A mixin of a ModelAdmin with a form."""

    model: type[Model]
    opts: Any
    held_by: str | None = None
    """The key to the record whose lock the action takes, where that is not the record itself."""

    def _changeform_view(
        self, request: HttpRequest, object_id: str | None, form_url: str, extra_context: dict[str, Any] | None
    ) -> HttpResponse:
        """In the transaction of a save, before anything is read: the lock, then the edition.

        A page that is only shown takes its edition before its values: at worst it tells of a change that it shows.
        """
        if object_id is not None:
            if request.method == "POST":
                self._hold(request, unquote(object_id))
            request.edition = self._edition(request, unquote(object_id))  # type: ignore[attr-defined]
        response: HttpResponse = super()._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[misc]
        return response

    def _as_kept(self, request: HttpRequest, shown: Any) -> Model | None:
        """The record of a page that was not saved, under the name that it still has."""
        admin: Any = self
        record: Model | None = admin.get_object(request, str(shown.pk))
        return record

    def _hold(self, request: HttpRequest, key: str) -> None:
        if self.held_by is None:
            hold(self.model, key)
            return
        admin: Any = self
        parent = self.opts.get_field(self.held_by)
        parent_key = admin.get_queryset(request).filter(pk=key).values_list(parent.attname, flat=True).first()
        if parent_key is not None:
            hold(parent.related_model, parent_key)

    def _edition(self, request: HttpRequest, key: str) -> str:
        """Of the record as it is now; "" where there is none. One query, and one for each kind of rows."""
        admin: Any = self
        record: Model | None = admin.get_object(request, key)
        if record is None:
            return ""
        shown = set(flatten_fieldsets(admin.get_fieldsets(request, record)))
        shown -= set(admin.get_readonly_fields(request, record))
        told: list[Any] = [field.value_from_object(record) for field in _kept(self.opts.fields, shown)]
        several = (many.value_from_object(record) for many in _kept(self.opts.many_to_many, shown))
        told += (sorted(each.pk for each in records) for records in several)
        told += (self._rows(request, inline, record) for inline in admin.get_inline_instances(request, record))
        return sha256(repr(told).encode()).hexdigest()[:32]

    def _rows(self, request: HttpRequest, inline: Any, record: Model) -> Any:
        """What the rows beneath hold; nothing for rows that are only shown."""
        may = (inline.has_add_permission, inline.has_change_permission, inline.has_delete_permission)
        if not any(allowed(request, record) for allowed in may):
            return None
        parent: ForeignKey[Any, Any] = _get_foreign_key(self.model, inline.model, fk_name=inline.fk_name)
        names = [field.attname for field in _kept(inline.opts.fields) if not field.primary_key]
        rows = inline.get_queryset(request).filter(**{parent.name: record}).order_by("pk")
        return inline.opts.label, list(rows.values_list("pk", *names))

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        admin: Any = super()
        form_class: type[ModelForm] = admin.get_form(request, obj, change=change, **kwargs)
        refusal: DomainError | None = getattr(request, "refusal", None) or _changed_meanwhile(request)
        return _refused(form_class, refusal) if refusal else form_class

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With the edition that the page shows; after a refusal the newest, so that one can decide and save again."""
        if edition := getattr(request, "edition", ""):
            context.update(seen_name=SEEN, seen=edition)
        shown = context.get("original")
        if request.method == "POST" and shown is not None and (kept := self._as_kept(request, shown)) is not None:
            context.update(original=kept, subtitle=str(kept))
            context["adminform"].form.instance = kept  # what is only shown tells of the record, not of what was typed
        admin: Any = super()
        response: HttpResponse = admin.render_change_form(request, context, *args, **kwargs)
        return response


def _kept(fields: Iterable[Any], shown: set[str] | None = None) -> list[Field[Any, Any]]:
    return [field for field in fields if field.editable and (shown is None or field.name in shown)]


def _changed_meanwhile(request: HttpRequest) -> ChangedMeanwhile | None:
    """Why this save must wait, if the record is no longer the one that the page showed."""
    seen, edition = request.POST.get(SEEN), getattr(request, "edition", "")
    if not edition or seen is None or seen == edition:
        return None
    return ChangedMeanwhile(
        _("Somebody else saved this meanwhile. What you typed is kept: compare it in another tab, then save again.")
    )


def _refused(form_class: type[ModelForm], refusal: DomainError) -> type[ModelForm]:
    class Refused(form_class):  # type: ignore[valid-type, misc]
        def _post_clean(self) -> None:
            super()._post_clean()
            show_refusal(self, refusal)

    return Refused


def show_refusal(form: Any, refusal: DomainError) -> None:
    """Put a refusal at the field that it names (unless that says meanwhile what is wrong), or above the form."""
    field = refusal.field if refusal.field in form.fields else None
    if field is None or field not in form.errors:
        form.add_error(field, str(refusal))
