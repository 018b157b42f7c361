"""The steps that a household sees: what waits for whom, and where the money is."""

from __future__ import annotations

from datetime import date, datetime

from deliveries.rules import Facts, Step, timeline
from deliveries.rules.timeline import Try

PLACED = datetime.fromisoformat("2026-01-30T20:00+05:30")
LATER = datetime.fromisoformat("2026-01-30T20:05+05:30")


def shown(status: str, **facts: object) -> list[tuple[str, str]]:
    known = {"reached": {"CREATED": PLACED}, "payment_pending": False, "paid_at": None, "pays_at_door": False} | facts
    steps: list[Step] = timeline(status, Facts(**known))  # type: ignore[arg-type]
    return [(step.name, step.state) for step in steps]


def test_what_waits_for_the_household_is_the_current_step() -> None:
    assert shown("CREATED", payment_pending=True)[:3] == [
        ("PLACED", "done"),
        ("PAYMENT_PENDING", "current"),
        ("VENDOR_ASSIGNED", "todo"),
    ]


def test_money_that_is_set_aside_is_waited_for_by_nobody() -> None:
    steps = timeline(
        "CONFIRMED",
        Facts({"CREATED": PLACED, "CONFIRMED": LATER}, False, None, pays_at_door=True, from_wallet=True),
    )
    assert [(step.name, step.state) for step in steps[:2]] == [("PLACED", "done"), ("VENDOR_ASSIGNED", "current")]
    assert (steps[-1].name, steps[-1].label, steps[-1].state) == ("PAID", "Paid from the wallet", "todo")


def test_money_on_its_way_back_is_a_step_to_come_and_then_done() -> None:
    cancelled = {"CREATED": PLACED, "CANCELLED": LATER}
    assert shown("CANCELLED", reached=cancelled) == [("PLACED", "done"), ("CANCELLED", "failed")]
    waiting = shown("CANCELLED", reached=cancelled, goes_back=True)
    assert waiting == [("PLACED", "done"), ("CANCELLED", "failed"), ("REFUNDED", "todo")]
    back = shown("CANCELLED", reached=cancelled, goes_back=True, back_at=LATER)
    assert back[-1] == ("REFUNDED", "done")


def test_what_is_brought_again_is_still_to_come_at_the_door() -> None:
    tried = Try(LATER, "Nobody there", again_on=date(2026, 1, 31))
    earlier = {
        "CREATED": PLACED,
        "CONFIRMED": PLACED,
        "PACKED": PLACED,
        "OUT_FOR_DELIVERY": PLACED,
        "DELIVERED": PLACED,
    }
    assert shown("CONFIRMED", reached=earlier, pays_at_door=True, tries=(tried,))[2:] == [
        ("ATTEMPTED", "failed"),
        ("PREPARING", "todo"),
        ("OUT_FOR_DELIVERY", "todo"),
        ("DELIVERED", "todo"),
        ("PAID", "todo"),
    ]
