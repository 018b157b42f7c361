"""What tests of the API share: one small dairy, and clients of every kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from milkdelivery.core.actors import Role
from tests.api.calls import Caller
from tests.factories.accounts import UserFactory
from tests.factories.vendors import VendorMemberFactory
from tests.factories.world import World, small_world


@pytest.fixture
def world(db: None, at: Callable[[str], object]) -> World:
    """The dairy on a Thursday morning in January, long before any cut-off of the next day."""
    at("2026-01-15T10:00+05:30")
    return small_world()


@pytest.fixture
def guest() -> Caller:
    return Caller(APIClient())


@pytest.fixture
def sign_in() -> Callable[[User], Caller]:
    def client(user: User) -> Caller:
        api = APIClient()
        api.force_login(user, backend="accounts.signin.backend.ContactBackend")
        return Caller(api)

    return client


@pytest.fixture
def customer(world: World, sign_in: Any) -> Caller:
    return sign_in(world.customer)


@pytest.fixture
def driver(world: World, sign_in: Any) -> Caller:
    return sign_in(world.driver.user)


@pytest.fixture
def vendor(world: World, sign_in: Any) -> Caller:
    return sign_in(VendorMemberFactory(vendor=world.vendor, user=UserFactory(role=Role.VENDOR)).user)


@pytest.fixture
def manager(db: None, sign_in: Any) -> Caller:
    return sign_in(UserFactory(role=Role.MANAGER))


@pytest.fixture
def admin(db: None, sign_in: Any) -> Caller:
    return sign_in(UserFactory(role=Role.ADMIN))
