"""Rounds on paper: order of doors, shares, the cheapest place, and times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from deliveries.rules.planning import (
    Door,
    Seat,
    arrivals,
    cheapest_place,
    crates_for,
    door_of,
    in_driving_order,
    share_out,
)
from deliveries.rules.roads import Position, Travel, beeline, length

HUB = Position(Decimal("12.93500"), Decimal("77.62400"))
VAN = Travel(kilometres_per_hour=20, detour_percent=130, service=timedelta(seconds=75))
SIX = datetime(2026, 1, 31, 0, 0, tzinfo=UTC)


def at(north: int, east: int) -> Position:
    """So many steps of a hundredth of a degree from the hub, a bit more than a kilometre each."""
    return Position(HUB.latitude + Decimal(north) / 100, HUB.longitude + Decimal(east) / 100)


places = st.builds(at, st.integers(-20, 20), st.integers(-20, 20))
maybe_places = st.none() | places
doors = st.lists(st.tuples(maybe_places, st.integers(1, 40)), max_size=25).map(
    lambda found: [Door(f"door {n:02}", place, packs) for n, (place, packs) in enumerate(found)]
)


def test_a_degree_of_latitude_is_a_hundred_and_eleven_kilometres() -> None:
    assert abs(beeline(HUB, Position(HUB.latitude + 1, HUB.longitude)) - 111_195) < 10
    assert beeline(HUB, HUB) == 0
    assert abs(beeline(Position(Decimal(0), Decimal(0)), Position(Decimal(0), Decimal(180))) - 20_015_087) < 10


def test_from_the_hub_to_the_nearest_and_on() -> None:
    far, near, middle = Door("far", at(0, 6)), Door("near", at(0, 1)), Door("middle", at(0, 3))
    lost = Door("lost", None)
    order = in_driving_order(HUB, [lost, far, near, middle])
    assert [door.key for door in order] == ["near", "middle", "far", "lost"]


def test_neighbours_ride_together() -> None:
    west = [Door(f"west {n}", at(n, -9), 10) for n in range(4)]
    east = [Door(f"east {n}", at(n, 9), 10) for n in range(4)]
    shares = share_out(HUB, [door for pair in zip(west, east, strict=True) for door in pair], [Seat(1), Seat(2)])
    assert {frozenset(door.key for door in share) for share in shares.values()} == {
        frozenset(door.key for door in west),
        frozenset(door.key for door in east),
    }


def test_a_van_is_not_overloaded_while_another_has_room() -> None:
    doors = [Door(f"{n}", at(n, 1), 10) for n in range(10)]
    shares = share_out(HUB, doors, [Seat(1, packs=30), Seat(2, packs=100)])
    assert [len(shares[1]), len(shares[2])] == [3, 7]


def test_what_fits_nowhere_is_brought_all_the_same() -> None:
    doors = [Door(f"{n}", at(n, 1), 10) for n in range(10)]
    shares = share_out(HUB, doors, [Seat(1, packs=30), Seat(2, packs=30)])
    assert sorted(door.key for share in shares.values() for door in share) == sorted(door.key for door in doors)
    assert [len(shares[1]), len(shares[2])] == [5, 5]


@given(doors, st.integers(1, 4))
def test_every_door_is_brought_once(found: list[Door], drivers: int) -> None:
    shares = share_out(HUB, found, [Seat(number) for number in range(1, drivers + 1)])
    assert sorted(door.key for share in shares.values() for door in share) == sorted(door.key for door in found)
    for share in shares.values():
        assert sorted(in_driving_order(HUB, share), key=lambda door: door.key) == sorted(
            share, key=lambda door: door.key
        )


@given(doors, st.randoms(use_true_random=False))
def test_the_same_doors_give_the_same_rounds(found: list[Door], chance: object) -> None:
    mixed = list(found)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    seats = [Seat(1), Seat(2)]
    assert share_out(HUB, mixed, seats) == share_out(HUB, found, seats)
    assert in_driving_order(HUB, mixed) == in_driving_order(HUB, found)


@given(st.lists(maybe_places, max_size=6), places)
def test_no_other_place_is_cheaper(stops: list[Position | None], new: Position) -> None:
    best = cheapest_place(HUB, stops, new, VAN)
    lengths = [length(HUB, [*stops[:index], new, *stops[index:]], VAN) for index in range(len(stops) + 1)]
    assert lengths[best.index] - min(lengths) <= 2, "but for what is rounded to metres"


def test_a_door_that_nobody_can_place_comes_last() -> None:
    assert cheapest_place(HUB, [at(1, 1), None], None, VAN).index == 2


def test_the_first_door_is_reached_as_the_slot_begins() -> None:
    stops = [at(0, 1), at(0, 2)]
    reached, metres, whole = arrivals(HUB, stops, VAN, first_at=SIX)
    leg = VAN.metres(stops[0], stops[1])
    assert reached == [SIX, SIX + VAN.service + VAN.time(leg)]
    assert metres == length(HUB, stops, VAN)
    assert whole == VAN.time(metres) + 2 * VAN.service
    assert arrivals(HUB, [], VAN, first_at=SIX) == ([], 0, timedelta(0))


def test_one_door_whoever_lives_there() -> None:
    address = {"name": "Asha", "tower": "B", "flat": " 1204 ", "line1": "80  Feet Road", "pincode": "560034"}
    assert door_of(address) == door_of({**address, "name": "Ravi", "flat": "1204", "phone": "+91"})
    assert door_of(address) != door_of({**address, "flat": "1205"})
    assert door_of({}) == ""


def test_a_crate_more_for_the_rest() -> None:
    assert [crates_for(packs, packs_per_crate=20) for packs in (0, 1, 20, 21)] == [0, 1, 1, 2]


def test_nearest_neighbour_is_not_far_from_the_best() -> None:
    stops = [Door(str(n), place) for n, place in enumerate([at(1, 1), at(2, -1), at(0, 3), at(3, 2), at(-2, 1)])]
    found = length(HUB, [door.position for door in in_driving_order(HUB, stops)], VAN)
    best = min(length(HUB, [door.position for door in order], VAN) for order in permutations(stops))
    assert found <= best * 125 // 100
