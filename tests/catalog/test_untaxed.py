"""Unknown is not zero: what no tax rate covers is not sold, and staff are told so once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.conf import settings

from cart.actions import place_order
from cart.rules import CheckoutRefused
from catalog import actions, tasks
from catalog.models import UntaxedPack, Variant
from catalog.queries import packs_for, packs_of, products_on_sale, sellable
from milkdelivery.core.eventlog import pump
from milkdelivery.core.models import TaxRate
from milkdelivery.core.queries import TaxUnknown, forget_region_book, load_region_book
from notifications.letters import NoLongerSo, write
from notifications.models import Notification
from orders.models import Order
from tests.cart.shopping import GUEST, filled_cart, purchase
from tests.factories.core import RegionFactory, TaxRateFactory
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db

TODAY, TOMORROW = date(2026, 1, 30), date(2026, 1, 31)


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-30T20:00+05:30")
    return small_world()


def lose_rate(world: World, *, code: str = "9999") -> None:
    """The milk's code was mistyped, before such codes were refused."""
    Variant.objects.filter(pk=world.milk.pk).update(hsn_code=code)


def letters() -> list[Notification]:
    pump.drain()
    return list(Notification.objects.filter(kind="tax_missing").order_by("pk"))


def test_what_no_rate_covers_can_not_be_had(world: World) -> None:
    product = world.products[0]
    where: dict[str, Any] = {"region": world.region, "on": TOMORROW}

    def seen() -> tuple[bool, bool, bool, bool]:
        on_the_shelf = products_on_sale(**where).filter(pk=product.pk).exists()
        packs = (packs_of(product.slug, **where), packs_for([product.pk], **where), sellable([world.milk.pk], **where))
        return on_the_shelf, bool(packs[0]), bool(packs[1]), bool(packs[2])

    assert seen() == (True, True, True, True)
    lose_rate(world)
    assert seen() == (False, False, False, False)
    with pytest.raises(TaxUnknown, match="No tax rate covers 9999"):
        load_region_book().tax_points(world.region.pk, "9999", on=TOMORROW)


def test_a_rate_of_zero_is_a_rate(world: World) -> None:
    lose_rate(world)
    TaxRateFactory(region=world.region, hsn_code="99", basis_points=0)
    assert sellable([world.milk.pk], region=world.region, on=TOMORROW)
    assert load_region_book().tax_points(world.region.pk, "9999", on=TOMORROW) == 0


def test_nothing_without_a_rate_is_ordered(world: World) -> None:
    cart = filled_cart(world, (world.milk, 2), (world.variants[1], 1))
    lose_rate(world)
    with pytest.raises(CheckoutRefused) as refusal:
        place_order(cart.pk, purchase(world), by=GUEST)
    (problem,) = refusal.value.problems
    assert (problem.code, problem.facts["why"]) == ("line_unavailable", "tax_unknown")
    assert "its tax is not settled yet" in problem.message
    assert not Order.objects.exists()


def test_a_rate_that_ended_a_moment_ago_sells_nothing_either(world: World) -> None:
    """What is remembered of the rates is older than that."""
    cart = filled_cart(world, (world.milk, 2))
    forget_region_book()
    assert load_region_book().knows_tax(world.region.pk, "0401", on=TOMORROW)
    with pytest.raises(CheckoutRefused):
        _end_rate_and_place(world, cart.pk)
    assert not Order.objects.exists()


def _end_rate_and_place(world: World, cart_id: int) -> None:
    wish = purchase(world)
    TaxRate.objects.update(valid_until=TODAY)
    place_order(cart_id, wish, by=GUEST)


def test_staff_are_told_once(world: World) -> None:
    assert tasks.tell_untaxed_packs() == 0
    lose_rate(world)
    assert [tasks.tell_untaxed_packs(), tasks.tell_untaxed_packs()] == [1, 0]
    (told,) = letters()
    assert told.address == settings.ADMIN_EMAIL
    letter = write(told)
    assert letter.subject == "Bengaluru: 1 pack can't be sold without a tax rate"
    assert f"Toned milk, 500 ml ({world.milk.sku}): HSN code 9999, from 30 January 2026" in letter.text
    assert "/admin/core/taxrate/" in letter.text


def test_what_is_mended_is_not_told_and_told_again_if_it_breaks_again(world: World) -> None:
    lose_rate(world)
    tasks.tell_untaxed_packs()
    lose_rate(world, code="0401")
    assert tasks.tell_untaxed_packs() == 0
    assert not UntaxedPack.objects.exists()
    with pytest.raises(NoLongerSo):
        write(letters()[0])
    lose_rate(world)
    assert tasks.tell_untaxed_packs() == 1
    assert len(letters()) == 2


@pytest.mark.parametrize(("ends", "told"), [(date(2026, 2, 5), 3), (date(2026, 2, 12), 3), (date(2026, 2, 13), 0)])
def test_a_rate_that_ends_within_the_days_that_can_be_ordered_is_told_before(
    world: World, ends: date, told: int
) -> None:
    TaxRate.objects.update(valid_until=ends)
    assert actions.tell_untaxed(world.region) == told
    assert set(UntaxedPack.objects.values_list("day", flat=True)) <= {date(2026, 2, ends.day + 1)}


def test_a_rate_that_another_follows_is_no_gap(world: World) -> None:
    TaxRate.objects.update(valid_until=date(2026, 2, 5))
    TaxRateFactory(region=world.region, basis_points=1200, valid_from=date(2026, 2, 6))
    assert actions.tell_untaxed(world.region) == 0


def test_what_is_not_for_sale_wants_no_rate(world: World) -> None:
    elsewhere = RegionFactory(code="BTV", name="Burlington", country="US", currency="USD")
    assert actions.tell_untaxed(elsewhere) == 0  # nothing has a price there
    lose_rate(world)
    Variant.objects.filter(pk=world.milk.pk).update(is_active=False)
    assert actions.tell_untaxed(world.region) == 0


def test_it_takes_the_same_queries_for_any_number_of_packs(
    world: World, django_assert_max_num_queries: Callable[..., object]
) -> None:
    Variant.objects.update(hsn_code="9999")
    with django_assert_max_num_queries(10):  # type: ignore[attr-defined]
        assert actions.tell_untaxed(world.region) == 3
