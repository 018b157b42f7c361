"""The tour that readers can take (docs/api_tour.py), against a real server."""

from __future__ import annotations

import runpy
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from milkdelivery.core.actors import Role
from tests.factories.accounts import UserFactory
from tests.factories.vendors import VendorMemberFactory
from tests.factories.world import small_world


def test_the_tour(transactional_db: None, live_server: LiveServer, settings: Any, capsys: Any) -> None:
    tour = runpy.run_path(str(settings.BASE_DIR / "docs" / "api_tour.py"))
    world = small_world()
    VendorMemberFactory(vendor=world.vendor, user=UserFactory(email=tour["DAIRY"], role=Role.VENDOR))
    UserFactory(email=tour["MANAGER"], role=Role.MANAGER)
    tour["tour"](live_server.url, (world.driver.user.email,))
    told = capsys.readouterr().out
    assert "PACKED" in told
    assert f"By {world.driver.user.name}." in told
    with pytest.raises(tour["Surprise"]):
        tour["App"](live_server.url).call("GET", "orders/")
