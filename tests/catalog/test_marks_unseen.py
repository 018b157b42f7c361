"""Names and codes that look alike are alike: no marks that nobody sees, and one category whatever its case."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse
from rest_framework.test import APIClient

from catalog import actions
from catalog.models import Category, Product, Variant
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.taken import TakenMeanwhile
from milkdelivery.core.text import ensure_seen
from tests.api.calls import Caller
from tests.backoffice.conftest import client_of
from tests.backoffice.forms import save
from tests.factories.accounts import UserFactory
from tests.factories.world import World, small_world

ME = Actor.system("tests")


@pytest.mark.parametrize("name", ["To\u200bned", "\u202eEvil", "So\u00adft", "Two\nlines", "\ufeffMilk", "a\u2066b"])
def test_marks_that_nobody_sees_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="a mark that nobody sees"):
        ensure_seen(name)


@pytest.mark.parametrize("name", ["Toned milk", "क्\u200dष", "ನಂದಿನಿ ಹಾಲು\u200c", "Café 1 L"])
def test_what_scripts_need_stays(name: str) -> None:
    ensure_seen(name)


@pytest.fixture
def world(db: None) -> World:
    return small_world()


@pytest.fixture
def admin(world: World) -> Caller:
    api = APIClient()
    api.force_login(UserFactory(role=Role.ADMIN), backend="accounts.signin.backend.ContactBackend")
    return Caller(api)


def test_the_api_refuses_them_at_the_field(world: World, admin: Caller) -> None:
    product = f"products/{world.milk.product_id}/"
    for category, field in (
        ({"name": "Las\u200bsi"}, "name"),
        ({"name": "Lassi", "name_hi": "\u202eलस्सी"}, "name_hi"),
    ):
        answer = admin.put("categories/lassi/", category)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"name": "Toned\u200b Milk"}, "name"),
        ({"name_hi": "\u202eदूध"}, "name_hi"),
        ({"variants": [{"id": world.milk.pk, "sku": "MLK\u200b-TON-500"}]}, "variants.0.sku"),
    ]
    for body, field in wrong:
        answer = admin.patch(product, body)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not Variant.objects.filter(sku__contains="\u200b").exists()
    assert not Product.objects.filter(name__contains="\u200b").exists()


@pytest.mark.parametrize(
    ("path", "body", "field", "words"),
    [
        ("categories/eye-cat/", {"name": "milk"}, "name", "Another category is called so: Milk."),
        ("categories/eye-cat/", {"name": "M I L K"}, "name", "Another category is called so: Milk."),
        ("categories/Milk/", {"name": "Other milk"}, "slug", "Another category has this address: milk."),
        ("categories/eye-cat/", {"name": "Lassi", "illustration": "nope"}, "illustration", ""),
    ],
)
def test_a_category_is_its_own_and_has_a_drawing_that_there_is(
    world: World, admin: Caller, path: str, body: dict[str, Any], field: str, words: str
) -> None:
    answer = admin.put(path, body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert words in str(answer.json()["errors"])
    assert admin.patch("categories/milk/", {"name": "MILK"}).json()["name"] == "MILK"


def test_a_new_category_stands_last(world: World, admin: Caller) -> None:
    Category.objects.update(position=7)
    assert admin.put("categories/lassi/", {"name": "Lassi"}).json()["position"] == 8
    assert admin.put("categories/chaas/", {"name": "Chaas", "position": 3}).json()["position"] == 3


def test_the_office_chooses_among_the_drawings(world: World) -> None:
    url = reverse("admin:catalog_category_add")
    client = client_of(Role.ADMIN)
    assert '<option value="ghee">Ghee</option>' in client.get(url).content.decode()
    typed = {"name": "milk", "name_hi": "", "slug": "MILK", "illustration": "nope", "position": "0"}
    page = client.post(url, typed).content.decode()
    assert "Another category is called so: Milk." in page
    assert "Another category has this address: milk." in page
    change = reverse("admin:catalog_category_change", args=[Category.objects.get(slug="milk").pk])
    assert save(client, change, illustration="ghee").status_code == 302


def test_two_at_one_moment_do_not_get_one_name(world: World) -> None:
    with pytest.raises(TakenMeanwhile) as refusal:
        actions.save_category(Category(name="MILK", slug="other-milk", illustration="milk"), by=ME)
    assert refusal.value.field == "name"
    with pytest.raises(TakenMeanwhile) as refusal:
        actions.save_category(Category(name="Lassi", slug="MILK", illustration="milk"), by=ME)
    assert refusal.value.field == "slug"


@pytest.mark.django_db
def test_those_that_were_alike_are_told_apart() -> None:
    migration = import_module("catalog.migrations.0014_categories_in_any_case")
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX category_name_in_any_case, category_slug_in_any_case")
    for name, slug, drawing in (("Milk", "milk", "milk"), ("milk", "Milk", "nope"), ("milk 2", "milk-2", "ghee")):
        Category.objects.create(name=name, slug=slug, illustration=drawing)
    with connection.schema_editor() as editor:
        migration.tell_apart(apps, editor)
    assert list(Category.objects.order_by("pk").values_list("name", "slug", "illustration")) == [
        ("Milk", "milk", "milk"),
        ("milk 3", "Milk-3", "other"),
        ("milk 2", "milk-2", "ghee"),
    ]
