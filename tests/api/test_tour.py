"""The tour that readers can take (docs/api_tour.py), against a real server."""

from __future__ import annotations

import runpy
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pytest_django.live_server_helper import LiveServer

from milkdelivery.core.actors import Role
from tests.factories.accounts import UserFactory
from tests.factories.vendors import VendorMemberFactory
from tests.factories.world import small_world


def be_at(settings: Any, local_hour: int) -> None:
    """Move the clock of the whole process, whose other threads serve the site, to that hour of today in India."""
    now = datetime.now(ZoneInfo("Asia/Kolkata"))
    settings.CLOCK_OFFSET = now.replace(hour=local_hour, minute=0) - now


@pytest.mark.parametrize(("hour", "end"), [(8, "Cancelling it now is refused"), (13, "CANCELLED")])
def test_the_tour(
    hour: int, end: str, transactional_db: None, live_server: LiveServer, settings: Any, capsys: Any
) -> None:
    """In the morning the next round is today's, and the tour goes to the door; later it is tomorrow's."""
    be_at(settings, hour)
    tour = runpy.run_path(str(settings.BASE_DIR / "docs" / "api_tour.py"))
    world = small_world()
    VendorMemberFactory(vendor=world.vendor, user=UserFactory(email=tour["DAIRY"], role=Role.VENDOR))
    UserFactory(email=tour["MANAGER"], role=Role.MANAGER)
    tour["tour"](live_server.url, (world.driver.user.email,))
    told = capsys.readouterr().out
    assert "PACKED" in told
    assert end in told
    assert (f"By {world.driver.user.name}." in told) == (hour == 8)
    with pytest.raises(tour["Surprise"]):
        tour["App"](live_server.url).call("GET", "orders/")


def test_the_household_and_the_desk(
    transactional_db: None, live_server: LiveServer, settings: Any, capsys: Any
) -> None:
    be_at(settings, 8)
    tour = runpy.run_path(str(settings.BASE_DIR / "docs" / "api_tour.py"))
    world = small_world()
    VendorMemberFactory(vendor=world.vendor, user=UserFactory(email=tour["DAIRY"], role=Role.VENDOR))
    for email, role in ((tour["MANAGER"], Role.MANAGER), (tour["ADMIN"], Role.ADMIN), (tour["HOUSEHOLD"], None)):
        UserFactory(email=email, **({"role": role} if role else {}))
    tour["household"](live_server.url)
    tour["desk"](live_server.url, (world.driver.user.email,))
    told = capsys.readouterr().out
    assert "card_declined" in told
    assert "product.deactivated" in told
