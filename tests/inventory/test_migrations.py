"""Reservations from before promises had days get the last day that they can be for, and can all be kept."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import connection

from inventory.models import Promise, StockMovement
from inventory.queries import recount
from tests.factories.world import World
from tests.inventory.helpers import Shelf, march, release, sell

pytestmark = pytest.mark.django_db


def test_outstanding_reservations_get_a_day_and_settled_ones_none(world: World) -> None:
    shelf = Shelf(world.vendor, world.milk)
    for reference in ("SOLD", "GONE", "HELD"):
        shelf.promise(reference, 3, on=2)
    sell("SOLD")
    release("GONE")
    StockMovement.objects.update(delivery_date=None)
    Promise.objects.all().delete()
    migration = import_module("inventory.migrations.0003_day_of_outstanding_reservations")
    with connection.cursor() as cursor:
        cursor.execute(migration.DAYS)
        cursor.execute(migration.PROMISES)
    assert list(Promise.objects.values_list("delivery_date", "quantity")) == [(march(16), 3)]
    assert set(StockMovement.objects.exclude(delivery_date=None).values_list("reference", flat=True)) == {"HELD"}
    assert list(recount(world.region.pk)) == []
    sell("HELD")
    assert (shelf.row.on_hand, shelf.row.reserved) == (94, 0)
