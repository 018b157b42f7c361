"""What dispatchers do while others dispatch, drive, claim or rate. Each race is shown with its lock off first."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from deliveries.actions import add_route
from deliveries.actions import desk as desk_module
from deliveries.models import Hub, Route
from deliveries.rules.status import DriverBusy, StopMoved
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from tests.concurrency.test_driver_races import SIX, at_six, on_the_road
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.world import World

pytestmark = pytest.mark.django_db(transaction=True)

STAFF = Actor.user(902, Role.MANAGER)
TODAY = date(2026, 1, 31)


# -- a second round ----------------------------------------------------------------------------------------------------


def sent_out_again_twice(monkeypatch: pytest.MonkeyPatch) -> tuple[World, list[BaseException]]:
    """A driver is back; two dispatchers send them out again at the same moment."""
    world, _route, _deliveries = on_the_road(1)
    Route.objects.update(status="CLOSED")
    both = Meeting(2)
    for_driver = desk_module._driver_for

    def slow(*args: Any, **kwargs: Any) -> Any:
        found = for_driver(*args, **kwargs)
        both.wait()
        return found

    def again() -> None:
        add_route(
            world.hub.pk, on=TODAY, slot_id=world.morning.pk, driver_id=world.driver.pk, vehicle_id=None, by=STAFF
        )

    monkeypatch.setattr(desk_module, "_driver_for", slow)
    return world, in_threads(at_six(again), at_six(again))


def test_without_the_lock_of_the_hub_both_find_the_driver_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the database keeps the second out, and can't say why."""
    monkeypatch.setattr("deliveries.models.hubs.HubQuerySet.locked", lambda rows, pk: rows.get(pk=pk))
    monkeypatch.setattr("deliveries.models.routes.RouteQuerySet.locked_of", _unlocked)
    _world, refused = sent_out_again_twice(monkeypatch)
    assert [type(each) for each in refused] == [StopMoved]


def _unlocked(rows: Any, hub_id: int, *, on: date, slot_id: int) -> list[Route]:
    return list(rows.filter(hub_id=hub_id, date=on, slot_id=slot_id).select_related("hub", "slot", "driver__user"))


def test_one_driver_gets_one_second_round(monkeypatch: pytest.MonkeyPatch) -> None:
    world, refused = sent_out_again_twice(monkeypatch)
    assert [type(each) for each in refused] == [DriverBusy]
    with clock.override(SIX):
        statuses = Route.objects.filter(driver=world.driver).order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["CLOSED", "PLANNED"]
    assert Hub.objects.count() == 1
