"""Filling in a form page as a browser would: everything it shows, with some of it changed."""

from __future__ import annotations

from typing import Any

from django.forms import BaseForm, BaseFormSet
from django.test import Client


def fill(page: Any, **changes: Any) -> dict[str, Any]:
    """What the form of an admin page would send, with `changes` typed over it."""
    data = _values(page.context["adminform"].form)
    if page.context.get("seen"):
        data[page.context["seen_name"]] = page.context["seen"]
    for inline in page.context["inline_admin_formsets"]:
        data |= _formset_values(inline.formset)
    return {**data, **changes}


def save(client: Client, url: str, **changes: Any) -> Any:
    """Open a form page, type `changes` and press save."""
    return client.post(url, fill(client.get(url), **changes))


def _formset_values(formset: BaseFormSet) -> dict[str, Any]:
    data = _values(formset.management_form)
    for form in formset.forms:
        data |= _values(form)
    return data


def _values(form: BaseForm) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for bound in form:
        data |= _widget_values(bound)
    return data


def _widget_values(bound: Any) -> dict[str, Any]:
    widget = getattr(bound.field.widget, "widget", bound.field.widget)  # without the links around a related record
    context = widget.get_context(bound.html_name, bound.value(), {})["widget"]
    if "subwidgets" in context:
        return {part["name"]: part["value"] or "" for part in context["subwidgets"]}
    value = bound.value()
    if context.get("type") == "checkbox":
        return {bound.html_name: "on"} if value else {}
    if isinstance(value, list):
        return {bound.html_name: value}
    shown = bound.field.prepare_value(value)
    return {bound.html_name: "" if shown is None else str(shown)}
