"""A shop that is open, and people in front of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from tests.factories.world import World, small_world
from tests.shop.visitor import Visitor

EVENING = "2026-01-15T20:00+05:30"
"""Thursday, two hours before the cut-off of tomorrow's morning round."""


@pytest.fixture
def world(db: None, at: Callable[[str], datetime]) -> World:
    at(EVENING)
    return small_world()


@pytest.fixture
def guest(world: World) -> Visitor:
    """Somebody who entered the served pincode and nothing else."""
    visitor = Visitor(Client())
    visitor.post("/pincode/", {"pincode": world.pincode.code})
    return visitor


@pytest.fixture
def household(world: World) -> Visitor:
    """A signed-in household that chose the served pincode."""
    client = Client()
    client.force_login(world.customer)
    visitor = Visitor(client)
    visitor.post("/pincode/", {"pincode": world.pincode.code})
    return visitor
