"""Erasing a person. Each app says in its `personal` room what stands in the way, what it locks, and what it erases.

Filled while those rooms are imported, as `core.personal` is; `accounts.actions.erase_person` is the only caller. Apps
are registered from the lowest floor up, and are asked from the top floor down: so locks keep their order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.utils.functional import Promise

from milkdelivery.core.actors import Actor

T = TypeVar("T", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Leaving:
    """Whose data is erased.

    `contacts` are all that stand with the person, `own_contacts` those that may be taken for theirs: who only typed one
    has no say in what others did with it, while staff have looked. `gives_up_money` says that what is left in their
    wallet may be kept.
    """

    user_id: int
    contacts: tuple[str, ...]
    own_contacts: tuple[str, ...]
    language: str
    gives_up_money: bool
    by: Actor


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why somebody can't be erased yet, in words for them, and the page (with its `key`) where that can be settled."""

    code: str
    text: str | Promise
    page: str = ""
    key: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


_obstacles: list[Callable[[int], Sequence[Obstacle]]] = []
_holds: list[Callable[[int], None]] = []
_erases: list[Callable[[Leaving], None]] = []


def obstructs(look: T) -> T:
    """Make a function, from a person's id to what stands in the way, be asked before anybody is erased."""
    _obstacles.append(look)
    return look


def holds(lock: T) -> T:
    """Make a function lock what its app has of a person before it is looked at a last time."""
    _holds.append(lock)
    return lock


def erases(erase: T) -> T:
    """Make a function erase what its app keeps, inside the one transaction. What is outside (files, gateways) it gives
    to the worker."""
    _erases.append(erase)
    return erase


def obstacles_of(user_id: int) -> list[Obstacle]:
    """All that stands in the way of erasing a person, but money in their wallet that they may give up."""
    return [obstacle for look in reversed(_obstacles) for obstacle in look(user_id)]


def hold_everything(user_id: int) -> None:
    """Lock what is kept of a person, from the top floor down."""
    for lock in reversed(_holds):
        lock(user_id)


def erase_everything(leaving: Leaving) -> None:
    """Have every app erase its part. Its caller holds everything, and the person."""
    for erase in reversed(_erases):
        erase(leaving)
