"""Codes of the system in the words of staff."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User

STEPS: dict[str, Any] = {
    "validate_profile": gettext_lazy("Customer and address checked"),
    "validate_order": gettext_lazy("Time and lines checked"),
    "assign_vendors": gettext_lazy("Dairies assigned"),
    "reserve_stock": gettext_lazy("Stock reserved"),
    "screen_fraud": gettext_lazy("Screened for fraud"),
    "take_payment": gettext_lazy("Payment"),
    "confirm": gettext_lazy("Order confirmed"),
    "schedule_delivery": gettext_lazy("Delivery scheduled"),
    "notify": gettext_lazy("Household told"),
}


def step_name(code: str) -> str:
    """A step of the checkout; one that has no words yet by its code."""
    return str(STEPS.get(code, code))


WAITS_FOR: dict[str, Any] = {
    "approval": gettext_lazy("a manager’s decision"),
    "payment": gettext_lazy("the household’s payment"),
}


def waits_for(code: str) -> str:
    """What a checkout waits for; nothing where it does not wait."""
    return str(WAITS_FOR.get(code, code))


def told_steps(steps: Iterable[Any]) -> list[tuple[Any, str, str]]:
    """Steps of a checkout, each with its name and what is to be said of it."""
    return [(step, step_name(step.name), waits_for(step.detail)) for step in steps]


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """The labels of actors (user:12, system:pump) with the names behind them. One query."""
    labels = set(actors)
    ids = {int(label.removeprefix("user:")) for label in labels if label.startswith("user:")}
    people = {user.pk: str(user) for user in User.objects.filter(pk__in=ids)} if ids else {}
    return {label: _name(label, people) for label in labels}


def _name(label: str, people: dict[int, str]) -> str:
    kind, _colon, rest = label.partition(":")
    if kind == "user":
        return people.get(int(rest), label)
    if kind == "guest":
        return _("Guest")
    return _("System (%(part)s)") % {"part": rest} if rest else label
