"""A driver before dawn, on a phone, while the household watches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, Request, expect

from cart.actions import Buyer
from deliveries.models import Delivery, Hub, Proof
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from orders.actions import cancel_order, pack_order
from orders.models import Order
from tests.cart.shopping import buy
from tests.catalog import pictures
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.vendors import VendorMemberFactory
from tests.factories.world import World, small_world
from tests.journeys.conftest import DESKTOP, PHONE

pytestmark = pytest.mark.django_db(transaction=True)

STAFF = Actor.system("tests")
OpenPage = Callable[..., Page]


@pytest.fixture
def world(live_server: object) -> World:
    return small_world()


def ordered(world: World, **buyer: Any) -> Delivery:
    """Packed and waiting at the hub, for a round of today."""
    known = {"user_id": buyer["user_id"]} if "user_id" in buyer else {"name": "Asha Rao", "email": "asha@example.com"}
    order = buy(world, (world.milk, 2), buyer=Buyer(**{**known, **buyer})).order
    pack_order(order.pk, by=STAFF)
    today = clock.today(world.region)
    Order.objects.filter(pk=order.pk).update(delivery_date=today)
    Delivery.objects.filter(order=order).update(delivery_date=today)
    return Delivery.objects.select_related("order").get(order=order)


def sign_in(page: Page, person: object) -> None:
    page.locator("input[name=login]").fill(str(person.email))  # type: ignore[attr-defined]
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_from_the_hub_to_the_door(
    world: World,
    open_page: OpenPage,
    picture: Callable[[Page, str], object],
    assert_accessible: Callable[[Page], None],
) -> None:
    first, second = ordered(world, phone="+919845012345"), ordered(world, name="Ravi Nair")
    watching = open_page(f"/track/{first.tracking_token}/")
    watching.clock.install()
    watching.reload()
    expect(watching.get_by_role("heading", level=1)).to_have_text("Packed and ready to leave")

    page = open_page("/driver/")
    sign_in(page, world.driver.user)
    expect(page.get_by_role("heading", name="Load")).to_be_visible()
    assert_accessible(page)
    assert fits(page)
    picture(page, "driver-load")
    page.get_by_role("button", name="Pick up all 2").click()

    expect(page.get_by_text("2 orders picked up.")).to_be_visible()
    expect(page.get_by_role("link", name="Call Asha Rao")).to_have_attribute("href", "tel:+919845012345")
    expect(page.get_by_label("Cash collected")).to_have_value("76.00")
    assert_accessible(page)
    assert fits(page)
    picture(page, "driver-next-stop")
    watching.clock.fast_forward(21_000)
    expect(watching.get_by_role("heading", level=1)).to_have_text("In the van")
    assert_accessible(watching)
    picture(watching, "tracking-on-the-way")

    page.get_by_label("Cash collected").fill("70")
    page.get_by_role("button", name="Delivered").click()
    expect(page.get_by_text("₹76.00 is to be collected.")).to_be_visible()
    expect(page.get_by_label("Cash collected")).to_have_value("70")
    assert_accessible(page)
    page.get_by_label("Cash collected").fill("76")
    page.get_by_role("button", name="Delivered").dblclick()

    expect(page.get_by_role("button", name="Take back")).to_be_visible()
    expect(page.get_by_text("Ravi Nair", exact=False)).to_be_visible()
    assert Delivery.objects.get(pk=second.pk).status == "PICKED_UP", "the second tap meant the first stop"
    watching.clock.fast_forward(21_000)
    expect(watching.get_by_role("heading", level=1)).to_have_text("It is at your door")

    page.get_by_role("button", name="Delivered").click()
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    expect(page.get_by_text("₹152.00").first).to_be_visible()
    assert_accessible(page)
    picture(page, "driver-all-done")


def test_a_wrong_tap_is_taken_back(world: World, open_page: OpenPage, picture: Callable[[Page, str], object]) -> None:
    delivery = ordered(world)
    page = open_page("/driver/")
    sign_in(page, world.driver.user)
    page.get_by_role("button", name="Pick up 1 order").click()
    page.get_by_text("Can’t hand it over").click()
    page.get_by_role("button", name="Refused at the door").click()
    expect(page.get_by_text("This ends the order")).to_be_visible()
    assert Delivery.objects.get(pk=delivery.pk).status == "PICKED_UP"
    picture(page, "driver-sure")
    page.get_by_role("button", name="Yes, not handed over").click()
    page.get_by_role("button", name="Take back").click()
    page.get_by_role("button", name="Delivered").click()
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    assert Delivery.objects.get(pk=delivery.pk).status == "DELIVERED"


def a_photo(width: int = 4000, height: int = 3000) -> FilePayload:
    """As a phone's camera takes it: too large for a slow line, and it says where it was taken."""
    content = pictures.photo(width, height, colour=(120, 96, 70))
    return {"name": "IMG_2041.jpg", "mimeType": "image/jpeg", "buffer": content}


def test_a_photo_and_a_position_from_the_door(
    world: World,
    open_page: OpenPage,
    picture: Callable[[Page, str], object],
    assert_accessible: Callable[[Page], None],
) -> None:
    household = UserFactory()
    first = ordered(world, user_id=household.pk)
    second = ordered(world, name="Ravi Nair")
    door = {"latitude": "12.93500", "longitude": "77.62400"}
    for order in Order.objects.all():
        Order.objects.filter(pk=order.pk).update(address={**order.address, **door})
    here = {"latitude": 12.9352, "longitude": 77.6241, "accuracy": 9}
    page = open_page("/driver/", permissions=["geolocation"], geolocation=here)
    sent: list[int] = []
    page.on("request", lambda request: sent.append(_size(request)) if request.method == "PUT" else None)
    sign_in(page, world.driver.user)
    page.get_by_role("button", name="Pick up all 2").click()
    page.get_by_label("Photo").set_input_files(a_photo())
    expect(page.get_by_text("Photo taken")).to_be_visible()
    expect(page.locator(".hand-over canvas")).to_be_visible()
    assert_accessible(page)
    assert fits(page)
    picture(page, "driver-photo-taken")
    with page.expect_response(lambda answer: "/proof/" in answer.url) as kept:
        page.get_by_role("button", name="Delivered").click()
        expect(page.get_by_text("For Ravi Nair")).to_be_visible()
    assert kept.value.status == 200
    assert max(sent) < 400_000, "no larger than anybody looks at it"
    proof = Proof.objects.get(proves=first)
    assert (proof.photo_width, proof.photo_height) == (1280, 960)
    assert (proof.has_position, proof.is_far, proof.accuracy) == (True, False, 9)

    page.context.set_geolocation({"latitude": 12.9459, "longitude": 77.6240, "accuracy": 20})
    page.reload()
    page.get_by_role("button", name="Delivered").click()
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    assert Proof.objects.get(proves=second).distance_words == "1.2 km from the door"

    home = open_page("/accounts/login/")
    sign_in(home, household)
    home.goto(f"/orders/{first.order.number}/")
    shown = home.get_by_role("img", name="What was left at your door")
    shown.scroll_into_view_if_needed()
    expect(shown).to_be_visible()
    home.wait_for_function("element => element.naturalWidth === 1280", arg=shown.element_handle())
    assert_accessible(home)
    assert fits(home)
    picture(home, "order-door-photo")


def _size(request: Request) -> int:
    return int(request.headers.get("content-length", 0)) or len(request.post_data_buffer or b"")


def test_a_photo_waits_on_the_phone_for_a_line(world: World, open_page: OpenPage) -> None:
    first = ordered(world)
    ordered(world, name="Ravi Nair")
    page = open_page("/driver/")
    sign_in(page, world.driver.user)
    page.get_by_role("button", name="Pick up all 2").click()
    expect(page.get_by_text("For Asha Rao")).to_be_visible()
    page.context.set_offline(True)
    page.get_by_label("Photo").set_input_files(a_photo(1200, 900))
    page.get_by_role("button", name="Delivered").click()
    expect(page.get_by_text("1 tap is kept on this phone and sent by itself. Photos follow.")).to_be_visible()
    assert not Proof.objects.exists()
    with page.expect_response(lambda answer: "/proof/" in answer.url and answer.ok):
        page.context.set_offline(False)
        expect(page.get_by_role("button", name="Take back")).to_be_visible()
    assert Proof.objects.get(proves=first).photo


def test_a_photo_that_is_none_is_named_and_taken_again(
    world: World,
    open_page: OpenPage,
    picture: Callable[[Page, str], object],
    assert_accessible: Callable[[Page], None],
) -> None:
    first = ordered(world)
    ordered(world, name="Ravi Nair")
    page = open_page("/driver/")
    sign_in(page, world.driver.user)
    page.get_by_role("button", name="Pick up all 2").click()
    page.get_by_label("Photo").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"})
    page.get_by_role("button", name="Delivered").click()
    expect(page.get_by_text("For Ravi Nair")).to_be_visible()
    trouble = page.get_by_role("alert").filter(has_text=f"The photo of order {first.order.number} is not kept:")
    expect(trouble).to_contain_text("This is no picture that we can read.")
    page.reload()
    expect(trouble).to_be_visible()
    assert_accessible(page)
    assert fits(page)
    picture(page, "driver-photo-refused")
    with page.expect_response(lambda answer: "/proof/" in answer.url and answer.ok):
        page.get_by_label("Another photo").set_input_files(a_photo(1200, 900))
    expect(trouble).to_be_hidden()
    assert Proof.objects.get(proves=first).photo
    page.reload()
    expect(page.get_by_text("For Ravi Nair")).to_be_visible()
    expect(trouble).to_be_hidden()


def test_where_a_photo_is_needed_it_is_asked_for_at_its_field(
    world: World,
    open_page: OpenPage,
    picture: Callable[[Page, str], object],
    assert_accessible: Callable[[Page], None],
) -> None:
    Hub.objects.update(door_photo="ALWAYS")
    delivery = ordered(world)
    page = open_page("/driver/")
    sign_in(page, world.driver.user)
    page.get_by_role("button", name="Pick up 1 order").click()
    expect(page.get_by_text("A photo is needed at this door.")).to_be_visible()
    page.get_by_role("button", name="Delivered").click()
    expect(page.get_by_role("alert").filter(has_text="Take a photo of what you leave")).to_be_visible()
    assert Delivery.objects.get(pk=delivery.pk).status == "PICKED_UP"
    assert_accessible(page)
    assert fits(page)
    picture(page, "driver-photo-needed")
    page.get_by_label("Photo").set_input_files(a_photo(1200, 900))
    page.get_by_role("button", name="Delivered").click()
    expect(page.get_by_role("heading", name="All done")).to_be_visible()


def test_a_photo_without_scripts(world: World, open_page: OpenPage) -> None:
    delivery = ordered(world)
    page = open_page("/driver/", java_script_enabled=False)
    sign_in(page, world.driver.user)
    page.get_by_role("button", name="Pick up 1 order").click()
    page.get_by_label("Photo").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"})
    page.get_by_role("button", name="Delivered").click()
    expect(page.get_by_text("This is no picture that we can read.")).to_be_visible()
    page.get_by_label("Photo").set_input_files(a_photo(1200, 900))
    page.get_by_role("button", name="Delivered").click()
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    assert Proof.objects.get(proves=delivery).photo_width == 1200


def test_what_is_tapped_without_a_line_is_sent_later(
    world: World, open_page: OpenPage, picture: Callable[[Page, str], object]
) -> None:
    first, second = ordered(world), ordered(world, name="Ravi Nair")
    page = open_page("/driver/")
    sign_in(page, world.driver.user)
    page.get_by_role("button", name="Pick up all 2").click()
    expect(page.get_by_text("For Asha Rao")).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("button", name="Delivered").click()
    expect(page.get_by_text("1 tap is kept on this phone")).to_be_visible()
    expect(page.get_by_text("For Ravi Nair")).to_be_visible()
    picture(page, "driver-offline")
    page.get_by_role("button", name="Delivered").click()
    expect(page.get_by_text("2 taps are kept on this phone")).to_be_visible()
    assert set(Delivery.objects.values_list("status", flat=True)) == {"PICKED_UP"}
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    assert set(Delivery.objects.filter(pk__in=[first.pk, second.pk]).values_list("status", flat=True)) == {"DELIVERED"}


def test_a_cancelled_order_is_told_where_it_is_tapped(world: World, open_page: OpenPage) -> None:
    delivery = ordered(world)
    page = open_page("/driver/")
    sign_in(page, world.driver.user)
    expect(page.get_by_role("heading", name="Load")).to_be_visible()
    cancel_order(delivery.order_id, by=STAFF, reason="changed my mind")
    page.get_by_role("button", name=f"Picked up {delivery.order.number}").click()
    expect(page.get_by_role("alert")).to_have_text(f"Order {delivery.order.number} was cancelled. It stays at the hub.")


def test_it_works_without_scripts(world: World, open_page: OpenPage) -> None:
    delivery = ordered(world)
    page = open_page("/driver/", java_script_enabled=False)
    sign_in(page, world.driver.user)
    page.get_by_role("button", name="Pick up 1 order").click()
    page.get_by_role("button", name="Delivered").click()
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    assert Delivery.objects.get(pk=delivery.pk).status == "DELIVERED"


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_dairy_sees_what_to_bring(
    world: World,
    open_page: OpenPage,
    picture: Callable[[Page, str], object],
    assert_accessible: Callable[[Page], None],
    viewport: dict[str, int],
) -> None:
    order = buy(world, (world.milk, 2), (world.variants[1], 3)).order
    member = VendorMemberFactory(vendor=world.vendor, user=UserFactory(role=Role.VENDOR)).user
    page = open_page("/vendor/", viewport=viewport)
    sign_in(page, member)
    totals = page.get_by_role("list", name="To bring, by product")
    expect(totals.get_by_role("listitem").first).to_contain_text("Set curd")
    expect(page.get_by_text(order.number).first).to_be_visible()
    expect(page.get_by_role("button", name="Print pick list")).to_be_visible()
    assert_accessible(page)
    assert fits(page)
    picture(page, f"vendor-{viewport['width']}")
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Print pick list")).to_be_hidden()
    expect(page.get_by_text(order.number).first).to_be_visible()
