"""Events and subscribers for tests of the event log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import models, transaction

from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import DomainEvent, Envelope, emit, emit_many, subscribe
from milkdelivery.core.eventlog.registry import registry
from milkdelivery.core.models import Event
from milkdelivery.core.money import Money

ACTOR = Actor.system("tests")


class Fat(models.TextChoices):
    TONED = "TONED"
    FULL = "FULL"


@dataclass(frozen=True)
class BottleFilled(DomainEvent):
    name = "bottle.filled"
    bottle_id: int
    step: int = 0


@dataclass(frozen=True)
class BottleSold(DomainEvent):
    """One field of each kind that an event may carry."""

    name = "bottle.sold"
    bottle_id: int
    price: Money
    fat: Fat
    sold_at: datetime
    drink_by: date | None = None
    crates: tuple[int, ...] = ()
    note: str = ""
    is_cold: bool = True


@dataclass(frozen=True)
class EffectSeen(DomainEvent):
    """What the handlers of these tests write: its rows are counted as the effect."""

    name = "effect.seen"
    effect_id: int
    step: int = 0


def fill(*bottles: int | tuple[int, int]) -> None:
    """Emit BottleFilled for bottles, or (bottle, step) pairs, in one transaction."""
    events = [BottleFilled(*bottle) if isinstance(bottle, tuple) else BottleFilled(bottle) for bottle in bottles]
    with transaction.atomic():
        emit_many(events, actor=ACTOR)


def write_effect(envelope: Envelope[BottleFilled]) -> None:
    emit(EffectSeen(envelope.event.bottle_id, envelope.event.step), actor=ACTOR)


def effects() -> list[tuple[int, int]]:
    """(bottle, step) of each effect, in the order written."""
    rows = Event.objects.filter(name="effect.seen").order_by("id")
    return [(row.data["effect_id"], row.data["step"]) for row in rows]


@contextmanager
def subscribed(name: str, handler: Callable[[Any], Any], *events: type[DomainEvent], **options: Any) -> Iterator[None]:
    """`handler` hears `events` (BottleFilled by default) inside the block."""
    try:
        subscribe(name, *(events or (BottleFilled,)), **options)(handler)
        yield
    finally:
        registry.remove(name)
