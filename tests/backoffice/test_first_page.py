"""The first page and the search box: true numbers, few queries, links that lead somewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.rules import roles
from deliveries.models import Route, Stop
from milkdelivery.backoffice.dashboard import fill
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import Event, EventDelivery
from notifications.models import Notification
from orders.actions import cancel_order, hold_order
from orders.models import Order
from payments.models import Webhook
from tests.backoffice.conftest import client_of
from tests.factories.deliveries import DeliveryFactory
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
    worth = context["days"][0].weeks.today.worth.format()
    assert worth.endswith("144.00"), "three orders of 28 and 20 rupees, the cancelled one not"
    assert tiles["Dead letters"].value == 0
    today, tomorrow = context["days"][:2]
    assert [(part.status, part.count, part.before) for part in today.parts] == [
        ("CONFIRMED", 2, 0),
        ("PACKED", 1, 2),
        ("CANCELLED", 1, 3),
    ]
    assert (today.total, tomorrow.total) == (4, 1)


def test_every_number_is_that_of_its_list(manager_client: Client, busy: World) -> None:
    hold_order(confirmed_order(basket=[(busy.milk, 1)], slot=busy.evening).pk, by=SYSTEM, reason="another door")
    hold_order(confirmed_order(basket=[(busy.milk, 1)], slot=busy.evening).pk, by=SYSTEM, reason="another door")
    Order.objects.filter(pk=confirmed_order(basket=[(busy.milk, 1)], slot=busy.evening).pk).update(
        partial_fulfilment=True
    )
    DeliveryFactory(order=placed_order(), status="FAILED", stop=_stop(busy), delivery_date=clock.today(busy.region))
    for number, ago in enumerate((1, 1, 90)):
        Notification.objects.create(
            role="CUSTOMER",
            kind="delivered",
            channel="EMAIL",
            address="a@example.com",
            status="FAILED",
            dedupe_key=f"k{number}",
            created_at=clock.now() - timedelta(hours=ago),
        )
    Webhook.objects.create(gateway="demo", event_id="e1", kind="?", body="{}", received_at=clock.now(), status="FAILED")
    for shelf, left in zip(busy.stocks[1:3], (3, 0), strict=True):
        count_shelves(left, pk=shelf.pk)
    event = Event.objects.create(name="tests.happened", subject="x:1", actor_kind="system", occurred_at=clock.now())
    for status in ("DEAD", "DEAD", "PENDING"):
        EventDelivery.objects.create(
            event=event, subscriber=f"tests.{status}{EventDelivery.objects.count()}", subject="x:1", status=status
        )
    context = _page(manager_client)
    counts = {tile.label: tile.value for tile in context["tiles"]}
    assert {name: counts[name] for name in ("Orders to decide about", "Messages that failed", "Dead letters")} == {
        "Orders to decide about": 2, "Messages that failed": 2, "Dead letters": 2,
    }  # fmt: skip
    assert min(counts["Shelves running low"], counts["Failed deliveries"], counts["Orders that lack something"]) >= 1
    bars = [bar for weeks in context["weeks"] for bar in weeks.bars]
    numbers = [
        *((tile.url, tile.value) for tile in context["tiles"]),
        *((part.url, part.count) for day in context["days"] for part in day.parts),
        *((bar.url, bar.orders) for bar in bars[-3:]),
    ]
    for url, count in numbers:
        assert manager_client.get(url).context["cl"].result_count == count, url


def _stop(world: World) -> Stop:
    route = Route.objects.create(
        hub=world.hub, date=clock.today(world.region), slot=world.morning, number=1, driver=world.driver,
        created_at=clock.now(),
    )  # fmt: skip
    return Stop.objects.create(route=route, sequence=1, door="1 Temple Road")


def test_what_is_most_urgent_comes_first_and_zeros_are_told_apart(manager_client: Client, busy: World) -> None:
    hold_order(confirmed_order(basket=[(busy.milk, 1)], slot=busy.evening).pk, by=SYSTEM, reason="another door")
    context = _page(manager_client)
    assert context["waiting"][0].label == "Orders to decide about"
    assert "until" in context["waiting"][0].note
    assert all(tile.value for tile in context["waiting"])
    assert not any(tile.value for tile in context["calm"])


def test_a_dairy_at_rest_is_calm(manager_client: Client, world: World) -> None:
    page = manager_client.get(reverse("admin:index"))
    assert page.context["waiting"] == []
    assert "All calm" in page.content.decode()


def test_today_stands_beside_the_same_weekday_before(manager_client: Client, world: World) -> None:
    today = clock.today(world.region)
    for ago, orders in ((0, 3), (7, 2), (14, 9)):
        for _ in range(orders):
            placed_order(slot=world.morning, delivery_date=today - timedelta(days=ago))
    weeks = _page(manager_client)["weeks"][0]
    assert (weeks.today.orders, weeks.week_before.orders, len(weeks.bars)) == (3, 2, 14)
    assert weeks.compared == "50% more than a week ago"
    assert [bar.height for bar in weeks.bars if bar.orders] == [40 * 2 // 3, 40]


def test_what_a_role_may_not_open_it_is_not_told_of(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = roles.PERMISSIONS[Role.MANAGER]
    monkeypatch.setitem(roles.PERMISSIONS, Role.MANAGER, (*before, "!core.*", "!orders.*", "!inventory.*"))
    call_command("sync")
    context = _page(client_of(Role.MANAGER))
    labels = {tile.label for tile in context["tiles"]}
    assert not labels & {"Dead letters", "Orders to decide about", "Shelves running low", "Claims to decide"}
    assert (context["days"], context["weeks"], context["low_stock"]) == ([], [], None)


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
    assert len(after) == len(before) <= 26


def test_nothing_comes_from_outside(manager_client: Client, busy: World) -> None:
    page = manager_client.get(reverse("admin:index"))
    assert "http://" not in page.content.decode().replace("http://testserver", "").replace("http://www.w3.org", "")
    assert "https://" not in page.content.decode()
    assert "'unsafe-eval'" in page["Content-Security-Policy"]
    assert "default-src 'self'" in page["Content-Security-Policy"]
