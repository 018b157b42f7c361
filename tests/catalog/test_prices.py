"""The price list: windows that never overlap, a past that stays, and a future that comes by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.actions import remove_price, save_price, set_price
from catalog.actions.prices import PriceBackwards, PriceInForce, PriceOverlap, PriceTooEarly, PriceTooFar
from catalog.models import PriceListEntry, Variant
from catalog.queries import sellable
from milkdelivery.core.actions import TaxRateInForce, TaxRateOverlap, save_tax_rate
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import Event, TaxRate
from milkdelivery.core.money import Money
from milkdelivery.core.rules import Span, room_for
from tests.factories.catalog import PriceListEntryFactory
from tests.factories.core import RegionFactory
from tests.factories.world import World

TODAY = date(2026, 1, 15)


def day(number: int) -> date:
    """So many days from today."""
    return TODAY + timedelta(days=number)


def entry(world: World, price: int, first: int, last: int | None = None, **fields: Any) -> PriceListEntry:
    """Not saved yet: so many rupees from one day to another."""
    return PriceListEntry(
        variant=world.milk,
        region=world.region,
        price=Money(price * 100, "INR"),
        valid_from=day(first),
        valid_until=None if last is None else day(last),
        **fields,
    )


def listed(world: World) -> list[tuple[int, int, int | None]]:
    """What the list says: rupees, first and last day counted from today."""
    rows = PriceListEntry.objects.filter(variant=world.milk, region=world.region).order_by("valid_from")
    return [
        (
            row.price.minor // 100,
            (row.valid_from - TODAY).days,
            (row.valid_until - TODAY).days if row.valid_until else None,
        )
        for row in rows
    ]


def price_on(world: World, number: int) -> int:
    return sellable([world.milk.pk], region=world.region, on=day(number))[world.milk.pk].price.price.minor // 100


def test_a_future_price_takes_effect_by_itself(world: World, me: Actor) -> None:
    save_price(entry(world, 30, 5), by=me)
    assert [price_on(world, number) for number in (4, 5, 400)] == [28, 30, 30]


def test_an_open_ended_price_ends_the_day_before_the_next(world: World, me: Actor) -> None:
    first = save_price(entry(world, 30, 0), by=me)
    second = save_price(entry(world, 32, 10), by=me)
    assert (first.ended, second.ended, second.resumed) == (None, first.entry, None)
    assert listed(world) == [(30, 0, 9), (32, 10, None)]
    told = Event.objects.named("price.changed").order_by("pk").values_list("data__valid_until", flat=True)
    assert list(told) == [None, day(9).isoformat(), None]


def test_a_festival_price_lets_the_usual_one_go_on(world: World, me: Actor) -> None:
    save_price(entry(world, 30, 0, mrp=Money(4000, "INR"), deposit=Money(500, "INR")), by=me)
    saved = save_price(entry(world, 25, 3, 7), by=me)
    assert listed(world) == [(30, 0, 2), (25, 3, 7), (30, 8, None)]
    assert saved.resumed is not None
    assert saved.resumed.terms == (Money(3000, "INR"), Money(4000, "INR"), Money(500, "INR"))


@pytest.mark.parametrize(("first", "last"), [(5, 5), (3, 6), (8, 20), (1, 30), (10, None), (2, None)])
def test_a_window_that_overlaps_another_is_refused_and_names_it(
    world: World, me: Actor, first: int, last: int | None
) -> None:
    other = save_price(entry(world, 30, 5, 10), by=me).entry
    with pytest.raises(PriceOverlap) as refusal:
        save_price(entry(world, 25, first, last), by=me)
    assert refusal.value.field == "valid_from"
    assert refusal.value.facts == {"other": other.pk}
    assert "₹30.00 from 20 Jan 2026 to 25 Jan 2026" in str(refusal.value)
    assert listed(world) == [(30, 5, 10)]


def test_an_open_ended_price_does_not_yield_to_one_that_starts_with_it_or_before(world: World, me: Actor) -> None:
    save_price(entry(world, 30, 5), by=me)
    for first in (5, 2):
        with pytest.raises(PriceOverlap):
            save_price(entry(world, 25, first), by=me)
    save_price(entry(world, 25, 1, 4), by=me)
    assert listed(world) == [(25, 1, 4), (30, 5, None)]


def test_packs_and_regions_are_apart(world: World, me: Actor) -> None:
    save_price(entry(world, 30, 5, 10), by=me)
    save_price(PriceListEntry(variant=world.variants[1], region=world.region, price=3000, valid_from=day(5)), by=me)
    abroad = RegionFactory(code="BTV", currency="USD", time_zone="America/New_York")
    save_price(PriceListEntry(variant=world.milk, region=abroad, price=300, valid_from=day(5)), by=me)
    assert PriceListEntry.objects.count() == 3


def test_a_price_ends_after_it_starts(world: World, me: Actor) -> None:
    with pytest.raises(PriceBackwards) as refusal:
        save_price(entry(world, 30, 5, 4), by=me)
    assert refusal.value.field == "valid_until"
    with pytest.raises(IntegrityError), transaction.atomic():
        entry(world, 30, 5, 4).save()
    save_price(entry(world, 30, 5, 5), by=me)


@pytest.mark.parametrize("fields", [{"price": -1}, {"deposit": -1}, {"mrp": -1}])
def test_the_database_refuses_negative_prices(world: World, fields: dict[str, int]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        PriceListEntry.objects.create(
            variant=world.milk, region=world.region, valid_from=day(1), **{"price": 100, **fields}
        )


# -- the past ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def held(world: World) -> PriceListEntry:
    """30 rupees, since ten days ago, for good."""
    made: PriceListEntry = PriceListEntryFactory(
        variant=world.milk, region=world.region, price=3000, valid_from=day(-10)
    )
    made.refresh_from_db()
    return made


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("price", Money(3100, "INR")),
        ("mrp", Money(9900, "INR")),
        ("deposit", Money(100, "INR")),
        ("valid_from", day(-9)),
        ("valid_from", day(-11)),
        ("valid_from", day(0)),
        ("valid_until", day(-2)),
    ],
)
def test_past_days_keep_their_price(world: World, me: Actor, held: PriceListEntry, field: str, value: Any) -> None:
    setattr(held, field, value)
    with pytest.raises(PriceInForce) as refusal:
        save_price(held, by=me)
    assert refusal.value.field == ("price" if field in ("mrp", "deposit") else field)
    assert listed(world) == [(30, -10, None)]


@pytest.mark.parametrize("last", [-1, 0, 50])
def test_a_price_in_force_can_be_ended(world: World, me: Actor, held: PriceListEntry, last: int) -> None:
    held.valid_until = day(last)
    save_price(held, by=me)
    assert listed(world) == [(30, -10, last)]


def test_a_price_that_is_over_stays_over(world: World, me: Actor, held: PriceListEntry) -> None:
    PriceListEntry.objects.update(valid_until=day(-3))
    for last in (None, day(-5), day(5)):
        held.valid_until = last
        with pytest.raises(PriceInForce):
            save_price(held, by=me)


def test_a_new_price_starts_today_at_the_earliest_where_another_holds(
    world: World, me: Actor, held: PriceListEntry
) -> None:
    with pytest.raises(PriceOverlap, match=r"Another can start on 15 Jan 2026 or later"):
        save_price(entry(world, 31, -1), by=me)
    save_price(entry(world, 31, 0), by=me)
    assert listed(world) == [(30, -10, -1), (31, 0, None)]


@pytest.mark.parametrize("last", [None, -5, 5])
def test_a_price_never_starts_in_the_past_even_where_none_held(world: World, me: Actor, last: int | None) -> None:
    with pytest.raises(PriceTooEarly, match=r"can start on 15 Jan 2026 or later") as refusal:
        save_price(entry(world, 31, -1 if last is None else -30, last), by=me)
    assert refusal.value.field == "valid_from"
    assert listed(world) == []


def test_a_coming_price_is_not_moved_into_the_past(world: World, me: Actor) -> None:
    coming = save_price(entry(world, 31, 5), by=me).entry
    coming.valid_from = day(-1)
    with pytest.raises(PriceTooEarly):
        save_price(coming, by=me)
    assert listed(world) == [(31, 5, None)]


def test_a_day_far_beyond_any_plan_is_a_slip(world: World, me: Actor) -> None:
    save_price(entry(world, 30, 0), by=me)
    for first, last, field in ((date(9999, 12, 31), None, "valid_from"), (day(1), date(9999, 12, 31), "valid_until")):
        slip = entry(world, 31, 0)
        slip.valid_from, slip.valid_until = first, last
        with pytest.raises(PriceTooFar) as refusal:
            save_price(slip, by=me)
        assert refusal.value.field == field
    assert listed(world) == [(30, 0, None)]


def test_an_end_far_ahead_from_before_stays_when_something_else_changes(world: World, me: Actor) -> None:
    old = entry(world, 30, 3)
    old.valid_until = date(9999, 12, 31)
    old.save()
    old.price = Money(3100, "INR")
    save_price(old, by=me)
    assert PriceListEntry.objects.get().price == Money(3100, "INR")


def test_todays_price_may_be_mended_today(world: World, me: Actor) -> None:
    saved = save_price(entry(world, 31, 0), by=me).entry
    saved.price = Money(3300, "INR")
    save_price(saved, by=me)
    assert listed(world) == [(33, 0, None)]


def test_a_future_price_is_changed_and_removed(world: World, me: Actor, held: PriceListEntry) -> None:
    coming = save_price(entry(world, 31, 5), by=me).entry
    coming.price, coming.valid_from = Money(3200, "INR"), day(7)
    save_price(coming, by=me)
    assert listed(world) == [(30, -10, 6), (32, 7, None)]
    remove_price(coming.pk, by=me)
    remove_price(coming.pk, by=me)
    assert listed(world) == [(30, -10, None)]
    assert Event.objects.named("price.changed").latest("pk").data["is_removed"] is True
    with pytest.raises(PriceInForce):
        remove_price(held.pk, by=me)


def test_a_price_that_only_made_room_goes_on_when_what_it_made_room_for_is_taken_back(
    world: World, me: Actor, held: PriceListEntry
) -> None:
    coming = save_price(entry(world, 31, 5), by=me).entry
    later = save_price(entry(world, 32, 9), by=me).entry
    assert listed(world) == [(30, -10, 4), (31, 5, 8), (32, 9, None)]
    assert remove_price(coming.pk, by=me) == held
    assert listed(world) == [(30, -10, 8), (32, 9, None)]
    assert remove_price(later.pk, by=me) == held
    assert listed(world) == [(30, -10, None)]


def test_a_festival_that_is_called_off_leaves_no_gap(world: World, me: Actor, held: PriceListEntry) -> None:
    festival = save_price(entry(world, 35, 5, 7), by=me).entry
    assert listed(world) == [(30, -10, 4), (35, 5, 7), (30, 8, None)]
    remove_price(festival.pk, by=me)
    assert listed(world) == [(30, -10, None)]
    save_price(entry(world, 33, 6, 9), by=me)
    assert listed(world) == [(30, -10, 5), (33, 6, 9), (30, 10, None)]


@pytest.mark.parametrize(
    ("first", "last", "after"),
    [
        (5, 6, [(30, -10, 4), (35, 5, 6), (30, 7, None)]),  # shorter
        (5, 9, [(30, -10, 4), (35, 5, 9), (30, 10, None)]),  # longer
        (6, 7, [(30, -10, 5), (35, 6, 7), (30, 8, None)]),  # later
        (3, 7, [(30, -10, 2), (35, 3, 7), (30, 8, None)]),  # earlier
        (8, 9, [(30, -10, 7), (35, 8, 9), (30, 10, None)]),  # starts where the other one went on
        (2, 4, [(30, -10, 1), (35, 2, 4), (30, 5, None)]),  # and the other way round
        (12, 14, [(30, -10, 11), (35, 12, 14), (30, 15, None)]),
        (5, None, [(30, -10, 4), (35, 5, None)]),  # for good
    ],
)
def test_what_made_room_follows_both_ends_of_a_festival(
    world: World,
    me: Actor,
    held: PriceListEntry,
    first: int,
    last: int | None,
    after: list[tuple[int, int, int | None]],
) -> None:
    festival = save_price(entry(world, 35, 5, 7), by=me).entry
    festival.valid_from, festival.valid_until = day(first), None if last is None else day(last)
    save_price(festival, by=me)
    assert listed(world) == after
    remove_price(festival.pk, by=me)
    assert listed(world) == [(30, -10, None)]


def test_what_follows_is_told(world: World, me: Actor, held: PriceListEntry) -> None:
    made = save_price(entry(world, 35, 5, 7), by=me)
    made.entry.valid_until = day(6)
    saved = save_price(made.entry, by=me)
    assert saved.moved == made.resumed
    assert (saved.ended, saved.resumed, saved.extended) == (None, None, None)
    told = Event.objects.named("price.changed").order_by("-pk")[:2].values_list("data__valid_from", flat=True)
    assert set(told) == {day(5).isoformat(), day(7).isoformat()}


def test_a_price_that_was_changed_after_the_festival_follows_its_end_and_stays_apart(
    world: World, me: Actor, held: PriceListEntry
) -> None:
    made = save_price(entry(world, 35, 5, 7), by=me)
    assert made.resumed is not None
    made.resumed.price = Money(3200, "INR")
    save_price(made.resumed, by=me)
    made.entry.valid_until = day(6)
    save_price(made.entry, by=me)
    assert listed(world) == [(30, -10, 4), (35, 5, 6), (32, 7, None)]
    remove_price(made.entry.pk, by=me)
    assert listed(world) == [(30, -10, 6), (32, 7, None)]


def test_a_festival_among_others_never_takes_their_days(world: World, me: Actor, held: PriceListEntry) -> None:
    festival = save_price(entry(world, 35, 5, 7), by=me).entry
    other = save_price(entry(world, 36, 11, 12), by=me).entry
    assert listed(world) == [(30, -10, 4), (35, 5, 7), (30, 8, 10), (36, 11, 12), (30, 13, None)]
    festival.valid_until = day(11)
    with pytest.raises(PriceOverlap):
        save_price(festival, by=me)
    festival.refresh_from_db()
    festival.valid_from, festival.valid_until = day(20), day(21)  # past the other one: its place closes
    save_price(festival, by=me)
    assert listed(world) == [(30, -10, 10), (36, 11, 12), (30, 13, 19), (35, 20, 21), (30, 22, None)]
    remove_price(other.pk, by=me)
    assert listed(world) == [(30, -10, 19), (35, 20, 21), (30, 22, None)]
    remove_price(festival.pk, by=me)
    assert listed(world) == [(30, -10, None)]


def test_a_running_festival_is_shortened_until_today(world: World, me: Actor, held: PriceListEntry) -> None:
    festival = save_price(entry(world, 35, 0, 7), by=me).entry
    festival.valid_until = day(0)
    save_price(festival, by=me)
    assert listed(world) == [(30, -10, -1), (35, 0, 0), (30, 1, None)]


def test_an_end_that_somebody_gave_stays(world: World, me: Actor, held: PriceListEntry) -> None:
    held.valid_until = day(4)
    save_price(held, by=me)
    after = save_price(entry(world, 31, 5), by=me).entry
    assert remove_price(after.pk, by=me) is None
    assert listed(world) == [(30, -10, 4)]
    held.valid_until = None
    save_price(held, by=me)
    again = save_price(entry(world, 31, 5), by=me).entry
    held.valid_until = day(2)
    save_price(held, by=me)
    assert remove_price(again.pk, by=me) is None
    assert listed(world) == [(30, -10, 2)]


def test_today_is_the_regions_own(world: World, me: Actor, at: Callable[[str], object]) -> None:
    abroad = RegionFactory(code="BTV", currency="USD", time_zone="America/New_York")
    made = PriceListEntry(variant=world.milk, region=abroad, price=Money(300, "USD"), valid_from=day(0))
    save_price(made, by=me)
    at("2026-01-16T08:00+05:30")  # the evening of the 15th there
    made.price = Money(320, "USD")
    save_price(made, by=me)
    at("2026-01-16T18:00+05:30")
    made.price = Money(340, "USD")
    with pytest.raises(PriceInForce):
        save_price(made, by=me)


def test_the_same_day_again_replaces_what_was_planned(world: World, me: Actor) -> None:
    for rupees in (30, 31):
        set_price(world.milk, region=world.region, price=Money(rupees * 100, "INR"), valid_from=day(3), by=me)
    assert listed(world) == [(31, 3, None)]


def test_history_keeps_what_it_was(world: World, me: Actor) -> None:
    made = save_price(entry(world, 30, 0), by=me).entry
    save_price(entry(world, 32, 10), by=me)
    assert [row.valid_until for row in made.history.order_by("history_id")] == [None, day(9)]


def test_a_pack_that_is_unknown_has_no_price(world: World, me: Actor) -> None:
    unknown = entry(world, 30, 0)
    unknown.variant_id = 999_999
    with pytest.raises(Variant.DoesNotExist):
        save_price(unknown, by=me)


# -- the rule itself --------------------------------------------------------------------------------------------------

spans = st.tuples(st.integers(-20, 20), st.none() | st.integers(0, 10)).map(
    lambda pair: Span(day(pair[0]), None if pair[1] is None else day(pair[0] + pair[1]))
)


@settings(deadline=None)
@given(st.lists(spans, max_size=8))
def test_no_two_spans_ever_overlap_and_the_past_never_changes(wanted: list[Span]) -> None:
    """Whatever is asked for, in whatever order."""
    kept: dict[int, Span] = {}
    for number, span in enumerate(wanted):
        before = {past: holder(kept, past) for past in range(-25, 0) if holder(kept, past) is not None}
        room = room_for(span, kept, today=TODAY)
        if room.clash is not None:
            assert kept[room.clash].overlaps(span)
            continue
        if room.yields is not None:
            old = kept[room.yields]
            kept[room.yields] = Span(old.first, room.ends_on)
            if room.resumes_on is not None:
                kept[number + 100] = Span(room.resumes_on)
        kept[number] = span
        assert {past: holder(kept, past) for past in before} == before
    rows = list(kept.values())
    assert not any(one.overlaps(two) for place, one in enumerate(rows) for two in rows[:place])
    assert all(span.last is None or span.last >= span.first for span in rows)


def holder(kept: dict[int, Span], number: int) -> int | None:
    return next((key for key, span in kept.items() if span.covers(day(number))), None)


# -- taxes ------------------------------------------------------------------------------------------------------------


def tax(world: World, points: int, first: date, last: date | None = None) -> TaxRate:
    return TaxRate(region=world.region, hsn_code="04", basis_points=points, valid_from=first, valid_until=last)


def test_a_tax_rate_follows_another(world: World, me: Actor) -> None:
    saved = save_tax_rate(tax(world, 1200, day(30)), by=me)
    assert saved.ended is not None
    assert saved.ended.valid_until == day(29)
    with pytest.raises(TaxRateOverlap, match=r"5 % from 1 Jul 2017 to 13 Feb 2026") as refusal:
        save_tax_rate(tax(world, 500, day(20), day(40)), by=me)
    assert refusal.value.field == "valid_from"
    saved = save_tax_rate(tax(world, 0, day(40), day(49)), by=me)
    assert saved.resumed is not None
    assert saved.resumed.valid_from == day(50)
    rates = TaxRate.objects.filter(hsn_code="04").order_by("valid_from").values_list("basis_points", flat=True)
    assert list(rates) == [500, 1200, 0, 1200]


def test_past_days_keep_their_tax(world: World, me: Actor) -> None:
    rate = TaxRate.objects.get(hsn_code="04")
    rate.basis_points = 1800
    with pytest.raises(TaxRateInForce):
        save_tax_rate(rate, by=me)
    with pytest.raises(TaxRateOverlap, match="can start on"):
        save_tax_rate(tax(world, 1200, day(-1)), by=me)
    rate.refresh_from_db()
    rate.valid_until = day(60)
    save_tax_rate(rate, by=me)


def test_what_has_been_in_force_since_midnight_can_only_be_ended(world: World, me: Actor, held: PriceListEntry) -> None:
    todays = save_price(entry(world, 31, 0), by=me).entry
    with pytest.raises(PriceInForce, match="End it instead"):
        remove_price(todays.pk, by=me)
    todays.valid_from = day(5)
    with pytest.raises(PriceInForce, match="its start stays") as refusal:
        save_price(todays, by=me)
    assert refusal.value.field == "valid_from"
    todays.refresh_from_db()
    todays.valid_until = day(0)
    save_price(todays, by=me)
    assert listed(world) == [(30, -10, -1), (31, 0, 0)]
