"""One small dairy, and who writes in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from milkdelivery.core.actors import Actor
from tests.factories.world import World, small_world


@pytest.fixture
def world(db: None, at: Callable[[str], object]) -> World:
    """The dairy on a Thursday morning in January."""
    at("2026-01-15T10:00+05:30")
    return small_world()


@pytest.fixture
def me() -> Actor:
    return Actor.system("tests")
