"""The pages of claims: the form, what it says when something is off, guests by their link, and the photos."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core import signing
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from milkdelivery.core import clock
from orders.models import Claim, Order
from orders.tasks import clean_claim_photos
from orders.tokens import PHOTO_SALT, claims_link, photo_address
from tests.factories.accounts import UserFactory
from tests.factories.world import World, small_world
from tests.orders.claiming import brought
from tests.shop.visitor import text_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-31T08:00+05:30")
    return small_world()


def signed_in(order: Order) -> Client:
    client = Client()
    client.force_login(order.customer)
    return client


def picture(kind: str = "JPEG", **notes: Any) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (1600, 1200), (200, 180, 90)).save(out, kind, **notes)
    return SimpleUploadedFile("milk.jpg", out.getvalue(), "image/jpeg")


def filled(order: Order, count: int = 1, reason: str = "SPOILED", **changes: Any) -> dict[str, Any]:
    line = order.lines.get()
    asked = {f"pieces_{line.pk}": count, f"reason_{line.pk}": reason, "words": "It curdled.", "destination": "WALLET"}
    return {**asked, "key": "5f1d6c7e-52fb-4a0c-8d06-7c3a7b7b8f11", **changes}


def test_a_household_claims_with_a_photo_and_sees_what_became_of_it(world: World) -> None:
    order = brought(world)
    client, path = signed_in(order), f"/orders/{order.number}/claims/"
    assert "Tell us what was wrong" in text_of(client.get(f"/orders/{order.number}/"))
    exif = Image.Exif()
    exif[0x010E] = "at home, 12.9716 77.5946"
    sent = client.post(path, {**filled(order), "photo": picture(exif=exif)})
    assert (sent.status_code, sent["Location"]) == (302, f"/orders/{order.number}/#claims")
    claim = Claim.objects.get()
    assert (claim.status, claim.words, claim.photo_width, claim.photo_height) == ("APPROVED", "It curdled.", 1280, 960)
    page = client.get(f"/orders/{order.number}/")
    assert "₹28.00 goes back to you" in text_of(page)
    address = photo_address(claim)
    assert page.content.decode().count("/orders/claim-photos/") == 2
    shown = Client().get(address)
    content = b"".join(shown.streaming_content)  # type: ignore[attr-defined]
    assert (shown["Content-Type"], b"at home" in content, "private" in shown["Cache-Control"]) == (
        "image/webp",
        False,
        True,
    )
    again = client.post(path, {**filled(order), "photo": picture()})
    assert again["Location"] == sent["Location"], "the same tap once more"
    assert Claim.objects.count() == 1


def test_a_photo_has_no_address_that_lasts_or_can_be_made_up(world: World) -> None:
    claim = Claim(photo="0" * 32)
    for address in (
        f"/orders/claim-photos/{signing.dumps(claim.photo, salt='another')}/",
        f"/orders/claim-photos/{claim.photo}/",
        f"/media/claims/{claim.photo}.webp",
        f"/orders/claim-photos/{signing.dumps('../keys', salt=PHOTO_SALT)}/",
    ):
        assert Client().get(address).status_code in (400, 404)


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (SimpleUploadedFile("a.jpg", b"x" * 20_000_000), "This file is too large"),
        (SimpleUploadedFile("a.jpg", b""), "This file is empty"),
        (SimpleUploadedFile("a.jpg", b"no picture"), "no picture that we can read"),
        (SimpleUploadedFile("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "no picture that we can read"),
        (SimpleUploadedFile("a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), "This is a HEIC photo"),
    ],
)
def test_a_bad_photo_is_told_at_its_field_and_nothing_typed_is_lost(
    world: World, upload: SimpleUploadedFile, words: str
) -> None:
    order = brought(world)
    answer = signed_in(order).post(f"/orders/{order.number}/claims/", {**filled(order), "photo": upload})
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert "It curdled." in text_of(answer)
    assert answer.context["form"]["words"].value() == "It curdled."
    assert not Claim.objects.exists()
    assert not default_storage.exists("claims") or default_storage.listdir("claims")[1] == []


def test_a_good_photo_is_kept_while_the_rest_is_mended(world: World) -> None:
    order = brought(world)
    client, path = signed_in(order), f"/orders/{order.number}/claims/"
    answer = client.post(path, {**filled(order, reason=""), "photo": picture()})
    assert "Say what was wrong with it" in text_of(answer)
    kept = answer.context["form"]["kept"].value()
    client.post(path, filled(order, kept=kept))
    claim = Claim.objects.get()
    assert claim.photo
    assert claim.status == "APPROVED"


def test_photos_that_no_claim_points_at_are_swept_after_a_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    order = brought(world)
    client, path = signed_in(order), f"/orders/{order.number}/claims/"
    client.post(path, {**filled(order, reason=""), "photo": picture()})
    client.post(path, {**filled(order), "photo": picture()})
    assert len(default_storage.listdir("claims")[1]) == 2
    assert clean_claim_photos() == 0, "somebody may still be at it"
    monkeypatch.setattr("orders.tasks.LOST_AFTER", -clock.real_now().resolution)
    assert clean_claim_photos() == 1
    assert default_storage.listdir("claims")[1] == [f"{Claim.objects.get().photo}.webp"]


def test_nothing_chosen_and_too_many_are_told_and_the_rest_kept(world: World) -> None:
    order = brought(world)
    client, path = signed_in(order), f"/orders/{order.number}/claims/"
    assert "Choose how many pieces" in text_of(client.post(path, filled(order, count=0)))
    assert client.post(path, filled(order, count=3)).status_code == 422
    assert client.post(path, filled(order, destination="MOON")).status_code == 422
    assert not Claim.objects.exists()


def test_when_the_time_is_over_or_all_is_claimed_the_page_says_so(world: World, at: Callable[[str], datetime]) -> None:
    order, other = brought(world), brought(world)
    client = signed_in(order)
    client.post(f"/orders/{order.number}/claims/", {**filled(order, count=2), "photo": picture()})
    assert "All of this order was claimed" in text_of(client.get(f"/orders/{order.number}/claims/"))
    page = text_of(client.get(f"/orders/{order.number}/"))
    assert "All of it was put right" in page
    at("2026-02-03T08:00+05:30")
    closed = client.get(f"/orders/{other.number}/claims/")
    assert "within 48 hours" in text_of(closed)
    assert b"<textarea" not in closed.content
    assert "Tell us what was wrong" not in text_of(client.get(f"/orders/{other.number}/"))


def test_anothers_order_is_as_unknown_as_one_that_never_was(world: World) -> None:
    order = brought(world)
    stranger = Client()
    stranger.force_login(UserFactory())
    path = f"/orders/{order.number}/claims/"
    assert stranger.get(path).status_code == stranger.post(path, filled(order)).status_code == 404
    assert Client().get(path).status_code == 302
    assert not Claim.objects.exists()


def test_a_guest_claims_by_the_link_of_the_mail_until_somebody_has_the_order(world: World) -> None:
    order = brought(world, method="COD", is_guest=True)
    link = claims_link(order).removeprefix("http://localhost:8000")
    link = link[link.index("/orders/") :]
    page = text_of(Client().get(link))
    assert "yours as soon as you sign in with this contact" in page
    answer = Client().post(link, {**filled(order), "photo": picture()}, follow=True)
    assert "Somebody looks at it" in text_of(answer)
    assert Claim.objects.get().status == "OPEN"
    Order.objects.filter(pk=order.pk).update(customer=world.customer)
    assert Client().get(link).status_code == 410
    assert Client().get("/orders/wrong/nonsense/").status_code == 410


def test_another_tab_has_claimed_some_of_it_meanwhile(world: World) -> None:
    order = brought(world)
    client, path = signed_in(order), f"/orders/{order.number}/claims/"
    other = {"key": "1c9f1d6e-2b3a-4d55-9c1e-0a1b2c3d4e5f", "words": "Both of them."}
    client.post(path, filled(order))
    late = client.post(path, filled(order, 2, **other))
    words, html = text_of(late), late.content.decode()
    assert late.status_code == 422
    assert "Only 1 piece of Toned milk 500 ml can still be claimed." in words
    assert "Select a valid choice" not in words
    assert '<option value="1" selected>' in html, "what is left of it"
    assert "Both of them." in html
    client.post(path, filled(order, 1, **other))
    closed = client.post(path, filled(order, 1, key="8d3c1d6e-2b3a-4d55-9c1e-0a1b2c3d4e5f"))
    assert "All of this order was claimed" in text_of(closed)
    assert Claim.objects.count() == 2


def test_another_tab_has_claimed_all_of_one_line(world: World) -> None:
    order = brought(world, (world.milk, 1), (world.variants[1], 1))
    milk = order.lines.get(variant=world.milk)
    client, path = signed_in(order), f"/orders/{order.number}/claims/"
    asked = {f"pieces_{milk.pk}": 1, f"reason_{milk.pk}": "SPOILED", "destination": "WALLET"}
    client.post(path, {**asked, "key": "5f1d6c7e-52fb-4a0c-8d06-7c3a7b7b8f11"})
    late = client.post(path, {**asked, "key": "1c9f1d6e-2b3a-4d55-9c1e-0a1b2c3d4e5f"})
    assert "All of Toned milk 500 ml was claimed already" in text_of(late)
    assert Claim.objects.count() == 1
