"""Staff change an order that was placed: where to, in which slot, the note for the driver. What hangs on it follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import Address
from deliveries.actions import change_order, lock_route, mark_failed, mark_picked_up
from deliveries.models import Delivery, HubArea, Route
from deliveries.rules import NotDelivering
from inventory.queries import recount as recount_stock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import Event, Pincode
from milkdelivery.core.queries import forget_region_book
from notifications.models import Notification
from orders.actions import OrderChange, edition_of, hold_order, pack_order
from orders.models import Order, OrderLine
from orders.rules.changing import (
    ChangeTooLate,
    DairiesElsewhere,
    NotChangeable,
    OrderChangedMeanwhile,
    OtherRegion,
    SlotNotOpen,
)
from orders.snapshots import moved_to
from tests.cart.shopping import buy
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.core import PincodeFactory, RegionFactory
from tests.factories.deliveries import DriverFactory, HubFactory
from tests.factories.inventory import StockFactory
from tests.factories.vendors import OfferFactory, ServiceAreaFactory, VendorFactory
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db

MANAGER = Actor.user(902, Role.MANAGER)
STAFF = Actor.system("tests")
EVENING = "2026-01-30T20:00+05:30"
TOMORROW = date(2026, 1, 31)
DOOR = {"flat": "7B", "line1": "9, 100 Feet Road", "city": "Bengaluru", "country": "IN"}


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at(EVENING)
    return small_world()


@pytest.fixture
def order(world: World) -> Order:
    order = buy(world).order
    order.refresh_from_db()
    return order


def to(order: Order, pincode: str = "560034", **parts: Any) -> OrderChange:
    return OrderChange(address=moved_to(order, Address(**{**DOOR, "pincode": pincode, **parts})))


def delivery_of(order: Order) -> Delivery:
    return Delivery.objects.select_related("stop__route").get(order=order)


def books_agree(world: World) -> bool:
    return not list(recount_stock(world.region.pk))


def other_place(world: World, code: str = "560095", *, hub: Any = None) -> Pincode:
    """A pincode of the same region, brought to by the same hub unless another is named."""
    place: Pincode = PincodeFactory(region=world.region, code=code, is_served=True)
    HubArea.objects.create(hub=hub or world.hub, pincode=place)
    forget_region_book()
    return place


# -- where to ----------------------------------------------------------------------------------------------------------


def test_another_door_is_another_stop_of_the_round(world: World, order: Order, drain: Callable[[], int]) -> None:
    other = buy(world).order
    before = order.grand_total
    change_order(order.pk, to(order), by=MANAGER)
    order.refresh_from_db()
    assert (order.address["flat"], order.address["name"]) == ("7B", other.address["name"])
    assert order.grand_total == before
    here, there = delivery_of(order), delivery_of(other)
    assert here.stop is not None and there.stop is not None  # noqa: PT018
    assert here.stop.route == there.stop.route
    assert here.stop.door.startswith("7B,")
    assert sorted([here.sequence or 0, there.sequence or 0]) == [1, 2]
    (event,) = Event.objects.filter(name="order.changed")
    assert (event.data["changed"], event.actor_id) == (["address"], 902)
    drain()
    told = Notification.objects.filter(kind="order_changed", recipient=order.customer_id)
    assert told.exists()


def test_another_hub_brings_it(world: World, order: Order) -> None:
    far = HubFactory(region=world.region)
    driver = DriverFactory(hub=far)
    place = other_place(world, hub=far)
    ServiceAreaFactory(vendor=world.vendor, pincode=place)
    left = Route.objects.get()
    change_order(order.pk, to(order, place.code), by=MANAGER)
    delivery = delivery_of(order)
    assert (delivery.hub, delivery.driver) == (far, driver)
    assert not left.stops.exists()
    assert books_agree(world)


def test_dairies_that_do_not_come_there_hand_over_to_one_that_does(world: World, order: Order) -> None:
    place = other_place(world)
    with pytest.raises(DairiesElsewhere):
        change_order(order.pk, to(order, place.code), by=MANAGER)
    order.refresh_from_db()
    assert order.pincode == "560034"
    assert delivery_of(order).stop is not None
    assert books_agree(world)
    near = VendorFactory(region=world.region)
    ServiceAreaFactory(vendor=near, pincode=place)
    for variant in world.variants:
        OfferFactory(vendor=near, variant=variant)
        StockFactory(vendor=near, variant=variant, on_hand=50)
    change_order(order.pk, to(order, place.code), by=MANAGER)
    assert set(OrderLine.objects.filter(order=order).values_list("vendor", flat=True)) == {near.pk}
    assert Event.objects.filter(name="vendor.replaced").exists()
    assert books_agree(world)


def test_nobody_brings_it_there(world: World, order: Order) -> None:
    PincodeFactory(region=world.region, code="560001", is_served=False)
    with pytest.raises(NotDelivering):
        change_order(order.pk, to(order, "560001"), by=MANAGER)


def test_another_region_is_another_order(world: World, order: Order) -> None:
    elsewhere = RegionFactory(code="MUM", name="Mumbai")
    place = PincodeFactory(region=elsewhere, code="400001", is_served=True)
    HubArea.objects.create(hub=HubFactory(region=elsewhere), pincode=place)
    forget_region_book()
    with pytest.raises(OtherRegion):
        change_order(order.pk, to(order, "400001"), by=MANAGER)


# -- when, and with which words ----------------------------------------------------------------------------------------


def test_another_slot_of_the_day(world: World, order: Order) -> None:
    change_order(order.pk, OrderChange(slot=world.evening), by=MANAGER)
    order.refresh_from_db()
    delivery = delivery_of(order)
    assert (order.slot, delivery.slot) == (world.evening, world.evening)
    assert delivery.stop is not None
    assert delivery.stop.route.slot == world.evening
    assert not Route.objects.get(slot=world.morning).stops.exists()
    change_order(order.pk, OrderChange(slot=world.evening), by=MANAGER)
    assert Event.objects.filter(name="order.changed").count() == 1, "the same once more is no change"


def test_a_slot_that_is_closed_by_now(world: World, at: Callable[[str], datetime]) -> None:
    order = buy(world, slot=world.evening).order
    at("2026-01-30T22:30+05:30")
    with pytest.raises(SlotNotOpen):
        change_order(order.pk, OrderChange(slot=world.morning), by=MANAGER)


def test_a_note_for_the_driver_moves_nothing(world: World, order: Order) -> None:
    stop = delivery_of(order).stop
    planned = Event.objects.filter(name="route.planned").count()
    change_order(order.pk, OrderChange(special_instructions="  Ring\u200b twice "), by=MANAGER)
    order.refresh_from_db()
    assert order.special_instructions == "Ring twice"
    assert delivery_of(order).stop == stop
    assert Event.objects.filter(name="route.planned").count() == planned


def test_a_held_order_is_decided_about_until_its_new_cut_off(world: World, order: Order) -> None:
    hold_order(order.pk, by=MANAGER, reason="Asks for the evening")
    before = order.holds.get().keep_until
    change_order(order.pk, OrderChange(slot=world.evening), by=MANAGER)
    assert order.holds.get().keep_until > before


# -- until when --------------------------------------------------------------------------------------------------------


def test_only_until_the_cut_off_and_before_it_is_packed(
    world: World, order: Order, at: Callable[[str], datetime]
) -> None:
    packed = buy(world).order
    pack_order(packed.pk, by=STAFF)
    with pytest.raises(NotChangeable, match="is packed"):
        change_order(packed.pk, to(packed), by=MANAGER)
    at("2026-01-30T22:00+05:30")
    with pytest.raises(ChangeTooLate):
        change_order(order.pk, to(order), by=MANAGER)


def test_who_saw_another_order_is_told(world: World, order: Order) -> None:
    seen = edition_of(order)
    change_order(order.pk, to(order), by=MANAGER, seen=seen)
    with pytest.raises(OrderChangedMeanwhile):
        change_order(order.pk, OrderChange(slot=world.evening), by=MANAGER, seen=seen)


def test_what_is_in_a_van_after_a_failed_try_follows_when_it_is_back(
    world: World, order: Order, at: Callable[[str], datetime]
) -> None:
    at("2026-01-31T05:30+05:30")
    pack_order(order.pk, by=STAFF)
    delivery = delivery_of(order)
    mark_picked_up(delivery.pk, by=STAFF)
    mark_failed(delivery.pk, reason="NOBODY_THERE", by=STAFF)
    order.refresh_from_db()
    assert order.status == "CONFIRMED"
    route = delivery.stop.route if delivery.stop else None
    change_order(order.pk, to(order), by=MANAGER)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.stop.route if delivery.stop else None) == ("FAILED", route)


def test_a_locked_round_gives_up_what_staff_take_off_it(world: World, order: Order) -> None:
    route = Route.objects.get()
    lock_route(route.pk, is_locked=True, by=STAFF)
    DriverFactory(hub=world.hub)
    change_order(order.pk, to(order), by=MANAGER)
    delivery = delivery_of(order)
    assert delivery.stop is not None
    assert delivery.stop.route != route


# -- by the API, and on the page ---------------------------------------------------------------------------------------


@pytest.fixture
def manager(world: World, client: Client) -> Client:
    client.force_login(UserFactory(role=Role.MANAGER))
    return client


def patch(client: Client, order: Order, expect: int = 200, **body: Any) -> Any:
    answer = client.patch(f"/api/v1/orders/{order.number}/", body, content_type="application/json")
    assert answer.status_code == expect, answer.content
    return answer.json()


def test_by_the_api(world: World, order: Order, manager: Client) -> None:
    shown = manager.get(f"/api/v1/orders/{order.number}/").json()
    door = {"flat": "9", "line1": "12, 80 Feet Road", "city": "Bengaluru", "pincode": "560 034"}
    told = patch(manager, order, address=door, slot="EVENING", special_instructions="Ring", edition=shown["edition"])
    assert (told["address"]["flat"], told["slot"]["code"], told["special_instructions"]) == ("9", "EVENING", "Ring")
    late = patch(manager, order, 409, slot="MORNING", edition=shown["edition"])
    assert late["code"] == "changed_meanwhile"
    saved = AddressFactory(user=order.customer, flat="3", pincode="560034", is_default=False)
    assert patch(manager, order, address_id=saved.pk)["address"]["flat"] == "3"
    patch(manager, order, 404, address_id=AddressFactory().pk)
    patch(manager, order, 400)
    patch(manager, order, 400, address=door, address_id=saved.pk)
    patch(manager, order, 400, address={"flat": "9"})
    other_day = patch(manager, order, 422, delivery_date="2026-02-03")
    assert (other_day["code"], list(other_day["errors"])) == ("delivery_date_not_changeable", ["delivery_date"])
    patch(manager, order, delivery_date=str(TOMORROW), special_instructions="")
    far = patch(manager, order, 409, address={**door, "pincode": "560999"})
    assert (far["code"], list(far["errors"])) == ("not_served", ["pincode"])


def test_on_the_page(world: World, order: Order, manager: Client) -> None:
    page = f"/admin/orders/order/{order.pk}/change/"
    assert "Change address or slot" in manager.get(page).content.decode()
    url = f"/admin/orders/order/{order.pk}/alter/"
    form = manager.get(url).context["form"]
    data = {name: form[name].value() or "" for name in form.fields}
    wrong = manager.post(url, {**data, "pincode": "12", "flat": "7B"})
    assert (wrong.context["form"]["flat"].value(), "pincode" in wrong.context["form"].errors) == ("7B", True)
    done = manager.post(url, {**data, "flat": "7B", "slot": "EVENING"}, follow=True).content.decode()
    assert f"Order {order.number} is changed." in done
    assert "Changed: slot, address" in done
    late = manager.post(url, {**data, "flat": "8"})
    assert "Somebody else changed this order meanwhile." in late.content.decode()
    order.refresh_from_db()
    assert (order.address["flat"], order.slot) == ("7B", world.evening)
    pack_order(order.pk, by=STAFF)
    assert "Change address or slot" not in manager.get(page).content.decode()


def test_the_place_on_the_map_goes_with_the_door(world: World, order: Order, manager: Client) -> None:
    order.address = {**order.address, "latitude": "12.93500", "longitude": "77.62400"}
    order.save()
    url = f"/admin/orders/order/{order.pk}/alter/"
    form = manager.get(url).context["form"]
    data = {name: form[name].value() or "" for name in form.fields}
    manager.post(url, {**data, "instructions": "Leave it at the door"})
    order.refresh_from_db()
    assert (order.address["latitude"], order.address["instructions"]) == ("12.93500", "Leave it at the door")
    manager.post(url, {**data, "edition": edition_of(order), "flat": "99"})
    order.refresh_from_db()
    assert "latitude" not in order.address
    assert OrderLine.objects.filter(order=order, vendor=world.vendor).exists()
