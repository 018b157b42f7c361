"""The first page and the search box: true numbers, few queries, links that lead somewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from milkdelivery.backoffice.dashboard import fill
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import Event, EventDelivery
from orders.actions import cancel_order
from tests.factories.inventory import count_shelves
from tests.factories.orders import confirmed_order, packed_order, placed_order
from tests.factories.world import World

pytestmark = pytest.mark.django_db

SYSTEM = Actor.system("tests")


@pytest.fixture
def busy(world: World) -> World:
    """Today: two confirmed, one packed, one cancelled; tomorrow: one confirmed."""
    today = clock.today(world.region)
    for _ in range(2):
        confirmed_order(basket=[(world.milk, 1)], slot=world.morning, delivery_date=today)
    packed_order(basket=[(world.milk, 1)], slot=world.morning, delivery_date=today)
    lost = confirmed_order(basket=[(world.milk, 1)], slot=world.morning, delivery_date=today)
    cancel_order(lost.pk, by=SYSTEM, reason="test")
    confirmed_order(basket=[(world.milk, 1)], slot=world.morning, delivery_date=today + timedelta(days=1))
    return world


def _page(client: Client) -> dict:
    return fill(client.get(reverse("admin:index")).wsgi_request, {})


def test_the_numbers_are_those_of_the_day(manager_client: Client, busy: World) -> None:
    context = _page(manager_client)
    tiles = {str(tile.label): tile for tile in context["tiles"]}
    assert (tiles["To pack now"].value, tiles["To pack now"].note) == (2, "1 more for tomorrow")
    assert tiles["Revenue today"].value.endswith("144.00"), "three orders of 28 and 20 rupees, the cancelled one not"
    assert tiles["Dead letters"].value == 0
    today, tomorrow = context["days"][:2]
    assert [(part.status, part.count, part.before) for part in today.parts] == [
        ("CONFIRMED", 2, 0),
        ("PACKED", 1, 2),
        ("CANCELLED", 1, 3),
    ]
    assert (today.total, tomorrow.total) == (4, 1)


def test_every_number_leads_to_its_list(manager_client: Client, busy: World) -> None:
    context = _page(manager_client)
    parts = [part for day in context["days"] for part in day.parts]
    for url in [tile.url for tile in context["tiles"] if tile.url] + [context["low_stock_url"]]:
        assert manager_client.get(url).status_code == 200, url
    for part in parts:
        assert manager_client.get(part.url).context["cl"].result_count == part.count, part.url


def test_trouble_is_counted(manager_client: Client, world: World) -> None:
    event = Event.objects.create(name="tests.happened", subject="x:1", actor_kind="system", occurred_at=clock.now())
    EventDelivery.objects.create(event=event, subscriber="tests", subject="x:1", status=EventDelivery.Status.DEAD)
    count_shelves(3, pk=world.stocks[1].pk)
    context = _page(manager_client)
    dead = next(tile for tile in context["tiles"] if tile.label == "Dead letters")
    assert (dead.value, dead.tone) == (1, "bad")
    assert [stock.pk for stock in context["low_stock"]] == [world.stocks[1].pk]


def test_the_first_page_asks_little_however_much_there_is(manager_client: Client, busy: World) -> None:
    manager_client.get(reverse("admin:index"))
    with CaptureQueriesContext(connection) as before:
        manager_client.get(reverse("admin:index"))
    for _ in range(20):
        placed_order(slot=busy.morning, delivery_date=clock.today(busy.region))
    with CaptureQueriesContext(connection) as after:
        manager_client.get(reverse("admin:index"))
    assert len(after) == len(before) <= 18


def test_nothing_comes_from_outside(manager_client: Client, busy: World) -> None:
    page = manager_client.get(reverse("admin:index"))
    assert "http://" not in page.content.decode().replace("http://testserver", "").replace("http://www.w3.org", "")
    assert "https://" not in page.content.decode()
    assert "'unsafe-eval'" in page["Content-Security-Policy"]
    assert "default-src 'self'" in page["Content-Security-Policy"]
