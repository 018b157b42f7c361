"""Two tabs at one record: the later one is told before it wins, and loses nothing that was typed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import PriceListEntry, SearchWord
from deliveries.models import Shift, Vehicle
from milkdelivery.backoffice.base import ActionAdmin
from milkdelivery.backoffice.meanwhile import SEEN
from milkdelivery.core import clock
from milkdelivery.core.models import Holiday
from payments.models import Seller
from tests.backoffice.forms import fill
from tests.factories.accounts import AddressFactory
from tests.factories.catalog import VariantFactory
from tests.factories.core import TaxRateFactory
from tests.factories.deliveries import HubFactory
from tests.factories.promotions import PromoCodeFactory, PromotionFactory
from tests.factories.world import World

MEANWHILE = "Somebody else saved this meanwhile"


def price_of(world: World) -> PriceListEntry:
    return PriceListEntry.objects.create(
        variant=world.milk, region=world.region, price=3000, valid_from=date(2030, 1, 1)
    )


def seller_of(world: World) -> Seller:
    series = {"invoice_series": "BLR", "credit_series": "BLC"}
    return Seller.objects.create(region=world.region, name="Bhor Dairy", address="14 Richmond Road", **series)


def vehicle_of(world: World) -> Vehicle:
    return Vehicle.objects.create(hub=world.hub, plate="KA 01 AB 1234", crates=20)


def shift_of(world: World) -> Shift:
    day, vehicle = date(2030, 1, 1), vehicle_of(world)
    return Shift.objects.create(driver=world.driver, date=day, slot=world.morning, vehicle=vehicle)


RECORDS: dict[str, tuple[Any, str, Any, Any]] = {
    "catalog_product": (lambda world: world.products[0], "description", "Tab one", "Tab two"),
    "catalog_variant": (lambda world: world.milk, "position", 8, 9),
    "catalog_category": (lambda world: world.products[0].category, "position", 8, 9),
    "catalog_pricelistentry": (price_of, "valid_until", date(2030, 5, 1), date(2030, 6, 1)),
    "catalog_promotion": (lambda _: PromotionFactory(), "name", "Tab one", "Tab two"),
    "catalog_promocode": (lambda _: PromoCodeFactory(), "total_limit", 8, 9),
    "catalog_searchword": (
        lambda _: SearchWord.objects.create(word="safed", meaning="milk"), "meaning", "one", "two"
    ),
    "vendors_vendor": (lambda world: world.vendor, "phone", "+919812345671", "+919812345672"),
    "deliveries_hub": (lambda world: world.hub, "address", "Tab one", "Tab two"),
    "deliveries_driver": (lambda world: world.driver, "hub", lambda: HubFactory().pk, lambda: HubFactory().pk),
    "payments_seller": (seller_of, "name", "Bhor Dairy Foods", "Bhor Dairy Limited"),
    "deliveries_vehicle": (vehicle_of, "crates", 18, 22),
    "deliveries_shift": (shift_of, "date", date(2030, 5, 1), date(2030, 6, 1)),
    "core_region": (lambda world: world.region, "name", "Tab one", "Tab two"),
    "core_deliveryslot": (lambda world: world.morning, "grace_minutes", 8, 9),
    "core_pincode": (lambda world: world.pincode, "name", "Tab one", "Tab two"),
    "core_taxrate": (
        lambda world: TaxRateFactory(region=world.region, hsn_code="99"),
        "valid_until", date(2030, 5, 1), date(2030, 6, 1)
    ),
    "core_holiday": (
        lambda world: Holiday.objects.create(region=world.region, date=date(2030, 1, 1), name="Holi"),
        "name",
        "Tab one",
        "Tab two",
    ),
    "accounts_user": (lambda world: world.customer, "name", "Tab one", "Tab two"),
    "accounts_address": (lambda world: AddressFactory(user=world.customer), "instructions", "Tab one", "Tab two"),
}  # fmt: skip


def test_every_form_of_the_back_office_is_tried_here() -> None:
    forms = [model for model, shown in admin.site._registry.items() if isinstance(shown, ActionAdmin)]
    assert {model._meta.label_lower.replace(".", "_") for model in forms} == set(RECORDS)


@pytest.mark.parametrize("model", RECORDS)
def test_the_later_tab_is_told_and_keeps_what_was_typed(admin_client: Client, world: World, model: str) -> None:
    make, field, first, second = RECORDS[model]
    record: Model = make(world)
    first, second = (value() if callable(value) else value for value in (first, second))
    url = reverse(f"admin:{model}_change", args=[record.pk])
    page = admin_client.get(url)
    assert f'name="{SEEN}"' in page.content.decode()
    one, two = fill(page, **{field: first}), fill(page, **{field: second})

    assert admin_client.post(url, one).status_code == 302
    refused = admin_client.post(url, two)
    assert refused.status_code == 200
    assert MEANWHILE in refused.content.decode()
    assert str(refused.context["adminform"].form[field].value()) == str(second)
    record.refresh_from_db()
    assert record.serializable_value(field) == first

    assert admin_client.post(url, fill(refused)).status_code == 302
    record.refresh_from_db()
    assert record.serializable_value(field) == second


def test_one_tab_saves_again_and_again(admin_client: Client, world: World) -> None:
    url = reverse("admin:catalog_product_change", args=[world.products[0].pk])
    for words in ("One", "Two"):
        assert admin_client.post(url, fill(admin_client.get(url), description=words)).status_code == 302


@pytest.mark.parametrize(
    ("model", "row", "first", "second"),
    [
        ("catalog_product", "variants-0-price", "29", "31"),
        ("vendors_vendor", "offers-0-lead_time_days", "2", "3"),
    ],
)
def test_a_row_beneath_counts_as_part_of_the_record(
    admin_client: Client, world: World, model: str, row: str, first: str, second: str
) -> None:
    record = {"catalog_product": world.products[0], "vendors_vendor": world.vendor}[model]
    url = reverse(f"admin:{model}_change", args=[record.pk])
    page = admin_client.get(url)
    assert admin_client.post(url, fill(page, **{row: first})).status_code == 302
    refused = admin_client.post(url, fill(page, **{row: second}))
    assert refused.status_code == 200
    assert MEANWHILE in refused.content.decode()
    inlines = [inline.formset for inline in refused.context["inline_admin_formsets"]]
    rows, field = row.split("-0-")
    typed = [form[field].value() for formset in inlines if formset.prefix == rows for form in formset.forms]
    assert second in map(str, typed)
    assert admin_client.post(url, fill(refused)).status_code == 302


def test_what_the_form_does_not_change_is_no_reason_to_wait(admin_client: Client, world: World) -> None:
    """A household's stars move a dairy's rating all day."""
    url = reverse("admin:vendors_vendor_change", args=[world.vendor.pk])
    page = admin_client.get(url)
    with clock.override(clock.now()):
        world.vendor.rating = 4
        world.vendor.save(update_fields=["rating", "updated_at"])
    assert admin_client.post(url, fill(page, phone="+919812345671")).status_code == 302
    world.vendor.refresh_from_db()
    assert int(world.vendor.rating) == 4
    assert world.vendor.phone == "+919812345671"


def test_the_edition_costs_the_same_for_many_rows(admin_client: Client, world: World) -> None:
    url = reverse("admin:catalog_product_change", args=[world.products[0].pk])

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            admin_client.get(url)
        return sum("catalog_variant" in query["sql"] for query in asked.captured_queries)

    queries()
    few = queries()
    for number in range(6):
        VariantFactory(product=world.products[0], name=f"{number} L", sku=f"MORE-{number}")
    assert queries() == few


def test_a_page_that_was_not_saved_has_the_name_of_the_record(admin_client: Client, world: World) -> None:
    product = world.products[0]
    url = reverse("admin:catalog_product_change", args=[product.pk])
    page = admin_client.get(url)
    assert admin_client.post(url, fill(page, name="Morning milk")).status_code == 302
    refused = admin_client.post(url, fill(page, name="Evening milk"))
    assert MEANWHILE in refused.content.decode()
    assert refused.context["subtitle"] == "Morning milk"
    assert str(refused.context["original"]) == "Morning milk"
    assert refused.context["adminform"].form["name"].value() == "Evening milk"
    title = refused.content.decode().split("<title>")[1].split("</title>")[0]
    assert "Evening milk" not in title
    empty = admin_client.post(url, fill(refused, name=""))
    assert empty.context["subtitle"] == "Morning milk"
