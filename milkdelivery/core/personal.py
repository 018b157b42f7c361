"""What is kept about people. Each app says so of its own records in its `personal` room: how they are told to whoever
asks for a copy.

Filled while those rooms are imported (`ready()` of each app), read by whoever gives a copy out. So a floor below never
has to know what a floor above keeps.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model

from milkdelivery.core import clock
from milkdelivery.core.money import Money

FORMAT = 1
"""Of the copy. Sections and fields are added to it, never renamed."""

Telling = Callable[[int], Any]
T = TypeVar("T", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the copy: which records it tells of, and how. `tell` takes the person's id and makes a number of
    queries that does not grow with what there is."""

    name: str
    models: tuple[type[Model], ...]
    tell: Telling


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that belongs to the copy. `read` raises FileNotFoundError where it is gone."""

    name: str
    read: Callable[[], bytes]


_sections: dict[str, Section] = {}
_enclosing: list[Callable[[int], Iterator[Enclosure]]] = []


def tells(name: str, *models: type[Model]) -> Callable[[T], T]:
    """Make a function the section `name` of everybody's copy. It tells of `models` and no others do."""

    def register(tell: T) -> T:
        if name in _sections and _sections[name].tell.__module__ != tell.__module__:
            raise ValueError(f"two apps tell of {name}")
        _sections[name] = Section(name, models, tell)
        return tell

    return register


def encloses(files: T) -> T:
    """Make a function, from a person's id to an iterator of `Enclosure`, add its files to everybody's copy."""
    _enclosing.append(files)
    return files


def sections() -> list[Section]:
    return list(_sections.values())


def everything_about(user_id: int) -> dict[str, Any]:
    """The whole copy, as plain values that `as_json` writes."""
    told = {section.name: section.tell(user_id) for section in _sections.values()}
    return {"format": FORMAT, "made_at": clock.now(), **told}


def enclosures_of(user_id: int) -> Iterator[Enclosure]:
    for files in _enclosing:
        yield from files(user_id)


def record(row: Model, *fields: str, **more: Any) -> dict[str, Any]:
    """These fields of a row, and what else is to be told with it. What is empty is left out."""
    told = {name: getattr(row, name) for name in fields} | more
    return {name: value for name, value in told.items() if value not in (None, "", [], {})}


class _Encoder(DjangoJSONEncoder):
    def default(self, o: Any) -> Any:
        if isinstance(o, Money):
            return {"amount": f"{o.to_decimal():f}", "currency": o.currency}
        return super().default(o)


def as_json(copy: dict[str, Any], *, indent: int | None = None) -> bytes:
    """Money as in the API: major units as text, with their currency."""
    return json.dumps(copy, cls=_Encoder, ensure_ascii=False, indent=indent).encode()
