"""The event log as staff read it: who did what to what, from where; names and pages for ids, old and new for changes.

Whoever was erased has no name and no address here: names are those that people have now, and where a request came from
is in a row of its own that is emptied.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.models import User
from catalog.models import Product
from milkdelivery.backoffice.facts import name_of
from milkdelivery.backoffice.happenings import words_of
from milkdelivery.backoffice.words import names_of
from milkdelivery.core.actors import Role
from milkdelivery.core.models import Event
from milkdelivery.core.money import Money
from orders.models import Order
from vendors.models import Vendor

ALIASES = {
    "delivery": "deliveries.delivery",
    "event_delivery": "core.eventdelivery",
    "order": "orders.order",
    "payment": "payments.payment",
    "price": "catalog.pricelistentry",
    "report": "analytics.dailyreport",
    "user": "accounts.user",
    "wallet": "payments.ledgeraccount",
}
"""Records by the words of events, where they are called otherwise or by several."""

SAME_CHANGE = timedelta(seconds=2)
"""A row of history belongs to an event when it was written so shortly before or after: both are of one transaction."""

_NAMED: dict[str, Callable[[Iterable[int]], dict[int, str]]] = {
    "order": lambda ids: dict(Order.objects.filter(pk__in=ids).values_list("pk", "number")),
    "product": lambda ids: dict(Product.objects.filter(pk__in=ids).values_list("pk", "name")),
    "vendor": lambda ids: dict(Vendor.objects.filter(pk__in=ids).values_list("pk", "name")),
    "user": lambda ids: {user.pk: str(user) for user in User.objects.filter(pk__in=ids)},
}


@dataclass(frozen=True, slots=True)
class Thing:
    """A record that an event is about, or names."""

    words: str
    url: str = ""

    def html(self) -> str:
        return format_html('<a href="{}">{}</a>', self.url, self.words) if self.url else self.words


@dataclass(frozen=True, slots=True)
class Told:
    """An event in words."""

    what: str
    who: str
    role: str
    subject: Thing
    facts: tuple[tuple[str, str, str], ...]
    """Label, value, and the page that the value leads to."""

    where: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A field of a record: what it was, and what it became."""

    field: str
    old: str
    new: str


def subjects_called(asked: str) -> list[str]:
    """Subjects by what people call them: the number of an order."""
    return [f"order:{pk}" for pk in Order.objects.filter(number=asked.upper()).values_list("pk", flat=True)]


def tell(events: Sequence[Event]) -> dict[int, Told]:
    """Events in words, by id. Five queries at most, however many. Reads `origin`, selected along."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for event in events:
        for kind, key in _keys_of(event):
            if kind in _NAMED:
                wanted[kind].add(key)
    names = {kind: _NAMED[kind](ids) for kind, ids in wanted.items()}
    people = names_of({event.actor.label for event in events})
    return {event.pk: _tell_one(event, names, people) for event in events}


def _tell_one(event: Event, names: dict[str, dict[int, str]], people: dict[str, str]) -> Told:
    label = event.actor.label
    return Told(
        what=words_of(event.name),
        who=people.get(label, label),
        role=role_words(event.role),
        subject=_thing(event.subject, names),
        facts=tuple(_facts(event, names)),
        where=where_of(event),
    )


def role_words(role: str) -> str:
    words = {
        Role.GUEST: _("Guest"),
        Role.CUSTOMER: _("Customer"),
        Role.DRIVER: _("Driver"),
        Role.VENDOR: _("Dairy"),
        Role.MANAGER: _("Manager"),
        Role.ADMIN: _("Admin"),
    }
    return str(words.get(Role(role), role)) if role in Role.__members__ else role


def where_of(event: Event) -> str:
    """Address and place of the request; that they were erased, where they were; nothing for what no request caused."""
    if event.origin is None:
        return ""
    return " · ".join(part for part in (event.origin.ip, event.origin.place) if part) or _("erased")


def device_of(event: Event) -> str:
    parts = (event.origin.user_agent, event.origin.device_id) if event.origin else ()
    return " · ".join(part for part in parts if part)


def _keys_of(event: Event) -> Iterator[tuple[str, int]]:
    """The records that an event names: its subject's, and those of its facts (order_id: 42)."""
    kind, key = _split(event.subject)
    if key is not None:
        yield kind, key
    for name, value in event.data.items():
        if name.endswith("_id") and isinstance(value, int):
            yield _kind_of_field(name), value


def _kind_of_field(name: str) -> str:
    """customer_id and by_user_id name people."""
    kind = name.removesuffix("_id")
    return "user" if kind in ("customer", "recipient", "driver_user") else kind


def _split(subject: str) -> tuple[str, int | None]:
    kind, _colon, rest = subject.partition(":")
    return kind, int(rest) if rest.isascii() and rest.isdigit() and len(rest) < 19 else None


def _thing(subject: str, names: dict[str, dict[int, str]]) -> Thing:
    kind, key = _split(subject)
    if key is None:
        return Thing(subject)
    model = model_of(kind)
    found = names.get(kind)
    if found is not None and key not in found:  # it is there no more
        return Thing(subject)
    if model is None:
        return Thing(f"{_sentence(kind.replace('_', ' '))} {key}")
    options = _options(model)
    label = found[key] if found else f"{_sentence(str(options.verbose_name))} {key}"
    return Thing(label, reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[key]))


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _options(model: type[Model]) -> Any:
    return admin.site.get_model_admin(model).opts


def model_of(kind: str) -> type[Model] | None:
    """The record with a page here that events call so."""
    return _models().get(kind)


def _models() -> dict[str, type[Model]]:
    listed = [model for model in apps.get_models() if admin.site.is_registered(model)]
    by_path = {_options(model).label_lower: model for model in listed}
    found = {path.rpartition(".")[2]: model for path, model in by_path.items()}
    return found | {kind: by_path[path] for kind, path in ALIASES.items() if path in by_path}


def _facts(event: Event, names: dict[str, dict[int, str]]) -> Iterator[tuple[str, str, str]]:
    """What the event says beside its subject, readable."""
    for name, value in event.data.items():
        if value in (None, "", []):
            continue
        kind = _kind_of_field(name)
        if name.endswith("_id") and isinstance(value, int):
            if f"{kind}:{value}" != event.subject:
                thing = _thing(f"{kind}:{value}", names)
                yield name_of(name), thing.words, thing.url
        else:
            yield name_of(name), _value(value), ""


def _value(value: Any) -> str:
    if isinstance(value, dict) and value.keys() == {"minor", "currency"}:
        return Money(value["minor"], value["currency"]).format()
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_value(each) for each in value)
    return str(value)


def changes_of(event: Event) -> list[Changed]:
    """Old and new values of the event's record, where its kind keeps a history and this event changed it.

    The row nearest to the event is its own. At most four queries, and one for each foreign key that changed.
    """
    kind, key = _split(event.subject)
    model: Any = model_of(kind)
    if key is None or not hasattr(model, "history"):
        return []
    options, at = _options(model), event.recorded_at
    rows = model.history.filter(**{options.pk.attname: key})
    earlier = rows.filter(history_date__lte=at, history_date__gt=at - SAME_CHANGE).order_by("-history_date").first()
    later = rows.filter(history_date__gt=at, history_date__lt=at + SAME_CHANGE).order_by("history_date").first()
    near = [row for row in (earlier, later) if row is not None]
    row: Any = min(near, key=lambda each: abs(each.history_date - at), default=None)
    before = row.prev_record if row is not None else None
    if before is None:
        return []
    return [
        Changed(str(options.get_field(change.field).verbose_name), _told(change.old), _told(change.new))
        for change in row.diff_against(before, foreign_keys_are_objs=True).changes
    ]


def _told(value: Any) -> str:
    return "–" if value in (None, "") else str(value)
