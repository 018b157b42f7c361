"""What an event is: a frozen dataclass that knows its name, its subject and how to become JSON and back."""

import types
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import Enum
from typing import Any, ClassVar, Generic, Self, TypeVar, Union, get_args, get_origin, get_type_hints

from milkdelivery.core.actors import Actor
from milkdelivery.core.money import Money

_classes: dict[str, type["DomainEvent"]] = {}
_readers: dict[type["DomainEvent"], dict[str, Callable[[Any], Any]]] = {}


@dataclass(frozen=True)
class DomainEvent:
    """Base of every app's events.

    A subclass is a frozen dataclass with a `name` (`<subject>.<past tense>`) and fields that are ids and plain facts:
    str, int, bool, date, datetime, Money, an enum of strings, None, or tuples of these. Never secrets, names or
    addresses: the log outlives them.

    The first field is the id of what it is about: `order_id=42` makes the subject "order:42". Events of one subject
    reach each subscriber in order. Declare `subject` yourself where that rule does not fit.

        @dataclass(frozen=True)
        class OrderCancelled(DomainEvent):
            name = "order.cancelled"
            order_id: int
            reason: str = ""

    Rows outlive releases: a new field needs a default, and a stored value that no field claims any more is ignored.
    """

    name: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.name:
            return
        known = _classes.get(cls.name)
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise TypeError(f"{cls.__qualname__} and {known.__qualname__} are both called {cls.name}")
        _classes[cls.name] = cls

    @property
    def subject(self) -> str:
        """What it is about, such as "order:42"."""
        first = fields(self)[0].name
        return f"{first.removesuffix('_id')}:{getattr(self, first)}"

    def to_data(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return {field.name: _to_json(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Rebuild from a stored row."""
        return cls(**{name: read(data[name]) for name, read in _readers_of(cls).items() if name in data})


E = TypeVar("E", bound=DomainEvent)


@dataclass(frozen=True, slots=True)
class Envelope(Generic[E]):
    """What a handler gets: the event, and who did it, when, and in which request."""

    id: int
    event: E
    actor: Actor
    occurred_at: datetime
    request_id: str = ""


class UnknownEvent(LookupError):
    """The log names an event that the running code does not know."""


def event_class(name: str) -> type[DomainEvent]:
    try:
        return _classes[name]
    except KeyError:
        raise UnknownEvent(name) from None


def event_names() -> list[str]:
    """Every name that the running code knows, sorted."""
    return sorted(_classes)


def _to_json(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    raise TypeError(f"an event can't carry {type(value).__name__}")


def _readers_of(cls: type[DomainEvent]) -> dict[str, Callable[[Any], Any]]:
    """How to read each field, worked out once for each class."""
    if cls not in _readers:
        hints = get_type_hints(cls)
        _readers[cls] = {field.name: _reader(hints[field.name]) for field in fields(cls)}
    return _readers[cls]


def _reader(hint: Any) -> Callable[[Any], Any]:
    """The function that turns a JSON value into what the annotation says."""
    if get_origin(hint) in (Union, types.UnionType):
        return _optional_reader([arg for arg in get_args(hint) if arg is not types.NoneType])
    if get_origin(hint) is tuple:
        read_item = _reader(get_args(hint)[0])
        return lambda value: tuple(read_item(item) for item in value)
    if hint is Money:
        return lambda value: Money(**value)
    if hint in (date, datetime):
        return hint.fromisoformat
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    return lambda value: value


def _optional_reader(alternatives: list[Any]) -> Callable[[Any], Any]:
    if len(alternatives) > 1:
        return lambda value: value
    read = _reader(alternatives[0])
    return lambda value: None if value is None else read(value)
