"""The back office as its people see it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from milkdelivery.core.actors import Role
from tests.factories.accounts import UserFactory
from tests.factories.world import World, small_world


def client_of(role: Role | None) -> Client:
    """A browser of somebody signed in with this role; None is a guest."""
    client = Client()
    if role is not None:
        client.force_login(UserFactory(role=role))
    return client


@pytest.fixture
def admin_client(db: Any) -> Client:
    return client_of(Role.ADMIN)


@pytest.fixture
def manager_client(db: Any) -> Client:
    return client_of(Role.MANAGER)


@pytest.fixture
def world(db: Any) -> World:
    return small_world()
