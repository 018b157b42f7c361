"""Who is told that stock ran low or does not add up, and in which words."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from django.conf import settings

from inventory import actions, tasks
from inventory.models import LowStockAlert, Stock
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import pump
from notifications.letters import NoLongerSo, write
from notifications.models import Notification
from tests.factories.inventory import count_shelves
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return small_world()


def told() -> dict[str, Notification]:
    pump.drain()
    found = Notification.objects.filter(kind__startswith="stock_")
    return {notification.address: notification for notification in found}


def test_a_dairy_and_staff_hear_once_of_all_that_ran_low(world: World) -> None:
    count_shelves(9, pk__in=[stock.pk for stock in world.stocks[:2]])
    for _ in range(2):
        actions.raise_low_stock(world.region)
    messages = told()
    assert set(messages) == {world.vendor.email, settings.ADMIN_EMAIL}
    letter = write(messages[world.vendor.email])
    assert letter.subject == "Running low: 2 packs"
    assert "Toned milk, 500 ml: 9 left, low below 10" in letter.text
    assert "/vendor/" in letter.text
    assert str(world.vendor) in write(messages[settings.ADMIN_EMAIL]).text


def test_what_stays_low_is_told_once_on_each_of_two_days(world: World) -> None:
    """The night and the look at the shelves run again and again; each person hears once a day of each shelf."""
    count_shelves(9, pk=world.stocks[0].pk)
    heard = []
    for moment in ("2026-03-02T06:00", "2026-03-02T06:30", "2026-03-02T21:00", "2026-03-03T06:00", "2026-03-03T06:30"):
        with clock.override(datetime.fromisoformat(f"{moment}+05:30")):
            tasks.keep_stock()
            tasks.tell_low_stock()
            pump.drain()
            low = Notification.objects.filter(kind="stock_low").order_by("address")
            heard.append((low.count(), set(low.values_list("address", flat=True))))
    everybody = {world.vendor.email, settings.ADMIN_EMAIL}
    assert heard == [(2, everybody)] * 3 + [(4, everybody)] * 2
    days = LowStockAlert.objects.filter(stock=world.stocks[0]).order_by("date").values_list("date", flat=True)
    assert list(days) == [date(2026, 3, 2), date(2026, 3, 3)]


def test_what_was_filled_meanwhile_is_not_told(world: World) -> None:
    count_shelves(3, pk=world.stocks[0].pk)
    actions.raise_low_stock(world.region)
    messages = told()
    key: dict[str, Any] = {"vendor_id": world.vendor.pk, "variant_id": world.milk.pk}
    actions.receive(**key, quantity=50, by=Actor.system("tests"))
    with pytest.raises(NoLongerSo):
        write(messages[world.vendor.email])


def test_staff_hear_of_a_recount_that_found_something_and_of_no_other(world: World) -> None:
    actions.reconcile(world.region)
    assert told() == {}
    Stock.objects.filter(pk=world.stocks[0].pk).update(reserved=1)
    actions.reconcile(world.region)
    letter = write(told()[settings.ADMIN_EMAIL])
    assert letter.subject == "Stock does not add up in Bengaluru"
    assert "found 1 difference" in letter.text
    assert "/admin/inventory/reconciliation/" in letter.text
