"""Pictures of products: what is taken, what is made of it, and how it is given out."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.test import Client
from django_q.models import OrmQ
from PIL import Image

from catalog import images
from catalog.actions import add_images, arrange_images, forget_picture, remove_image
from catalog.actions.images import NoWords, Place, TooManyPictures
from catalog.images import Rendered
from catalog.models import Product, ProductImage, Variant
from catalog.rules.pictures import MOST_PICTURES, Picture, widths_up_to
from catalog.tasks import clean_pictures
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import Event
from milkdelivery.core.pictures import LARGEST_FILE, BadPicture
from tests.catalog import pictures
from tests.factories.catalog import ProductFactory
from tests.factories.world import World


def rendered(content: bytes) -> Rendered:
    return images.render(io.BytesIO(content), size=len(content))


def opened(files: Any, width: int) -> Image.Image:
    return Image.open(io.BytesIO(files[width]))


def stored() -> list[str]:
    return sorted(default_storage.listdir("products")[1])


# -- what is made of an upload ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_kept_as_webp_in_widths_up_to_its_own(kind: str) -> None:
    made = rendered(pictures.photo(900, 600, kind=kind))
    assert list(made.files) == [160, 320, 640, 900]
    assert (made.width, made.height) == (900, 600)
    sizes = {width: (opened(made.files, width).format, opened(made.files, width).size) for width in made.files}
    assert sizes == {
        160: ("WEBP", (160, 107)),
        320: ("WEBP", (320, 213)),
        640: ("WEBP", (640, 427)),
        900: ("WEBP", (900, 600)),
    }


@pytest.mark.parametrize(
    ("width", "kept"), [(160, (160,)), (200, (160, 200)), (640, (160, 320, 640)), (4000, (160, 320, 640, 1280))]
)
def test_a_picture_is_never_made_larger(width: int, kept: tuple[int, ...]) -> None:
    assert widths_up_to(width) == kept


def test_the_camera_is_held_upright_and_its_notes_are_left_behind() -> None:
    made = rendered(pictures.with_camera_notes(orientation=6))
    assert (made.width, made.height) == (400, 800)
    for content in made.files.values():
        assert b"SecretCamera" not in content
        assert b"EXIF" not in content
        assert not Image.open(io.BytesIO(content)).getexif()
    pixel = opened(made.files, 400).getpixel((380, 20))  # the dark corner has turned to the top right
    assert isinstance(pixel, tuple)
    assert sum(pixel[:3]) < 200


def test_an_animation_keeps_its_first_frame() -> None:
    made = rendered(pictures.animation())
    image = opened(made.files, 300)
    assert getattr(image, "n_frames", 1) == 1
    pixel = image.convert("RGB").getpixel((150, 150))
    assert isinstance(pixel, tuple)
    assert pixel[0] > 200 > pixel[2]


def test_what_can_be_seen_through_stays_so() -> None:
    made = rendered(pictures.photo(300, 300, kind="PNG", colour=(10, 20, 30, 0)))
    assert opened(made.files, 300).mode == "RGBA"


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1", "I;16", "LA"])
def test_every_kind_of_pixel_is_read(mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (300, 300)).save(out, "JPEG" if mode == "CMYK" else "PNG")
    assert rendered(out.getvalue()).width == 300


def test_equal_pictures_have_one_name() -> None:
    assert rendered(pictures.photo()).stem == rendered(pictures.photo()).stem
    assert rendered(pictures.photo()).stem != rendered(pictures.photo(colour=(1, 2, 3))).stem


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (pictures.SVG, "not_a_picture"),
        (pictures.HTML, "not_a_picture"),
        (pictures.gif(), "not_a_picture"),
        (pictures.gif_script(), "not_a_picture"),
        (b"\xff\xd8\xff\xe0" + pictures.HTML, "not_a_picture"),
        (pictures.photo(kind="PNG")[:400], "not_a_picture"),
        (pictures.photo()[:500], "not_a_picture"),
        (b"\0" * 50_000, "not_a_picture"),
        (b"PK\x03\x04" + b"\0" * 400, "not_a_picture"),
        (b"%PDF-1.7\n", "not_a_picture"),
        (pictures.bomb(), "too_many_pixels"),
        (pictures.bomb(7_000), "too_many_pixels"),
        (pictures.photo(100, 100), "too_small"),
        (pictures.photo(2000, 300), "too_narrow"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_no_honest_picture_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(BadPicture) as refusal:
        rendered(content)
    assert (refusal.value.facts["reason"], refusal.value.field) == (reason, "file")


def test_a_large_file_is_not_even_read() -> None:
    class Unread(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise AssertionError

    with pytest.raises(BadPicture, match="10 MB"):
        images.render(Unread(), size=LARGEST_FILE + 1)


def test_what_hides_behind_a_picture_is_not_kept() -> None:
    made = rendered(pictures.photo() + b"PK\x03\x04" + pictures.HTML)
    assert all(b"alert" not in content for content in made.files.values())


@pytest.mark.django_db
def test_image_work_in_a_transaction_is_an_error() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        rendered(pictures.photo())


# -- the records ------------------------------------------------------------------------------------------------------


def test_pictures_are_added_in_order(world: World, me: Actor) -> None:
    product = world.products[0]
    first, second = (rendered(pictures.photo(colour=(shade, 0, 0))) for shade in (10, 200))
    added = add_images(product.pk, rendered=[first, second], alt=" A bottle ", by=me)
    assert [(image.position, image.alt, image.width) for image in added] == [(1, "A bottle", 900), (2, "A bottle", 900)]
    assert stored() == sorted(f"{each.stem}-{width}.webp" for each in (first, second) for width in each.files)
    assert Event.objects.named("product.updated").latest("pk").subject == f"product:{product.pk}"


def test_a_picture_comes_once_and_with_words(world: World, me: Actor) -> None:
    product, picture = world.products[0], rendered(pictures.photo())
    with pytest.raises(NoWords):
        add_images(product.pk, rendered=[picture], alt=" ", by=me)
    with pytest.raises(BadPicture, match="already"):
        add_images(product.pk, rendered=[picture, picture], alt="A bottle", by=me)
    assert not product.images.exists()


def test_a_product_has_a_dozen_pictures_at_most(world: World, me: Actor) -> None:
    product = world.products[0]
    ProductImage.objects.bulk_create(
        ProductImage(product=product, alt="x", stem=f"{n:032x}", width=1, height=1) for n in range(MOST_PICTURES)
    )
    with pytest.raises(TooManyPictures):
        add_images(product.pk, rendered=[rendered(pictures.photo())], alt="A bottle", by=me)


def test_files_of_a_refused_picture_are_cleared_away(world: World, me: Actor) -> None:
    product = world.products[0]
    one, two = rendered(pictures.photo()), rendered(pictures.photo(colour=(1, 2, 3)))
    add_images(product.pk, rendered=[one], alt="A bottle", by=me)
    kept = stored()
    with pytest.raises(BadPicture):
        add_images(product.pk, rendered=[two, one], alt="A bottle", by=me)
    for task in OrmQ.objects.all():
        forget_picture(*task.args())
    assert stored() == kept


def test_pictures_are_put_in_another_order_with_other_words(world: World, me: Actor) -> None:
    product = world.products[0]
    shots = [rendered(pictures.photo(colour=(shade, 0, 0))) for shade in (10, 100, 200)]
    one, two, three = add_images(product.pk, rendered=shots, alt="A bottle", by=me)
    places = {three.pk: Place(0, "From above"), one.pk: Place(5, one.alt)}
    left = arrange_images(product.pk, places=places, removed=[two.pk], by=me)
    assert [(image.pk, image.position, image.alt) for image in left] == [
        (three.pk, 1, "From above"),
        (one.pk, 2, "A bottle"),
    ]
    with pytest.raises(NoWords):
        arrange_images(product.pk, places={one.pk: Place(1, "  ")}, by=me)


def test_files_go_with_the_last_product_that_shows_them(world: World, me: Actor) -> None:
    picture = rendered(pictures.photo())
    one, two = (add_images(each.pk, rendered=[picture], alt="A bottle", by=me)[0] for each in world.products[:2])
    remove_image(world.products[0].pk, one.pk, by=me)
    remove_image(world.products[0].pk, one.pk, by=me)
    forget_picture(picture.stem)
    assert len(stored()) == 4
    remove_image(world.products[1].pk, two.pk, by=me)
    forget_picture(picture.stem)
    forget_picture(picture.stem)
    assert stored() == []


def test_files_that_nobody_points_at_go_after_a_day(world: World, me: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    shown, lost = (rendered(pictures.photo(colour=(shade, 0, 0))) for shade in (10, 100))
    add_images(world.products[0].pk, rendered=[shown], alt="A bottle", by=me)
    images.store(lost)  # whoever stored it died before the row was written
    half = f"products/{'ab' * 16}-160.webp"
    default_storage.save(half, ContentFile(b"half a pict"))
    default_storage.save("products/notes.txt", ContentFile(b"no picture of ours"))
    everything = stored()
    assert clean_pictures() == 0
    assert stored() == everything
    later = clock.real_now() + timedelta(hours=25)
    monkeypatch.setattr(clock, "real_now", lambda: later)
    assert clean_pictures() == 2
    assert clean_pictures() == 0
    assert stored() == sorted(["notes.txt", *(f"{shown.stem}-{width}.webp" for width in shown.files)])


def test_without_any_picture_there_is_nothing_to_clean(world: World) -> None:
    assert clean_pictures() == 0


def test_the_database_wants_words_too(world: World) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ProductImage.objects.create(product=world.products[0], alt="", stem="x", width=1, height=1)


# -- showing them -----------------------------------------------------------------------------------------------------


def test_a_list_of_products_brings_its_pictures_along(world: World, me: Actor, django_assert_num_queries: Any) -> None:
    shots = [rendered(pictures.photo(colour=(shade, 0, 0))) for shade in (10, 100)]
    first, _second = add_images(world.products[0].pk, rendered=shots, alt="A bottle", by=me)
    with django_assert_num_queries(2):
        shown = {product.pk: product.picture for product in Product.objects.with_picture()}
        packs = {pack.pk: pack.picture for pack in Variant.objects.with_picture()}
    assert shown[world.products[0].pk] == first.picture == packs[world.milk.pk]
    assert shown[world.products[1].pk] is None
    assert Product.objects.get(pk=world.products[0].pk).picture == first.picture


def test_a_products_page_shows_every_picture_in_order(world: World, me: Actor, client: Client) -> None:
    product = world.products[0]
    shots = [rendered(pictures.photo(colour=(shade, 0, 0))) for shade in (10, 60, 110)]
    first, second, third = add_images(product.pk, rendered=shots, alt="A bottle", by=me)
    places = {third.pk: Place(0, "The <crate>"), first.pk: Place(1, "Front"), second.pk: Place(2, "Back")}
    arrange_images(product.pk, places=places, by=me)
    page = client.get(f"/shop/{product.slug}/").content.decode()
    shown_at = [page.index(f'src="{image.picture.src}"') for image in (third, first, second)]
    assert shown_at == sorted(shown_at)
    assert [page.count(f'alt="{words}"') for words in ("The &lt;crate&gt;", "Front", "Back")] == [1, 1, 1]
    assert page.count('href="#picture-') == 3


def test_a_single_picture_is_no_gallery(world: World, me: Actor, client: Client) -> None:
    product = world.products[0]
    add_images(product.pk, rendered=[rendered(pictures.photo())], alt="A bottle", by=me)
    page = client.get(f"/shop/{product.slug}/").content.decode()
    assert page.count('alt="A bottle"') == 1
    assert "gallery" not in page


def test_the_component_shows_the_picture_or_the_drawing() -> None:
    picture = Picture("ab" * 16, 900, 600, 'A "bottle" <of> milk')
    html = render_to_string("components/product_picture.html", {"picture": picture, "illustration": "milk"})
    stem = "/pictures/" + "ab" * 16
    assert f'src="{stem}-640.webp"' in html
    assert f"{stem}-160.webp 160w, {stem}-320.webp 320w, {stem}-640.webp 640w, {stem}-900.webp 900w" in html
    assert 'width="900" height="600"' in html
    assert "&lt;of&gt;" in html
    assert "milk.svg" in render_to_string("components/product_picture.html", {"illustration": "milk"})


def test_a_file_is_served_for_a_year(world: World, me: Actor, client: Client) -> None:
    (image,) = add_images(world.products[0].pk, rendered=[rendered(pictures.photo())], alt="A bottle", by=me)
    answer = client.get(image.picture.address(320))
    assert answer.status_code == 200
    assert Image.open(io.BytesIO(b"".join(answer.streaming_content))).size == (320, 213)  # type: ignore[attr-defined]
    assert answer["Content-Type"] == "image/webp"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer["Cache-Control"]
    assert "max-age=31536000" in answer["Cache-Control"]
    assert "Set-Cookie" not in answer
    assert "Cookie" not in answer.get("Vary", "")
    again = client.get(image.picture.address(320), headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["ab" * 16 + "-320.webp", "..%2f..%2fkeys%2fsecret.key", "x-160.webp"])
def test_what_is_not_there_is_not_found(client: Client, name: str) -> None:
    assert client.get(f"/pictures/{name}").status_code == 404


def test_deleting_a_product_row_leaves_no_picture_row(world: World, me: Actor) -> None:
    product = ProductFactory()
    add_images(product.pk, rendered=[rendered(pictures.photo())], alt="A bottle", by=me)
    product.delete()
    assert not ProductImage.objects.exists()
