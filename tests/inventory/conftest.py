from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from milkdelivery.core import clock
from tests.factories.world import World, small_world


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.fixture(autouse=True)
def morning() -> Iterator[None]:
    """The tests here live on Sunday, 1 March 2026, 9 o'clock in Bengaluru."""
    with clock.override(datetime.fromisoformat("2026-03-01T09:00+05:30")):
        yield
