"""The public page behind a tracking link."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.test import Client

from deliveries.actions import (
    close_route,
    mark_delivered,
    mark_failed,
    mark_picked_up,
    plan_routes,
    rate_delivery,
    start_route,
)
from deliveries.models import Delivery, Rating, Route
from deliveries.rules.ratings import NotRatable, RatingKept
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import InvalidInput
from milkdelivery.core.models import Event
from orders.actions import cancel_order, pack_order
from tests.cart.shopping import buy
from tests.concurrency.threads import in_threads
from tests.deliveries.doors import brought
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db

EVENING = "2026-01-30T20:00+05:30"
STAFF = Actor.system("tests")


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at(EVENING)
    return small_world()


@pytest.fixture
def delivery(world: World) -> Delivery:
    return Delivery.objects.select_related("order").get(order=buy(world).order)


def path(delivery: Delivery) -> str:
    return f"/track/{delivery.tracking_token}/"


def test_it_tells_when_and_how_far_and_nothing_of_the_household(
    world: World, delivery: Delivery, client: Client
) -> None:
    page = client.get(path(delivery))
    text = page.content.decode()
    for told in (delivery.order.number, "Saturday, 31 January", "5–7:30 am", "Confirmed with the dairy"):
        assert told in text
    for private in ("Asha", "asha@example.com", "Feet Road", "Toned milk", "76.00", "cash", "560034"):
        assert private not in text
    assert (page["X-Robots-Tag"], page["Referrer-Policy"]) == ("noindex, nofollow", "no-referrer")
    assert page["Cache-Control"] == "private, no-cache"
    assert '<meta name="robots" content="noindex, nofollow">' in text


def test_the_drivers_first_name_only_on_the_way(
    world: World, delivery: Delivery, client: Client, at: Callable[[str], datetime]
) -> None:
    world.driver.user.name = "Manjunath Gowda"
    world.driver.user.save()
    assert "Manjunath" not in client.get(path(delivery)).content.decode()
    pack_order(delivery.order_id, by=STAFF)
    at("2026-01-31T04:30+05:30")
    mark_picked_up(delivery.pk, by=STAFF)
    loaded = client.get(path(delivery)).content.decode()
    assert "In the van" in loaded
    assert "The driver has not left the hub yet." in loaded
    start_route(Route.objects.get().pk, by=STAFF)
    under_way = client.get(path(delivery)).content.decode()
    assert "Manjunath is on the way" in under_way
    assert "Gowda" not in under_way
    mark_delivered(delivery.pk, by=STAFF)
    done = client.get(path(delivery)).content.decode()
    assert "It is at your door" in done
    assert "Manjunath" not in done
    assert "hx-get" not in done, "nothing more to ask for"


def test_a_poll_answers_only_when_something_changed(world: World, delivery: Delivery, client: Client) -> None:
    first = client.get(f"{path(delivery)}live/")
    assert (first.status_code, b"<html" in first.content) == (200, False)
    tag = first["ETag"].strip('"')
    assert rf'hx-headers=\'{{"If-None-Match": "\"{tag}\""}}\''.replace(r"\'", "'") in first.content.decode()
    again = client.get(f"{path(delivery)}live/", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    pack_order(delivery.order_id, by=STAFF)
    assert client.get(f"{path(delivery)}live/", headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_a_cancelled_delivery_says_so(world: World, delivery: Delivery, client: Client) -> None:
    cancel_order(delivery.order_id, by=STAFF, reason="changed my mind")
    text = client.get(path(delivery)).content.decode()
    assert "This delivery was cancelled" in text
    assert "changed my mind" not in text


@pytest.mark.parametrize("token", ["nope", "x" * 500, "प्र", "%F0%9F%A5%9B"])
def test_an_unknown_link(world: World, client: Client, token: str) -> None:
    for address in (f"/track/{token}/", f"/track/{token}/live/"):
        response = client.get(address)
        assert response.status_code == 404
        assert "text/html" in response["Content-Type"]


def test_four_queries(
    world: World, delivery: Delivery, client: Client, django_assert_num_queries: Callable[..., object]
) -> None:
    for address in (path(delivery), f"{path(delivery)}live/"):
        with django_assert_num_queries(4):  # type: ignore[attr-defined]
            client.get(address)


# -- how far the van is ------------------------------------------------------------------------------------------------


def test_how_many_stops_come_first_and_when_it_is_there(
    world: World, client: Client, at: Callable[[str], datetime], django_assert_num_queries: Callable[..., object]
) -> None:
    """A range that follows the real round, and nothing of who lives at the stops before."""
    drops = [brought(world, f"secret{n}", east=n) for n in (1, 2, 3)]
    plan_routes(world.hub.pk, on=date(2026, 1, 31), slot_id=world.morning.pk, by=STAFF)
    at("2026-01-31T04:30+05:30")
    for drop in drops:
        pack_order(drop.order_id, by=STAFF)
        mark_picked_up(drop.pk, by=STAFF)
    start_route(Route.objects.get().pk, by=STAFF)
    last = drops[2]
    first = client.get(path(last)).content.decode()
    assert "2 stops before yours." in first
    assert "Stop 3 of 3" in first
    assert "secret1" not in first
    planned = first.split("Expected between ")[1][:20]
    at("2026-01-31T06:00+05:30")  # the round is an hour late
    mark_delivered(drops[0].pk, by=STAFF)
    with django_assert_num_queries(5):  # type: ignore[attr-defined]
        late = client.get(path(last)).content.decode()
    assert "1 stop before yours." in late
    assert late.split("Expected between ")[1][:20] != planned
    mark_failed(drops[1].pk, reason="NOBODY_THERE", by=STAFF)
    assert "You are next." in client.get(path(last)).content.decode()
    told = client.get(f"/api/v1/track/{last.tracking_token}/").json()["round"]
    assert (told["stop"], told["stops"], told["stops_before"], told["has_left"]) == (3, 3, 0, True)
    assert told["earliest"] < told["latest"]


def test_after_a_failed_try_the_page_says_so_and_what_comes_next(
    world: World, delivery: Delivery, client: Client, at: Callable[[str], datetime]
) -> None:
    pack_order(delivery.order_id, by=STAFF)
    at("2026-01-31T05:30+05:30")
    mark_picked_up(delivery.pk, by=STAFF)
    start_route(Route.objects.get().pk, by=STAFF)
    mark_failed(delivery.pk, reason="NOBODY_THERE", by=STAFF)
    public = client.get(path(delivery)).content.decode()
    assert "We try again" in public
    assert "Could not be handed over" in public
    assert "Nobody there" not in public, "that is for the household alone"
    client.force_login(delivery.order.customer)
    own = client.get(f"/orders/{delivery.order.number}/").content.decode()
    assert "Nobody there and no safe place. It comes again on" in own
    assert "timeline__step--failed" in own
    assert own.index("Could not be handed over") < own.index("Packed<"), "it is packed anew"
    steps = client.get(f"/api/v1/orders/{delivery.order.number}/track/").json()["timeline"]
    assert [(step["step"], step["state"]) for step in steps][-4:-1] == [
        ("PREPARING", "TODO"),
        ("OUT_FOR_DELIVERY", "TODO"),
        ("DELIVERED", "TODO"),
    ]
    close_route(Route.objects.get(status="STARTED").pk, by=STAFF)
    assert "We are getting it ready" in client.get(path(delivery)).content.decode()


# -- rating ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def done(world: World, delivery: Delivery, at: Callable[[str], datetime]) -> Delivery:
    pack_order(delivery.order_id, by=STAFF)
    at("2026-01-31T05:30+05:30")
    mark_picked_up(delivery.pk, by=STAFF)
    mark_delivered(delivery.pk, by=STAFF)
    return delivery


def test_whoever_holds_the_link_rates_once_and_may_change_it_for_a_day(
    world: World, done: Delivery, client: Client, at: Callable[[str], datetime]
) -> None:
    assert "How was this delivery?" in client.get(path(done)).content.decode()
    client.post(f"{path(done)}rating/", {"stars": "4", "words": "On  time"})
    world.vendor.refresh_from_db()
    count = world.vendor.rating_count
    assert (Rating.objects.get().stars, Rating.objects.get().words, count) == (4, "On time", 1)
    page = client.get(path(done)).content.decode()
    assert "4 stars of five" in page
    assert "On time" not in page, "whoever holds the link reads no words of the household"
    client.post(f"{path(done)}rating/", {"stars": "2"})
    world.vendor.refresh_from_db()
    assert (world.vendor.rating, world.vendor.rating_count) == (Decimal("2.00"), count)
    at("2026-02-01T06:00+05:30")
    late = client.post(f"{path(done)}rating/", {"stars": "5"})
    assert (late.status_code, "A rating can be changed for a day" in late.content.decode()) == (422, True)
    assert Rating.objects.get().stars == 2


def test_wrong_stars_are_told_and_nothing_typed_is_lost(done: Delivery, client: Client) -> None:
    for stars in ("", "0", "6", "x"):
        answer = client.post(f"{path(done)}rating/", {"stars": stars, "words": "Sour milk"})
        assert answer.status_code == 422
        assert "Give one to five stars." in answer.content.decode()
        assert "Sour milk" in answer.content.decode()
    with pytest.raises(InvalidInput):
        rate_delivery(done.pk, stars=6, by=STAFF)
    assert not Rating.objects.exists()


def test_only_what_was_brought_and_not_long_ago(
    world: World, delivery: Delivery, client: Client, at: Callable[[str], datetime]
) -> None:
    with pytest.raises(NotRatable):
        rate_delivery(delivery.pk, stars=5, by=STAFF)
    assert "How was this delivery?" not in client.get(path(delivery)).content.decode()


def test_too_late_and_safe_to_repeat(done: Delivery, at: Callable[[str], datetime]) -> None:
    for _again in range(2):
        rate_delivery(done.pk, stars=5, by=STAFF)
    assert Event.objects.filter(name__in=["delivery.rated", "vendor.rated"]).count() == 2
    at("2026-02-02T06:00+05:30")
    assert rate_delivery(done.pk, stars=5, by=STAFF).stars == 5
    with pytest.raises(RatingKept):
        rate_delivery(done.pk, stars=1, by=STAFF)
    Rating.objects.all().delete()
    at("2026-03-15T06:00+05:30")
    with pytest.raises(NotRatable):
        rate_delivery(done.pk, stars=5, by=STAFF)


def test_the_app_rates_for_its_household_only(done: Delivery, client: Client) -> None:
    address = f"/api/v1/orders/{done.order.number}/rating/"
    client.force_login(done.order.customer)
    answer = client.post(address, {"stars": 5, "words": "Fine"}, content_type="application/json")
    assert (answer.status_code, answer.json()["stars"]) == (200, 5)
    assert client.post(address, {"stars": 9}, content_type="application/json").status_code == 400
    assert "Fine" in client.get(f"/orders/{done.order.number}/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_taps_at_once_count_once(world: World, done: Delivery) -> None:
    Delivery.objects.update(delivered_at=datetime.now(UTC))  # other threads go by the real clock
    assert in_threads(*[lambda: rate_delivery(done.pk, stars=4, by=STAFF)] * 2) == []
    world.vendor.refresh_from_db()
    assert (Rating.objects.count(), world.vendor.rating_count) == (1, 1)
