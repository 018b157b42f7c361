"""What the database would refuse is said in words, at the field that can mend it, and once."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import Variant
from milkdelivery.core.models import TaxRate
from tests.backoffice.forms import save
from tests.backoffice.test_catalogue import days, offer
from tests.factories.catalog import PriceListEntryFactory
from tests.factories.core import HolidayFactory, PincodeFactory
from tests.factories.vendors import ServiceAreaFactory
from tests.factories.world import World

pytestmark = pytest.mark.django_db


def refused(answer: Any) -> dict[str, str]:
    """The errors of a form, each one alone at its field."""
    assert answer.status_code == 200
    found = {field: list(errors) for field, errors in answer.context["adminform"].form.errors.items()}
    assert all(len(errors) == 1 for errors in found.values()), found
    return {field: errors[0] for field, errors in found.items()}


def typed_price(world: World, **typed: str) -> dict[str, str]:
    return {
        "variant": str(world.milk.pk),
        "region": str(world.region.pk),
        "price": "30",
        "deposit": "0",
        "valid_from": days(world, 5),
        **typed,
    }


def test_a_price_that_starts_with_another_names_it_at_the_start(admin_client: Client, world: World) -> None:
    PriceListEntryFactory(variant=world.milk, region=world.region, price=2900, valid_from=days(world, 5))
    answer = save(admin_client, reverse("admin:catalog_pricelistentry_add"), **typed_price(world))
    errors = refused(answer)
    assert list(errors) == ["valid_from"]
    assert errors["valid_from"].startswith("This overlaps another price: ₹29.00 from ")


def test_a_price_that_ends_before_it_starts_says_so_at_the_end(admin_client: Client, world: World) -> None:
    typed = typed_price(world, valid_until=days(world, 4))
    answer = save(admin_client, reverse("admin:catalog_pricelistentry_add"), **typed)
    assert refused(answer) == {"valid_until": "The price ends before it starts."}


def test_a_price_in_force_can_not_end_before_its_start(admin_client: Client, world: World) -> None:
    entry = PriceListEntryFactory(variant=world.milk, region=world.region, valid_from=days(world, -5))
    url = reverse("admin:catalog_pricelistentry_change", args=[entry.pk])
    assert refused(save(admin_client, url, valid_until=days(world, -9))) == {
        "valid_until": "The price ends before it starts."
    }


def test_a_tax_rate_says_what_is_wrong_with_its_days(admin_client: Client, world: World) -> None:
    url, rate = reverse("admin:core_taxrate_add"), TaxRate.objects.get(hsn_code="04")
    typed = {"region": str(world.region.pk), "hsn_code": "04", "basis_points": "12"}
    same = refused(save(admin_client, url, **typed, valid_from=rate.valid_from.isoformat()))
    assert same == {
        "valid_from": "This overlaps another rate: 5 % from 1 Jul 2017 on. Change that one, or choose other days."
    }
    back = refused(save(admin_client, url, **typed, valid_from=days(world, 9), valid_until=days(world, 8)))
    assert back == {"valid_until": "The rate ends before it starts."}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("101", "At most 100."),
        ("-1", "At least 0."),
        ("5.125", "Use at most 2 digits after the point."),
        ("five", "Enter a number."),
        ("", "This field is required."),
    ],
)
def test_a_rate_is_typed_in_per_cent(admin_client: Client, world: World, typed: str, words: str) -> None:
    url = reverse("admin:core_taxrate_add")
    shown = {"region": str(world.region.pk), "hsn_code": "2202", "valid_from": days(world, 1)}
    assert refused(save(admin_client, url, **shown, basis_points=typed)) == {"basis_points": words}
    assert save(admin_client, url, **shown, basis_points="12.25").status_code == 302
    rate = TaxRate.objects.get(hsn_code="2202")
    assert rate.basis_points == 1225
    page = admin_client.get(reverse("admin:core_taxrate_change", args=[rate.pk]))
    assert page.context["adminform"].form["basis_points"].value() in (1225, "12.25")
    assert 'value="12.25"' in page.content.decode()


def test_a_dairys_commission_is_typed_in_per_cent(admin_client: Client, world: World) -> None:
    url = reverse("admin:vendors_vendor_change", args=[world.vendor.pk])
    assert save(admin_client, url, commission_basis_points="6.5").status_code == 302
    world.vendor.refresh_from_db()
    assert world.vendor.commission_basis_points == 650
    assert list(refused(save(admin_client, url, commission_basis_points=""))) == ["commission_basis_points"]
    assert save(admin_client, url, phone="+919812345671").status_code == 302  # what is shown is what is kept
    world.vendor.refresh_from_db()
    assert world.vendor.commission_basis_points == 650


@pytest.mark.parametrize(
    ("last", "words"), [("2017-06-30", "The rate ends before it starts."), ("2018-01-01", "days before")]
)
def test_the_end_of_a_rate_in_force_is_refused_at_its_field(
    admin_client: Client, world: World, last: str, words: str
) -> None:
    rate = TaxRate.objects.get(hsn_code="04")
    errors = refused(save(admin_client, reverse("admin:core_taxrate_change", args=[rate.pk]), valid_until=last))
    assert words in errors["valid_until"]


def test_a_slot_that_is_there_is_named(admin_client: Client, world: World) -> None:
    typed = {
        "region": str(world.region.pk),
        "code": "MORNING",
        "starts_at": "06:00",
        "ends_at": "05:00",
        "cutoff_days_before": "1",
        "cutoff_time": "22:00",
        "pack_time": "03:00",
        "grace_minutes": "60",
        "open_weekdays": ["0"],
    }
    errors = refused(save(admin_client, reverse("admin:core_deliveryslot_add"), **typed))
    assert errors == {
        "code": "Bengaluru has this slot already: Morning 05:00-07:30. Change that one.",
        "ends_at": "The slot must end after it starts.",
    }


def test_a_day_that_is_closed_says_so(admin_client: Client, world: World) -> None:
    holiday = HolidayFactory(region=world.region)
    typed = {"region": str(world.region.pk), "date": holiday.date.isoformat(), "name": "Again"}
    errors = refused(save(admin_client, reverse("admin:core_holiday_add"), **typed))
    assert errors == {"date": "Bengaluru is closed on 26 Jan 2026 already."}


def test_a_promotion_that_ends_before_it_starts_says_so_once(admin_client: Client, world: World) -> None:
    typed = offer(world, starts_on=days(world, 3), ends_on=days(world, 2), percent="101", minimum_basket="-1")
    typed |= {"products": [], "categories": []}
    errors = refused(save(admin_client, reverse("admin:catalog_promotion_add"), **typed))
    assert sorted(errors) == ["ends_on", "minimum_basket", "percent"]
    assert errors["ends_on"] == "It ends before it starts."


@pytest.mark.parametrize("page", ["inventory_stock", "vendors_vendor"])
def test_the_words_before_a_cell_begin_with_one_capital(admin_client: Client, world: World, page: str) -> None:
    html = admin_client.get(reverse(f"admin:{page}_changelist")).content.decode()
    labels = [part.split('"', 1)[0] for part in html.split(' data-label="')[1:]]
    assert labels
    assert {label for label in labels if label[:1].islower()} == set()
    assert {label for label in labels if " " in label and label.istitle()} == set()


@pytest.mark.parametrize("page", ["catalog_product_add", "catalog_category_add"])
def test_a_name_of_faces_alone_is_one_error(admin_client: Client, world: World, page: str) -> None:
    typed = {"name": "🥛", "category": str(world.products[0].category_id), "illustration": "milk"}
    errors = refused(save(admin_client, reverse(f"admin:{page}"), **typed, dietary_facts=["VEGETARIAN"]))
    assert errors == {"name": "A name needs letters or digits."}


def test_a_pack_whose_code_has_no_tax_rate_says_so(admin_client: Client, world: World) -> None:
    url = reverse("admin:catalog_variant_change", args=[world.milk.pk])
    assert "No tax rate is known" in refused(save(admin_client, url, hsn_code="9999"))["hsn_code"]
    Variant.objects.filter(pk=world.milk.pk).update(hsn_code="9999")  # from before there was such a question
    assert save(admin_client, url, hsn_code="9999", name="Half a litre").status_code == 302


@pytest.mark.parametrize(
    "page", ["catalog/product", "vendors/vendor", "orders/order", "inventory/stockimport", "inventory/stock"]
)
@pytest.mark.parametrize("rest", ["abc/change/", "1/days/9999-99-99/", "1/apply/"])
def test_an_address_that_names_no_record_leads_back(admin_client: Client, world: World, page: str, rest: str) -> None:
    answer = admin_client.get(f"/admin/{page}/{rest}", follow=True)
    assert answer.status_code == 200
    assert "doesn’t exist. Perhaps it was deleted?" in answer.content.decode()


def test_an_area_without_a_hub_is_told_on_the_dairys_page(admin_client: Client, world: World) -> None:
    words = "No hub serves this pincode yet"
    url = reverse("admin:vendors_vendor_change", args=[world.vendor.pk])
    assert words not in admin_client.get(url).content.decode()
    ServiceAreaFactory(vendor=world.vendor, pincode=PincodeFactory(code="560001", name="Bazaar"))
    assert admin_client.get(url).content.decode().count(words) == 1


@pytest.mark.parametrize("percent", ["-5", "0", "ten"])
def test_a_percentage_that_can_not_be_is_one_error(admin_client: Client, world: World, percent: str) -> None:
    typed = offer(world, percent=percent) | {"products": [], "categories": []}
    errors = refused(save(admin_client, reverse("admin:catalog_promotion_add"), **typed))
    assert list(errors) == ["percent"]


def test_taking_a_price_off_the_list_tells_of_the_gap(admin_client: Client, world: World) -> None:
    before = {"valid_from": days(world, 1), "valid_until": days(world, 4)}
    PriceListEntryFactory(variant=world.milk, region=world.region, **before)
    entry = PriceListEntryFactory(variant=world.milk, region=world.region, valid_from=days(world, 5))
    url = reverse("admin:catalog_pricelistentry_delete", args=[entry.pk])
    assert "no price of the list holds now" in admin_client.post(url, {"post": "yes"}, follow=True).content.decode()


def test_a_new_dairy_that_is_refused_is_not_spoken_of_as_if_it_were_kept(admin_client: Client, world: World) -> None:
    typed = {"name": "Nandi Dairy", "region": str(world.region.pk), "email": "a@example.com", "pincode": "5600"}
    answer = save(admin_client, reverse("admin:vendors_vendor_add"), **typed)
    assert "pincode" in refused_fields(answer)
    assert "Gets orders" not in answer.content.decode()
    assert "licence is missing" not in answer.content.decode()


def test_a_refused_page_tells_of_the_record_as_it_is_kept(admin_client: Client, world: World) -> None:
    url = reverse("admin:vendors_vendor_change", args=[world.vendor.pk])
    answer = save(admin_client, url, fssai_licence="")
    assert list(refused(answer)) == ["fssai_licence"]
    assert "its FSSAI licence is missing" not in answer.content.decode()


def refused_fields(answer: Any) -> set[str]:
    return set(answer.context["adminform"].form.errors)
