"""Proof at the door: a photo and a position, once, in any order, by whoever stood there; and never in the way."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import signing
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django_q.models import OrmQ
from PIL import Image
from rest_framework.test import APIClient

from deliveries.actions import Sent, close_route, forget_proofs_of, take_back
from deliveries.models import Delivery, Driver, DriverAction, Hub, Proof, Route, proof_of
from deliveries.photos import kept_token, photo_address
from deliveries.rules.proof import Fix, LeftOut, is_far, needs_photo, read_fix
from deliveries.tasks import clean_door_photos, forget_door_photo
from milkdelivery.core import clock
from milkdelivery.core.actors import Role
from milkdelivery.core.models import Event
from milkdelivery.core.personal import enclosures_of, everything_about
from milkdelivery.core.photos import KeptPhoto
from orders.models import Order
from orders.tokens import claims_link
from tests.api.calls import Caller, new_key, problem
from tests.catalog import pictures
from tests.deliveries.test_taps import EVENING, SIX, STAFF, Phone, ordered
from tests.factories.accounts import UserFactory
from tests.factories.deliveries import DriverFactory
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db

DOOR = {"latitude": "12.93500", "longitude": "77.62400"}
AT_DOOR = {"latitude": 12.9351, "longitude": 77.6241, "accuracy": 12.5}
FAR_OFF = {"latitude": 12.9459, "longitude": 77.6240, "accuracy": 20}


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at(EVENING)
    return small_world()


@pytest.fixture
def delivery(world: World, at: Callable[[str], datetime]) -> Delivery:
    """In the van, for a door that its household has marked."""
    made = ordered(world)
    order = made.order
    Order.objects.filter(pk=order.pk).update(address={**order.address, **DOOR})
    at(SIX)
    phone = Phone(world.driver, name="load")
    phone.sends(phone.makes("PICKED_UP", made.pk, "05:00"))
    return made


@pytest.fixture
def phone(world: World, delivery: Delivery) -> Phone:
    return Phone(world.driver)


def says(phone: Phone, sent: Sent, position: object) -> DriverAction:
    """The phone sends one tap, and where it was."""
    return phone.sends(replace(sent, position=position))[0]


def proof(delivery: Delivery) -> Proof | None:
    return proof_of(Delivery.objects.select_related("proof").get(pk=delivery.pk))


def app_of(driver: Driver) -> Caller:
    client = APIClient()
    client.force_authenticate(driver.user)
    return Caller(client)


def put(app: Caller, delivery: Delivery, key: str, content: bytes | None = None, name: str = "door.jpg") -> Any:
    upload = SimpleUploadedFile(name, pictures.photo() if content is None else content)
    path = f"/api/v1/deliveries/{delivery.pk}/proof/"
    return app.client.put(path, {"key": key, "photo": upload}, format="multipart")


def status_of(address: str) -> int:
    answer: Any = Client().get(address)
    if answer.streaming:
        assert b"".join(answer.streaming_content)[8:12] == b"WEBP"
        assert answer["Content-Disposition"] == 'inline; filename="door.webp"'
        assert (answer["X-Content-Type-Options"], "private" in answer["Cache-Control"]) == ("nosniff", True)
    return int(answer.status_code)


def files() -> list[str]:
    try:
        return default_storage.listdir("doors")[1]
    except FileNotFoundError:
        return []


def run_tasks() -> None:
    """What actions have left to the worker."""
    for task in OrmQ.objects.all():
        if task.func() == "deliveries.tasks.forget_door_photo":
            forget_door_photo(*task.args())


# -- what a position is worth -----------------------------------------------------------------------------------------

NOW = datetime.fromisoformat("2026-01-31T05:10+05:30")


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("12.9,77.6", LeftOut.IMPOSSIBLE),
        (None, LeftOut.IMPOSSIBLE),
        ([12.9, 77.6], LeftOut.IMPOSSIBLE),
        ({}, LeftOut.IMPOSSIBLE),
        ({**AT_DOOR, "latitude": "12.9"}, LeftOut.IMPOSSIBLE),
        ({**AT_DOOR, "latitude": True}, LeftOut.IMPOSSIBLE),
        ({**AT_DOOR, "latitude": float("nan")}, LeftOut.IMPOSSIBLE),
        ({**AT_DOOR, "longitude": float("inf")}, LeftOut.IMPOSSIBLE),
        ({**AT_DOOR, "latitude": 90.1}, LeftOut.IMPOSSIBLE),
        ({**AT_DOOR, "longitude": -180.5}, LeftOut.IMPOSSIBLE),
        ({**AT_DOOR, "latitude": 10**400}, LeftOut.IMPOSSIBLE),
        ({**AT_DOOR, "latitude": 10**5000}, LeftOut.IMPOSSIBLE),
        ({"latitude": 0, "longitude": 0.0, "accuracy": 5}, LeftOut.IMPOSSIBLE),
        ({**AT_DOOR, "accuracy": -1}, LeftOut.IMPOSSIBLE),
        ({"latitude": 12.9, "longitude": 77.6}, LeftOut.IMPOSSIBLE),
        ({**AT_DOOR, "accuracy": 100_000}, LeftOut.VAGUE),
        ({**AT_DOOR, "at": "2026-01-30T05:10:00+05:30"}, LeftOut.OLD),
    ],
)
def test_a_position_that_can_not_be_is_left_out(told: object, why: LeftOut) -> None:
    assert read_fix(told, tapped_at=NOW) == why


@pytest.mark.parametrize(
    "at", [None, "2026-01-31T05:08:00+05:30", "yesterday", "2026-13-45T99:00", 5, "2026-01-31T05:10"]
)
def test_a_position_is_kept_to_a_metre(at: object) -> None:
    found = read_fix({**AT_DOOR, "latitude": 12.93510049, "at": at}, tapped_at=NOW)
    assert isinstance(found, Fix)
    assert (found.position.latitude, found.accuracy) == (Decimal("12.93510"), 12)


def test_far_is_what_can_not_have_been_at_the_door() -> None:
    assert not is_far(300, accuracy=0, limit=300)
    assert is_far(301, accuracy=0, limit=300)
    assert not is_far(1_000, accuracy=700, limit=300), "the phone may have stood there"


def test_who_paid_at_the_door_was_there() -> None:
    rules = [(rule, needs_photo(rule, pays_at_door=pays)) for rule in Hub.DoorPhoto.values for pays in (True, False)]
    assert [rule for rule, needs in rules if needs] == ["UNATTENDED", "ALWAYS", "ALWAYS"]


# -- the position of a tap ---------------------------------------------------------------------------------------------


def test_where_the_phone_was_stands_with_the_delivery(delivery: Delivery, phone: Phone) -> None:
    says(phone, phone.makes("DELIVERED", delivery.pk, "05:10"), {**AT_DOOR, "at": "2026-01-31T05:10:03+05:30"})
    found = proof(delivery)
    assert found is not None
    assert (found.latitude, found.longitude, found.accuracy) == (Decimal("12.93510"), Decimal("77.62410"), 12)
    assert found.located_at == datetime.fromisoformat("2026-01-31T05:10:03+05:30")
    assert found.metres is not None
    assert found.metres < 20
    assert (found.is_far, found.distance_words) == (False, "")


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(hours=-2)])
def test_a_clock_that_is_off_does_no_harm(delivery: Delivery, world: World, ahead: timedelta) -> None:
    phone = Phone(world.driver, ahead=ahead)
    shown = datetime.fromisoformat("2026-01-31T05:10:03+05:30") + ahead
    says(phone, phone.makes("DELIVERED", delivery.pk, "05:10"), {**AT_DOOR, "at": shown.isoformat()})
    found = proof(delivery)
    assert found is not None
    assert found.located_at == datetime.fromisoformat("2026-01-31T05:10:03+05:30")


def test_far_from_the_door_lands_and_is_marked(delivery: Delivery, phone: Phone) -> None:
    action = says(phone, phone.makes("DELIVERED", delivery.pk, "05:10"), FAR_OFF)
    found = proof(delivery)
    assert action.result == "DONE"
    assert found is not None
    assert (found.is_far, found.distance_words) == (True, "1.2 km from the door")


def test_in_the_sea_is_very_far(delivery: Delivery, phone: Phone) -> None:
    says(phone, phone.makes("DELIVERED", delivery.pk, "05:10"), {"latitude": 10.0, "longitude": 60.0, "accuracy": 5})
    found = proof(delivery)
    assert found is not None
    assert found.distance_words == "1,947 km from the door"


def test_nobody_is_far_from_a_door_that_nobody_marked(delivery: Delivery, phone: Phone) -> None:
    Order.objects.update(address={"flat": "12", "line1": "4, 80 Feet Road", "pincode": "560034"})
    says(phone, phone.makes("DELIVERED", delivery.pk, "05:10"), FAR_OFF)
    found = proof(delivery)
    assert found is not None
    assert (found.metres, found.is_far) == (None, False)


def test_what_can_not_be_is_left_out_in_words_and_the_delivery_lands(delivery: Delivery, world: World) -> None:
    body = {
        "sent_at": clock.now().isoformat(),
        "actions": [
            {
                "key": "a1",
                "kind": "DELIVERED",
                "delivery": delivery.pk,
                "tapped_at": clock.now().isoformat(),
                "position": {**AT_DOOR, "latitude": 91},
            }
        ],
    }
    (told,) = app_of(world.driver).post("driver/sync/", body).json()["results"]
    assert (told["result"], told["code"], told["status"]) == ("DONE", "", "DELIVERED")
    assert "can’t be right" in told["wrong"]["position"][0]
    assert proof(delivery) is None
    assert DriverAction.objects.get(key="a1").payload["position_left_out"] == "IMPOSSIBLE"


# -- the photo of a tap ------------------------------------------------------------------------------------------------


def test_a_photo_follows_its_tap_once(delivery: Delivery, world: World) -> None:
    app, key = app_of(world.driver), new_key()
    told = app.post(f"deliveries/{delivery.pk}/delivered/", {"position": AT_DOOR, "has_photo": True}, key=key).json()
    assert told["proof"]["has_photo"] is False
    assert (told["proof"]["latitude"], told["proof"]["is_far"]) == (12.9351, False)
    first = put(app, delivery, key, pictures.with_camera_notes())
    assert (first.status_code, first.json()["is_shown"]) == (200, True)
    kept = proof(delivery)
    assert kept is not None
    assert (kept.photo_width, kept.photo_height) == (400, 800), "upright"
    with default_storage.open(f"doors/{kept.photo}.webp") as file:
        image = Image.open(file)
        assert not image.getexif()
        assert b"SecretCamera" not in io.BytesIO(image.tobytes()).getvalue()
    again = put(app, delivery, key, pictures.photo(500, 300))
    assert again.json() == first.json(), "another one under the same key changes nothing"
    assert files() == [f"{kept.photo}.webp"], "and leaves no file"
    assert Event.objects.filter(name="delivery.photo_kept").count() == 1


def test_a_photo_may_come_before_its_tap(delivery: Delivery, phone: Phone, world: World) -> None:
    app = app_of(world.driver)
    assert put(app, delivery, "a1").json()["is_shown"] is False
    assert proof(delivery) is None
    says(phone, phone.makes("DELIVERED", delivery.pk, "05:10"), AT_DOOR)
    found = proof(delivery)
    assert found is not None
    assert found.photo
    assert found.has_position
    assert Proof.objects.count() == 1


def test_two_photos_of_one_delivery_show_that_of_the_tap_that_stands(delivery: Delivery, world: World) -> None:
    app = app_of(world.driver)
    one, two = Phone(world.driver), Phone(world.driver, name="b")
    late = two.makes("DELIVERED", delivery.pk, "05:11")
    put(app, delivery, late.key, pictures.photo(700, 500))
    two.sends(late)
    one.sends(one.makes("DELIVERED", delivery.pk, "05:10"))
    put(app, delivery, "a1", pictures.photo(600, 500))
    found = proof(delivery)
    assert found is not None
    assert (found.key, found.photo_width) == ("a1", 600)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"no picture at all", "no picture that we can read"),
        (pictures.SVG, "no picture that we can read"),
        (pictures.photo()[:400], "no picture that we can read"),
        (pictures.bomb(10_000), "too many pixels"),
        (b"\xff\xd8\xff" + b"x" * 20_000_001, "may have 20 MB"),
    ],
    ids=["empty", "text", "svg", "broken", "100 megapixels", "more than 20 MB"],
)
def test_a_bad_photo_is_refused_in_words(delivery: Delivery, world: World, content: bytes, words: str) -> None:
    app, key = app_of(world.driver), new_key()
    app.post(f"deliveries/{delivery.pk}/delivered/", {"has_photo": True}, key=key)
    told = problem(put(app, delivery, key, content), 422, "bad_picture")
    assert words in told["errors"]["photo"][0]
    assert Delivery.objects.get(pk=delivery.pk).status == "DELIVERED"
    assert files() == []
    assert put(app, delivery, key).json()["is_shown"] is True, "a better one may follow"


def test_what_a_camera_wrote_is_taken_up_to_20_megabytes(delivery: Delivery, world: World) -> None:
    """As where no script makes it smaller: bytes after the end of the picture are as good as any."""
    content = pictures.photo(1600, 1200) + b"\0" * 11_000_000
    assert put(app_of(world.driver), delivery, "a1", content).status_code == 200


def test_no_photo_at_all_is_told_at_its_field(delivery: Delivery, world: World) -> None:
    app = app_of(world.driver)
    path = f"/api/v1/deliveries/{delivery.pk}/proof/"
    assert set(problem(app.client.put(path, {}, format="multipart"), 400, "invalid")["errors"]) == {"key", "photo"}
    assert app.put(f"deliveries/{delivery.pk}/proof/", {"key": "a"}).status_code == 415


def test_only_the_driver_whose_stop_it_is(delivery: Delivery, world: World) -> None:
    stranger = DriverFactory(hub=world.hub)
    for key in ("a1", "s1"):
        problem(put(app_of(stranger), delivery, key), 404, "not_found")
    manager = Client()
    assert manager.put(f"/api/v1/deliveries/{delivery.pk}/proof/").status_code == 401
    assert not Proof.objects.exists()


def test_a_key_of_another_tap(delivery: Delivery, world: World, phone: Phone) -> None:
    problem(put(app_of(world.driver), delivery, "load1"), 422, "key_reused")
    other = ordered(world)
    phone.sends(phone.makes("PICKED_UP", other.pk, "05:00"), phone.makes("DELIVERED", other.pk, "05:05"))
    problem(put(app_of(world.driver), delivery, "a2"), 422, "key_reused")


# -- the driver's page -------------------------------------------------------------------------------------------------


def hand_over(driver: Driver, delivery: Delivery, **fields: Any) -> Any:
    client = Client()
    client.force_login(driver.user)
    told = {"key": "form-key-1", "cash_collected": "76.00", "empties": "0", **fields}
    return client.post(f"/driver/stops/{delivery.pk}/deliver/", told)


def upload(content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile("door.jpg", pictures.photo() if content is None else content)


def test_a_form_brings_its_photo_once(delivery: Delivery, world: World) -> None:
    client = Client()
    client.force_login(world.driver.user)
    assert 'enctype="multipart/form-data"' in client.get("/driver/").content.decode()
    for _ in range(2):
        assert hand_over(world.driver, delivery, photo=upload()).status_code == 302
    assert Proof.objects.get(proves=delivery).photo
    assert len(files()) == 1


def test_a_good_photo_is_kept_while_the_sum_is_mended(delivery: Delivery, world: World) -> None:
    answer = hand_over(world.driver, delivery, cash_collected="seventy", photo=upload())
    assert (answer.status_code, Proof.objects.count(), len(files())) == (422, 0, 1)
    page = answer.content.decode()
    assert "Your photo is here" in page
    assert 'value="seventy"' in page
    kept = re.search(r'name="kept" value="([^"]+)"', page)
    assert kept
    assert hand_over(world.driver, delivery, key="form-key-2", kept=kept[1]).status_code == 302
    assert files() == [f"{Proof.objects.get(proves=delivery).photo}.webp"]


def test_nobody_brings_anothers_photo(delivery: Delivery, world: World) -> None:
    other = kept_token(KeptPhoto("ab" * 16, 100, 100), delivery.pk + 1)
    for kept in (other, "made-up"):
        assert hand_over(world.driver, delivery, key=f"form-{kept[:6]}-key", kept=kept).status_code == 302
    assert not Proof.objects.exists()


def test_a_form_without_the_photo_that_is_needed_taps_nothing(delivery: Delivery, world: World) -> None:
    Hub.objects.update(door_photo="ALWAYS")
    answer = hand_over(world.driver, delivery)
    assert answer.status_code == 422
    assert "Take a photo of what you leave" in answer.content.decode()
    assert not DriverAction.objects.filter(kind="DELIVERED").exists()
    broken = hand_over(world.driver, delivery, photo=upload(b"x"))
    assert "no picture that we can read" in broken.content.decode()
    assert hand_over(world.driver, delivery, photo=upload()).status_code == 302


# -- who sees it -------------------------------------------------------------------------------------------------------


def test_household_and_staff_see_it_and_the_tracking_link_does_not(
    delivery: Delivery, world: World, phone: Phone
) -> None:
    card = ordered(world, method="WALLET")
    Order.objects.filter(pk=card.order_id).update(address={**card.order.address, **DOOR})
    phone.sends(phone.makes("PICKED_UP", card.pk, "05:00"))
    tap = phone.makes("DELIVERED", card.pk, "05:10")
    says(phone, tap, FAR_OFF)
    put(app_of(world.driver), card, tap.key)
    number, manager, household, stranger = card.order.number, Client(), Client(), Client()
    manager.force_login(UserFactory(role=Role.MANAGER))
    household.force_login(world.customer)
    stranger.force_login(UserFactory())
    assert "/door-photos/" in household.get(f"/orders/{number}/").content.decode()
    assert stranger.get(f"/orders/{number}/").status_code == 404
    link = Client().get(f"/track/{card.tracking_token}/").content.decode()
    assert "/door-photos/" not in link
    assert "1.2 km" not in household.get(f"/orders/{number}/").content.decode()
    api = APIClient()
    api.force_authenticate(world.customer)
    assert "/door-photos/" in api.get(f"/api/v1/orders/{number}/").json()["delivery"]["photo_url"]
    route = Route.objects.get(stops__deliveries=card)
    for page in (
        f"/admin/deliveries/delivery/{card.pk}/change/",
        "/admin/deliveries/delivery/?far=FAR",
        f"/admin/deliveries/route/{route.pk}/change/",
        f"/admin/deliveries/route/desk/?hub={route.hub_id}&on={route.date}&slot={route.slot_id}",
        f"/admin/orders/order/{card.order_id}/change/",
    ):
        assert "1.2 km" in manager.get(page).content.decode(), page
    shown = manager.get(f"/admin/deliveries/delivery/{card.pk}/change/").content.decode()
    assert "/door-photos/" in shown
    assert "mlat=12.94590" in shown


def test_a_guests_link_shows_it(delivery: Delivery, world: World, phone: Phone) -> None:
    put(app_of(world.driver), delivery, "a1")
    phone.sends(phone.makes("DELIVERED", delivery.pk, "05:10"))
    page = Client().get(claims_link(Order.objects.get(pk=delivery.order_id)))
    assert "/door-photos/" in page.content.decode()


def test_a_household_that_asks_for_everything_gets_it(delivery: Delivery, world: World, phone: Phone) -> None:
    put(app_of(world.driver), delivery, "a1")
    says(phone, phone.makes("DELIVERED", delivery.pk, "05:10"), AT_DOOR)
    order = Order.objects.get(pk=delivery.order_id)
    (photo,) = enclosures_of(order.customer_id)
    assert (photo.name, photo.read()[8:12]) == (f"doors/{order.number}.webp", b"WEBP")
    (told,) = everything_about(order.customer_id)["deliveries"]
    assert (told["photo"], "latitude" in told) == (photo.name, False)


def test_an_address_is_nothing_that_can_be_made_up(delivery: Delivery, world: World) -> None:
    put(app_of(world.driver), delivery, "a1")
    stem = Proof.objects.get().photo
    for address in (
        f"/door-photos/{stem}/",
        f"/door-photos/{signing.dumps(stem, salt='x')}/",
        f"/media/doors/{stem}.webp",
    ):
        assert Client().get(address).status_code == 404


# -- what is taken back ------------------------------------------------------------------------------------------------


def test_what_is_taken_back_is_proved_by_nothing(delivery: Delivery, world: World, phone: Phone) -> None:
    app = app_of(world.driver)
    put(app, delivery, "a1")
    says(phone, phone.makes("DELIVERED", delivery.pk, "05:58"), AT_DOOR)
    address = photo_address(proof(delivery))
    assert status_of(address) == 200
    phone.sends(phone.makes("UNDO", delivery.pk, "05:59"))
    assert not Proof.objects.exists()
    assert status_of(address) == 404, "at once, whoever has its address"
    run_tasks()
    assert files() == []
    problem(put(app, delivery, "a1"), 409, "door_photo_not_needed")
    says(phone, phone.makes("DELIVERED", delivery.pk, "06:00"), FAR_OFF)
    found = proof(delivery)
    assert found is not None
    assert found.is_far


def test_staff_take_it_back(delivery: Delivery, world: World, phone: Phone) -> None:
    put(app_of(world.driver), delivery, "a1")
    phone.sends(phone.makes("DELIVERED", delivery.pk, "05:10"))
    take_back(delivery.pk, by=STAFF)
    assert not Proof.objects.exists()
    problem(put(app_of(world.driver), delivery, "a1"), 409, "door_photo_not_needed")


def test_an_earlier_word_hides_the_photo_until_it_is_taken_back(delivery: Delivery, world: World, phone: Phone) -> None:
    """Whatever arrives when: what stands is proved by what came with it."""
    failed = phone.makes("FAILED", delivery.pk, "05:55", reason="NOBODY_THERE")
    undo = phone.makes("UNDO", delivery.pk, "05:57")
    good = phone.makes("DELIVERED", delivery.pk, "05:58")
    put(app_of(world.driver), delivery, good.key)
    says(phone, good, AT_DOOR)
    assert proof(delivery) is not None
    phone.sends(failed)
    assert proof(delivery) is None
    phone.sends(undo)
    found = proof(delivery)
    assert found is not None
    assert found.photo


def test_a_late_word_about_a_closed_round_keeps_its_photo_for_staff(
    delivery: Delivery, world: World, phone: Phone, at: Callable[[str], datetime]
) -> None:
    late = phone.makes("DELIVERED", delivery.pk, "05:10")
    close_route(Route.objects.get().pk, by=STAFF)
    problem(put(app_of(world.driver), delivery, late.key), 409, "round_over")
    (action,) = phone.sends(late)
    assert action.needs_look
    assert put(app_of(world.driver), delivery, late.key).json()["is_shown"] is False
    at("2026-02-08T06:00+05:30")
    assert clean_door_photos() == 0
    DriverAction.objects.update(needs_look=False)
    assert clean_door_photos() == 1


# -- where a photo is needed -------------------------------------------------------------------------------------------


def test_without_a_photo_that_is_needed_nothing_is_delivered(delivery: Delivery, world: World, phone: Phone) -> None:
    Hub.objects.update(door_photo="ALWAYS")
    other = ordered(world)
    phone.sends(phone.makes("PICKED_UP", other.pk, "05:00"))
    without = phone.makes("DELIVERED", delivery.pk, "05:10")
    along = phone.makes("DELIVERED", other.pk, "05:12", has_photo=True)
    refused, landed = phone.sends(without, along)
    assert (refused.result, refused.code) == ("REFUSED", "door_photo_missing")
    assert "Take a photo" in refused.said
    assert landed.result == "DONE"
    app = app_of(world.driver)
    told = problem(app.post(f"deliveries/{delivery.pk}/delivered/", {}, key=new_key()), 422, "door_photo_missing")
    assert list(told["errors"]) == ["photo"]
    (good,) = phone.sends(phone.makes("DELIVERED", delivery.pk, "05:20", has_photo=True))
    assert good.result == "DONE"


def test_who_pays_at_the_door_needs_no_photo(delivery: Delivery, world: World, phone: Phone) -> None:
    Hub.objects.update(door_photo="UNATTENDED")
    card = ordered(world, method="CARD")
    phone.sends(phone.makes("PICKED_UP", card.pk, "05:00"))
    cash, paid = phone.sends(phone.makes("DELIVERED", delivery.pk, "05:10"), phone.makes("DELIVERED", card.pk, "05:11"))
    assert (cash.result, paid.code) == ("DONE", "door_photo_missing")


# -- how long ----------------------------------------------------------------------------------------------------------


def test_positions_and_photos_go_after_sixty_days(
    delivery: Delivery, world: World, phone: Phone, at: Callable[[str], datetime]
) -> None:
    put(app_of(world.driver), delivery, "a1")
    says(phone, phone.makes("DELIVERED", delivery.pk, "05:10"), AT_DOOR)
    at("2026-03-31T06:00+05:30")
    assert clean_door_photos() == 0
    at("2026-04-02T06:00+05:30")
    assert clean_door_photos() == 1
    run_tasks()
    assert (Proof.objects.count(), files()) == (0, [])
    problem(put(app_of(world.driver), delivery, "a1"), 409, "door_photo_not_needed")
    assert Delivery.objects.get(pk=delivery.pk).status == "DELIVERED"


def test_a_photo_whose_tap_never_came_goes_after_two_days(
    delivery: Delivery, world: World, at: Callable[[str], datetime]
) -> None:
    put(app_of(world.driver), delivery, "a1")
    at("2026-02-02T05:00+05:30")
    assert clean_door_photos() == 0
    at("2026-02-02T07:00+05:30")
    assert clean_door_photos() == 1


def test_files_that_nothing_points_at_go_after_a_day(
    delivery: Delivery, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(app_of(world.driver), delivery, "a1")
    Proof.objects.all().delete()
    assert clean_door_photos() == 0
    later = clock.real_now() + timedelta(days=1, hours=1)
    monkeypatch.setattr(clock, "real_now", lambda: later)
    assert clean_door_photos() == 1
    assert files() == []


def test_erasing_a_household_takes_its_door_along(delivery: Delivery, world: World, phone: Phone) -> None:
    put(app_of(world.driver), delivery, "a1")
    says(phone, phone.makes("DELIVERED", delivery.pk, "05:10"), AT_DOOR)
    assert forget_proofs_of([delivery.order_id]) == 1
    assert forget_proofs_of([delivery.order_id]) == 0
    run_tasks()
    assert (Proof.objects.count(), files()) == (0, [])
