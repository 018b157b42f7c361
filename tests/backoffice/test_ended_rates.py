"""Who ends a tax rate is told first which packs nobody could buy any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from milkdelivery.core.models import TaxRate
from tests.backoffice.forms import fill, save
from tests.factories.catalog import ProductFactory, VariantFactory
from tests.factories.core import TaxRateFactory
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-30T20:00+05:30")
    return small_world()


@pytest.fixture
def rate(world: World) -> TaxRate:
    """Of all three packs, without an end."""
    return TaxRate.objects.get()


def url_of(rate: TaxRate) -> str:
    return reverse("admin:core_taxrate_change", args=[rate.pk])


def refused(answer: Any, field: str) -> str:
    assert answer.status_code == 200
    (words,) = answer.context["adminform"].form.errors[field]
    return str(words)


def mark_of(answer: Any) -> str:
    """What the tick of the question would send."""
    return str(answer.content.decode().split('name="is_meant" value="')[1].split('"')[0])


def test_one_is_asked_once_more(admin_client: Client, world: World, rate: TaxRate) -> None:
    first = admin_client.get(url_of(rate)).content.decode()
    assert '<input type="hidden" name="is_meant"' in first
    answer = save(admin_client, url_of(rate), valid_until="2026-02-24")
    words = refused(answer, "valid_until")
    assert words.startswith("3 packs have no other tax rate and can't be sold from 25 Feb 2026 on: ")
    assert str(world.milk.product) in words
    assert '<input type="checkbox" name="is_meant"' in answer.content.decode()
    assert "Save all the same: these packs go off sale" in answer.content.decode()
    assert 'id="id_is_meant">' in answer.content.decode()  # nothing is ticked beforehand
    rate.refresh_from_db()
    assert rate.valid_until is None
    assert "3 packs" in refused(admin_client.post(url_of(rate), fill(answer)), "valid_until")  # nothing was ticked
    assert admin_client.post(url_of(rate), fill(answer, is_meant=mark_of(answer))).status_code == 302
    rate.refresh_from_db()
    assert rate.valid_until == date(2026, 2, 24)


def test_a_tick_holds_for_the_packs_and_the_day_that_were_asked_about(
    admin_client: Client, world: World, rate: TaxRate
) -> None:
    answer = save(admin_client, url_of(rate), valid_until="2026-02-24")
    ticked = fill(answer, is_meant=mark_of(answer))
    VariantFactory(product=ProductFactory(name="Lassi", category=world.products[0].category))
    again = admin_client.post(url_of(rate), ticked)
    assert refused(again, "valid_until").startswith("4 packs")
    sooner = admin_client.post(url_of(rate), fill(again, valid_until="2026-02-20", is_meant=mark_of(again)))
    assert "from 21 Feb 2026 on" in refused(sooner, "valid_until")
    rate.refresh_from_db()
    assert rate.valid_until is None
    assert admin_client.post(url_of(rate), fill(sooner, is_meant=mark_of(sooner))).status_code == 302


@pytest.mark.parametrize("mark", ["on", "1", "x" * 5_000])
def test_another_word_is_no_tick(admin_client: Client, world: World, rate: TaxRate, mark: str) -> None:
    assert "3 packs" in refused(
        save(admin_client, url_of(rate), valid_until="2026-02-24", is_meant=mark), "valid_until"
    )


def test_of_many_the_first_are_named(admin_client: Client, world: World, rate: TaxRate) -> None:
    for number in range(2):
        VariantFactory(product=ProductFactory(name=f"Lassi {number}", category=world.products[0].category))
    words = refused(save(admin_client, url_of(rate), valid_until="2026-02-24"), "valid_until")
    assert words.startswith("5 packs")
    assert "and 2 more" in words


def test_what_is_not_on_sale_loses_nothing(admin_client: Client, world: World, rate: TaxRate) -> None:
    for product in world.products:
        product.is_active = False
        product.save()
    assert save(admin_client, url_of(rate), valid_until="2026-02-24").status_code == 302


def test_nobody_is_asked_where_another_rate_covers(admin_client: Client, world: World, rate: TaxRate) -> None:
    TaxRateFactory(region=world.region, hsn_code="0401", valid_from=date(2026, 2, 1))
    assert save(admin_client, url_of(rate), valid_until="2026-02-24").status_code == 302


def test_the_day_is_that_on_which_the_last_cover_ends(admin_client: Client, world: World, rate: TaxRate) -> None:
    until = {"valid_from": date(2026, 2, 1), "valid_until": date(2026, 3, 5)}
    TaxRateFactory(region=world.region, hsn_code="0401", **until)
    words = refused(save(admin_client, url_of(rate), valid_until="2026-02-24"), "valid_until")
    assert "from 6 Mar 2026 on" in words


def test_a_rate_that_is_put_off_leaves_a_gap_too(admin_client: Client, world: World, rate: TaxRate) -> None:
    TaxRate.objects.filter(pk=rate.pk).update(valid_from=date(2026, 2, 10))
    words = refused(save(admin_client, url_of(rate), valid_from="2026-02-20"), "valid_from")
    assert "from 10 Feb 2026 on" in words
    assert save(admin_client, url_of(rate), valid_from="2026-02-05").status_code == 302


def test_a_longer_life_needs_no_word(admin_client: Client, world: World, rate: TaxRate) -> None:
    TaxRate.objects.filter(pk=rate.pk).update(valid_until=date(2026, 2, 10))
    assert save(admin_client, url_of(rate), valid_until="2026-02-20").status_code == 302


def test_the_rate_that_follows_is_added_without_a_question(admin_client: Client, world: World, rate: TaxRate) -> None:
    typed = {"region": world.region.pk, "hsn_code": "04", "basis_points": "12", "valid_from": "2026-02-25"}
    assert save(admin_client, reverse("admin:core_taxrate_add"), **typed).status_code == 302
    rate.refresh_from_db()
    assert rate.valid_until == date(2026, 2, 24)


@pytest.mark.parametrize("day", ["9999-12-31", "2201-01-01", "1999-12-31", "0001-01-01"])
def test_a_day_that_no_shop_has_is_refused(admin_client: Client, world: World, rate: TaxRate, day: str) -> None:
    assert refused(save(admin_client, url_of(rate), valid_until=day), "valid_until") == "This day can't be right."


def test_a_rate_that_was_given_the_last_day_of_all_keeps_nobody_from_ending_another(
    admin_client: Client, world: World, rate: TaxRate
) -> None:
    TaxRateFactory(region=world.region, hsn_code="99", valid_from=date(2026, 2, 1), valid_until=date.max)
    assert "can't be sold" in refused(save(admin_client, url_of(rate), valid_until="2026-02-24"), "valid_until")
