"""The portal's answers: one tap to accept, a reason to give back, a count of the shelf."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client

from inventory import actions as stock
from inventory.actions import BatchFacts
from inventory.models import Stock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import Event
from orders.actions import reject_lines
from orders.models import VendorAnswer
from orders.tasks import fill_short_supply
from tests.cart.shopping import buy
from tests.factories.accounts import UserFactory
from tests.factories.vendors import VendorFactory, VendorMemberFactory
from tests.factories.world import World, small_world
from tests.orders.dairies import another_dairy, assert_books_agree, only_line, shares

pytestmark = pytest.mark.django_db

SATURDAY = "2026-01-31"
BY = Actor.system("tests")


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-30T20:00+05:30")
    return small_world()


@pytest.fixture
def member(world: World, client: Client) -> Client:
    client.force_login(VendorMemberFactory(vendor=world.vendor, user=UserFactory(role=Role.VENDOR)).user)
    return client


def test_one_tap_accepts_and_one_takes_it_back(world: World, member: Client) -> None:
    order = buy(world).order
    line = only_line(order)
    answer = member.post("/vendor/accept/", {"line": line.pk, "day": SATURDAY, "at": order.number})
    assert answer["Location"] == f"/vendor/?day={SATURDAY}#order-{order.number}"
    assert only_line(order).status == "ACCEPTED"
    member.post("/vendor/undo/", {"line": line.pk, "day": SATURDAY})
    assert only_line(order).status == "ASSIGNED"
    member.post("/vendor/accept/", {"day": SATURDAY})
    assert only_line(order).status == "ACCEPTED"


@pytest.mark.parametrize("line", ["", "x", "9" * 30, "-1", "१"])
def test_nonsense_is_not_found(world: World, member: Client, line: str) -> None:
    assert member.post("/vendor/accept/", {"line": line}).status_code == 404


def test_some_of_a_line_is_brought(world: World, member: Client) -> None:
    second = another_dairy(world)
    order = buy(world, (world.milk, 10)).order
    page = f"/vendor/lines/{only_line(order).pk}/reject/"
    assert "How many can you bring?" in member.get(page).content.decode()
    wrong = member.post(page, {"available": "10", "note": "only the small van"})
    assert wrong.status_code == 422
    for kept in ("accept the order instead", "Tell us why", "only the small van"):
        assert kept in wrong.content.decode()
    assert member.post(page, {"available": "6", "reason": "SOLD_OUT"}).status_code == 302
    assert shares(order) == [(world.vendor.name, 6, "ACCEPTED"), (second.name, 4, "ASSIGNED")]
    assert "What you gave back" in member.get(f"/vendor/?day={SATURDAY}").content.decode()


@pytest.mark.parametrize(("wanted", "brings"), [(10, 6), (2, 1)])
def test_a_second_tap_gives_no_more_back(world: World, member: Client, wanted: int, brings: int) -> None:
    second = another_dairy(world)
    order = buy(world, (world.milk, wanted)).order
    page = f"/vendor/lines/{only_line(order).pk}/reject/"
    for _tap in range(2):
        assert member.post(page, {"available": str(brings), "reason": "SOLD_OUT"}).status_code == 302
    assert shares(order) == [(world.vendor.name, brings, "ACCEPTED"), (second.name, wanted - brings, "ASSIGNED")]


@pytest.mark.parametrize("is_all_gone", [True, False])
def test_what_was_given_back_is_said_again_and_not_missing(world: World, member: Client, is_all_gone: bool) -> None:
    if not is_all_gone:
        another_dairy(world)
    order = buy(world).order
    pages = (f"/vendor/lines/{only_line(order).pk}/reject/", f"/vendor/orders/{order.number}/reject/")
    for page in (*pages, f"/vendor/days/{SATURDAY}/reject/") * 2:
        assert member.post(page, {"reason": "CLOSED", "available": "0"})["Location"] == f"/vendor/?day={SATURDAY}"
    assert VendorAnswer.objects.count() == 1


def test_what_another_dairy_gave_back_is_not_found(world: World, client: Client) -> None:
    second = another_dairy(world)
    order = buy(world).order
    line = only_line(order)
    reject_lines(world.vendor.pk, [line.pk], reason="CLOSED", by=BY)
    third = VendorFactory(region=world.region)
    client.force_login(VendorMemberFactory(vendor=third, user=UserFactory(role=Role.VENDOR)).user)
    pages = (f"lines/{line.pk}", f"orders/{order.number}", f"days/{SATURDAY}")
    assert [client.post(f"/vendor/{page}/reject/", {"reason": "CLOSED"}).status_code for page in pages] == [404] * 3
    assert shares(order) == [(second.name, line.quantity, "ASSIGNED")]


def test_after_the_pack_time_the_page_says_so(world: World, member: Client, at: Callable[[str], datetime]) -> None:
    order = buy(world).order
    page = f"/vendor/lines/{only_line(order).pk}/reject/"
    at("2026-01-31T03:31+05:30")
    answer = member.post(page, {"available": "0", "reason": "CLOSED"})
    assert answer.status_code == 409
    assert "had to stand packed by now" in answer.content.decode()
    assert "Accept" not in member.get(f"/vendor/?day={SATURDAY}").content.decode()


def test_the_shelf_is_counted_with_a_tap(world: World, member: Client) -> None:
    for sent, on_hand in (({"change": "10"}, 110), ({"change": "-1"}, 109), ({"counted": "80"}, 80)):
        assert member.post("/vendor/stock/", {"variant": world.milk.pk, **sent}).status_code == 302
        assert Stock.objects.get(vendor=world.vendor, variant=world.milk).on_hand == on_hand


def test_a_shelf_of_batches_is_counted_with_a_tap_too(world: World, member: Client) -> None:
    which: dict[str, Any] = {"vendor_id": world.vendor.pk, "variant_id": world.milk.pk, "by": BY}
    stock.set_on_hand(**which, quantity=0, reason="none")
    stock.receive(**which, quantity=20, batch=BatchFacts("A1", date(2026, 1, 30), date(2026, 2, 2)))
    for sent, on_hand in (({"change": "-1"}, 19), ({"counted": "12"}, 12), ({"change": "10"}, 22)):
        assert member.post("/vendor/stock/", {"variant": world.milk.pk, **sent}).status_code == 302
        assert Stock.objects.get(vendor=world.vendor, variant=world.milk).on_hand == on_hand


def test_a_batch_that_a_dairy_has_not_is_promised_to_nobody_else(world: World, member: Client) -> None:
    which: dict[str, Any] = {"vendor_id": world.vendor.pk, "variant_id": world.milk.pk, "by": BY}
    stock.set_on_hand(**which, quantity=0, reason="none")
    stock.receive(**which, quantity=20, batch=BatchFacts("A1", date(2026, 1, 30), date(2026, 2, 2)))
    another_dairy(world)
    line = only_line(buy(world, (world.milk, 5)).order)
    member.post(f"/vendor/lines/{line.pk}/reject/", {"available": "0", "reason": "SOLD_OUT"})
    assert Stock.objects.get(vendor=world.vendor, variant=world.milk).on_hand == 15


def test_a_count_below_what_is_promised_keeps_what_was_typed(world: World, member: Client) -> None:
    buy(world, (world.milk, 5))
    answer = member.post("/vendor/stock/", {"variant": world.milk.pk, "counted": "3"})
    assert answer.status_code == 422
    assert 'value="3"' in answer.content.decode()
    assert Stock.objects.get(vendor=world.vendor, variant=world.milk).on_hand == 100


def test_milk_that_came_in_short_is_brought_by_another(world: World, at: Callable[[str], datetime]) -> None:
    second = another_dairy(world)
    which: dict[str, Any] = {
        "vendor_id": world.vendor.pk,
        "variant_id": world.milk.pk,
        "on": date(2026, 1, 31),
        "by": BY,
    }
    stock.set_on_hand(vendor_id=world.vendor.pk, variant_id=world.milk.pk, quantity=0, by=BY, reason="none")
    stock.plan_supply(**which, quantity=20)
    order = buy(world, (world.milk, 10)).order
    assert shares(order) == [(world.vendor.name, 10, "ASSIGNED")]
    at("2026-01-31T01:00+05:30")
    stock.receive_supply(**which, quantity=7)
    event = Event.objects.get(name="supply.short")
    for _time in range(2):
        fill_short_supply(world.vendor.pk, world.milk.pk, event.data["references"])
    assert shares(order) == [(world.vendor.name, 7, "ACCEPTED"), (second.name, 3, "ASSIGNED")]
    assert VendorAnswer.objects.get().kind == "SHORT"
    assert_books_agree([order])
