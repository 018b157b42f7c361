"""What speaks against an order: the rules alone, without a database."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from milkdelivery.core.money import Money
from milkdelivery.settings import environment
from orders.rules.doors import door_key
from orders.rules.fraud import SCORES, Finding, FraudFacts, Limits, Rule, read_findings, screen

LIMITS = Limits(
    threshold=100,
    new_for=timedelta(days=14),
    amounts={"INR": Money(500_000, "INR")},
    declined_payments=5,
    orders_per_hour=10,
)


def facts(**changes: Any) -> FraudFacts:
    """A first small order of somebody new."""
    usual: dict[str, Any] = {
        "total": Money(7_600, "INR"),
        "account_age": timedelta(0),
        "delivered_orders": 0,
        "declined_payments": 0,
        "orders_of_person": 1,
        "orders_of_device": 1,
        "orders_of_network": 1,
    }
    return FraudFacts(**{**usual, **changes})


def found(**changes: Any) -> list[str]:
    return [finding.rule for finding in screen(facts(**changes), LIMITS).findings]


def test_nothing_speaks_against_a_first_small_order() -> None:
    screening = screen(facts(), LIMITS)
    assert (screening.findings, screening.score, screening.is_suspect) == ((), 0, False)


@pytest.mark.parametrize(
    ("changes", "suspect"),
    [
        ({"total": Money(500_000, "INR")}, True),
        ({"total": Money(499_999, "INR")}, False),
        ({"total": Money(900_000, "INR"), "delivered_orders": 1}, False),
        ({"total": Money(900_000, "INR"), "account_age": timedelta(days=14)}, False),
        ({"total": Money(900_000, "INR"), "account_age": timedelta(days=13, hours=23)}, True),
        ({"total": Money(900_000, "USD")}, False),
        ({"declined_payments": 5}, True),
        ({"declined_payments": 4}, False),
        ({"orders_of_person": 10}, False),
        ({"orders_of_person": 10, "orders_of_device": 10}, True),
        ({"orders_of_network": 50, "orders_of_device": 10}, False),
        ({"orders_of_door": 10}, False),
        ({"orders_of_door": 10, "orders_of_person": 10}, True),
        ({"people_of_offer": 3}, True),
        ({"people_of_offer": 2}, False),
        ({"is_new_device": True, "place": "US", "home": "IN"}, False),
        ({"is_new_device": True, "place": "US", "home": "IN", "orders_of_door": 10}, True),
        ({"orders_of_network": 50, "orders_of_device": 10, "orders_of_person": 10}, True),
    ],
)
def test_what_makes_an_order_suspect(changes: dict[str, Any], suspect: bool) -> None:
    assert screen(facts(**changes), LIMITS).is_suspect is suspect


def test_each_rule_is_named_with_its_score() -> None:
    everything = {
        "total": Money(500_000, "INR"),
        "declined_payments": 9,
        "orders_of_person": 11,
        "orders_of_device": 12,
        "orders_of_network": 50,
        "orders_of_door": 10,
        "people_of_offer": 3,
        "is_new_device": True,
        "place": "US",
        "home": "IN",
    }
    assert found(**everything) == list(Rule)
    assert screen(facts(**everything), LIMITS).score == sum(SCORES.values())


@pytest.mark.parametrize(
    "known",
    [
        {"is_new_device": True, "place": "", "home": "IN"},
        {"is_new_device": True, "place": "IN", "home": "IN"},
        {"is_new_device": True, "place": "US", "home": ""},
        {"is_new_device": False, "place": "US", "home": "IN"},
    ],
)
def test_a_far_device_is_spoken_of_only_where_somebody_knows_where_it_is(known: dict[str, Any]) -> None:
    assert found(**known) == []


def test_the_same_door_however_it_is_written() -> None:
    door = {"flat": "12-B", "tower": "", "society": "Green Acres", "line1": "80 Feet Road"}
    key = door_key(door, pincode="560 034")
    assert key == door_key({"flat": "12 b", "society": "GREEN ACRES", "line1": "80 ft rd"}, pincode="560034")
    assert key != door_key({**door, "flat": "12-C"}, pincode="560034")
    assert key != door_key(door, pincode="560035")
    assert door_key({**door, "flat": " - "}, pincode="560034") == "", "a house of many doors is no door"
    assert door_key({"flat": "12"}, pincode="560034") == ""


def test_findings_are_kept_and_read_back_in_words() -> None:
    screening = screen(facts(total=Money(612_000, "INR"), declined_payments=6), LIMITS)
    kept = [finding.to_json() for finding in screening.findings]
    read = read_findings(kept)
    assert [finding.words for finding in read] == [
        "New customer, and ₹6,120.00 is a lot (from ₹5,000.00)",
        "6 declined payments in a day",
    ]
    assert sum(finding.score for finding in read) == screening.score


def test_a_rule_of_another_release_is_still_told() -> None:
    assert Finding("FROM_THE_MOON", 10, {}).words == "FROM_THE_MOON"


def test_amounts_are_read_by_currency(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMOUNTS", "inr 4500.50, USD 120")
    assert environment.amounts("AMOUNTS") == {"INR": Decimal("4500.50"), "USD": Decimal(120)}
    monkeypatch.setenv("AMOUNTS", "5000 INR")
    with pytest.raises(ImproperlyConfigured, match="5000 INR"):
        environment.amounts("AMOUNTS")
