"""A thousand products cost a page, a search, the API and the back office no query more than forty."""

from __future__ import annotations

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Product, Variant
from catalog.queries import category_shelf
from inventory.models import Stock
from milkdelivery.core.actors import Role
from milkdelivery.core.edition import new_edition
from tests.backoffice.conftest import client_of
from tests.factories.world import World, small_world
from tests.kept import forget_everything
from vendors.models import Offer

pytestmark = pytest.mark.django_db

PATHS = {
    "shelf": "/shop/",
    "second page": "/shop/?page=2",
    "search": "/shop/?q=milk",
    "search by size": "/shop/?q=milk+500ml",
    "search with a typo": "/shop/?q=frash+mlk",
    "suggestions": "/shop/search/suggestions/?q=mil",
    "API": "/api/v1/products/?pincode=560034&page_size=20",
    "search of the API": "/api/v1/products/?pincode=560034&q=milk&page_size=20",
    "back office": "/admin/catalog/product/",
    "search of the back office": "/admin/catalog/product/?q=milk",
    "packs of the back office": "/admin/catalog/variant/",
}


def fill_shelf(world: World, first: int, last: int) -> None:
    """Products with a pack each that the dairy has."""
    numbers = range(first, last)
    category = world.products[0].category
    products = Product.objects.bulk_create(
        [Product(name=f"Fresh milk {number}", slug=f"fresh-{number}", category=category) for number in numbers]
    )
    packs = Variant.objects.bulk_create(
        [
            Variant(
                product=product,
                name="500 ml",
                unit="ML",
                size=500,
                sku=f"FRESH-{product.pk}",
                price=3000 + product.pk,
                hsn_code="0401",
                shelf_life_days=2,
            )
            for product in products
        ]
    )
    Offer.objects.bulk_create([Offer(vendor=world.vendor, variant=pack, cost_price=2000) for pack in packs])
    Stock.objects.bulk_create([Stock(vendor=world.vendor, variant=pack, on_hand=50) for pack in packs])
    new_edition()
    forget_everything()


def queries_of(client: Client, path: str) -> int:
    """Of the second look: the first one fills what the process keeps."""
    client.get(path)
    caches["local"].clear()
    category_shelf()
    with CaptureQueriesContext(connection) as asked:
        response = client.get(path)
    assert response.status_code == 200
    return len(asked)


def test_a_thousand_products_ask_no_more_than_forty(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("milkdelivery.core.edition", "milkdelivery.core.queries", "catalog.queries.search"):
        monkeypatch.setattr(f"{module}.monotonic", lambda: 0.0)  # nothing that is kept grows old between two looks
    world = small_world()
    somebody = client_of(Role.ADMIN)
    somebody.cookies["milk_pincode"] = "560034"
    fill_shelf(world, 0, 40)
    few = {name: queries_of(somebody, path) for name, path in PATHS.items()}
    fill_shelf(world, 40, 1000)
    assert Product.objects.count() > 1_000
    assert {name: queries_of(somebody, path) for name, path in PATHS.items()} == few
    page = somebody.get("/shop/?q=milk+500ml").content.decode()
    assert page.count('class="product__name"') == 20
