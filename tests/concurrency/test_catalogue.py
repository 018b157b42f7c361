"""Two people at the same pack, and a worker that clears away what somebody brings back."""

from __future__ import annotations

import io
from threading import Event
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from catalog import actions, images
from catalog.actions import add_images, forget_picture, remove_image
from catalog.images import Rendered
from catalog.models import Product, ProductImage, ProductImageQuerySet, Variant
from milkdelivery.core.actors import Actor
from tests.catalog import pictures
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.accounts import AdminFactory
from tests.factories.catalog import ProductFactory
from tests.factories.core import TaxRateFactory

pytestmark = pytest.mark.django_db(transaction=True)

STAFF = Actor.system("tests")


# -- one SKU ----------------------------------------------------------------------------------------------------------


def test_two_admins_who_take_one_sku_at_once_both_get_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    product, meeting = ProductFactory(), Meeting(2)
    TaxRateFactory()
    save = actions.save_variant

    def late(variant: Variant, *, by: Actor) -> Variant:
        meeting.wait()  # both forms have looked, and the SKU was free
        return save(variant, by=by)

    monkeypatch.setattr(actions, "save_variant", late)
    answers: dict[str, Any] = {}

    clients = {"one": Client(), "two": Client()}
    for client in clients.values():
        client.force_login(AdminFactory())

    def add(name: str, sku: str) -> None:
        pack = {"product": product.pk, "name": name, "unit": "ML", "size": "500", "sku": sku, "position": "1"}
        more = {"price": "30", "deposit": "0", "hsn_code": "04012000", "shelf_life_days": "2"}
        answers[sku] = clients[name].post(reverse("admin:catalog_variant_add"), {**pack, **more, **_NO_PRICES})

    assert in_threads(lambda: add("one", "SAME-1"), lambda: add("two", "same-1")) == []
    assert sorted(answer.status_code for answer in answers.values()) == [200, 302]
    refused = next(answer for answer in answers.values() if answer.status_code == 200)
    form = refused.context["adminform"].form
    assert "sku" in form.errors
    assert form["name"].value() in clients
    assert Variant.objects.count() == 1


_NO_PRICES = {f"price_entries-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS")}


# -- a picture that comes back ----------------------------------------------------------------------------------------


def race(monkeypatch: pytest.MonkeyPatch) -> tuple[ProductImage, list[str]]:
    """A worker has seen that nobody has a picture any more; before it deletes the files, somebody adds an equal one."""
    product: Product = ProductFactory()
    made = _rendered()
    (first,) = add_images(product.pk, rendered=[made], alt="Milk", by=STAFF)
    remove_image(product.pk, first.pk, by=STAFF)
    looked, added, delete = Event(), Event(), images.forget

    def late(stem: str) -> None:
        looked.set()
        added.wait(1.0)  # with the lock nobody can have added it
        delete(stem)

    def add_again() -> None:
        looked.wait(5)
        add_images(product.pk, rendered=[made], alt="Milk again", by=STAFF)
        added.set()

    monkeypatch.setattr(images, "forget", late)
    assert in_threads(lambda: forget_picture(made.stem), add_again) == []
    return ProductImage.objects.get(), sorted(_stored(made.stem))


def test_without_the_lock_a_product_shows_a_picture_without_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ProductImageQuerySet, "lock_stem", lambda queryset, stem: None)
    image, files = race(monkeypatch)
    assert (image.alt, files) == ("Milk again", [])


def test_a_picture_that_comes_back_has_its_files(monkeypatch: pytest.MonkeyPatch) -> None:
    image, files = race(monkeypatch)
    assert image.alt == "Milk again"
    assert len(files) == len(image.picture.widths)


def _rendered() -> Rendered:
    content = pictures.photo(300, 300)
    return images.render(io.BytesIO(content), size=len(content))


def _stored(stem: str) -> list[str]:
    return [name for name in default_storage.listdir("products")[1] if name.startswith(stem)]
