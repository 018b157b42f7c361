"""Writing events: what a row holds, and that it lives and dies with the change it tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, RequestFacts, Role
from milkdelivery.core.eventlog import DomainEvent, Envelope, emit, emit_many, subscribe
from milkdelivery.core.eventlog.events import UnknownEvent, event_class
from milkdelivery.core.eventlog.registry import registry
from milkdelivery.core.models import Event, EventDelivery, EventOrigin
from milkdelivery.core.money import Money
from milkdelivery.core.outside import ensure_outside_transaction
from tests.core.samples import ACTOR, BottleFilled, BottleSold, Fat, fill, subscribed

pytestmark = pytest.mark.django_db

SOLD = BottleSold(
    7,
    price=Money(5250, "INR"),
    fat=Fat.FULL,
    sold_at=datetime(2026, 1, 31, 16, 25, tzinfo=UTC),
    drink_by=date(2026, 2, 2),
    crates=(3, 4),
    note="ठंडा 🥛",
)
CUSTOMER = Actor.user(12, Role.CUSTOMER, RequestFacts("req-1", ip="203.0.113.9", device_id="d-1", user_agent="Firefox"))


def emit_now(event: DomainEvent, actor: Actor = ACTOR) -> Event:
    with transaction.atomic():
        emit(event, actor=actor)
    return Event.objects.latest("id")


def test_event_survives_the_database_unchanged() -> None:
    row = emit_now(SOLD)
    assert event_class(row.name).from_data(row.data) == SOLD


def test_first_field_names_the_subject() -> None:
    assert SOLD.subject == "bottle:7"
    assert emit_now(SOLD).subject == "bottle:7"


def test_row_says_who_and_when() -> None:
    with clock.override(datetime(2030, 1, 1, tzinfo=UTC)):
        row = emit_now(SOLD, CUSTOMER)
    assert row.actor == Actor.user(12, Role.CUSTOMER)
    assert row.occurred_at == datetime(2030, 1, 1, tzinfo=UTC)
    assert row.recorded_at.year < 2030
    assert row.request_id == "req-1"


def test_personal_facts_stand_beside_the_event_once_per_request() -> None:
    first, second = emit_now(SOLD, CUSTOMER), emit_now(SOLD, CUSTOMER)
    assert first.origin_id == second.origin_id
    origin = EventOrigin.objects.get()
    assert (origin.ip, origin.device_id, origin.user_agent) == ("203.0.113.9", "d-1", "Firefox")
    assert "203.0.113.9" not in str(first.data)


def test_system_events_have_no_origin() -> None:
    row = emit_now(SOLD)
    assert (row.actor_kind, row.actor_name, row.origin_id, row.role) == ("system", "tests", None, "")
    assert not EventOrigin.objects.exists()


def test_emit_refuses_outside_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="atomic"):
        emit(SOLD, actor=ACTOR)
    with pytest.raises(RuntimeError, match="atomic"):
        emit_many([SOLD], actor=ACTOR)


def test_event_vanishes_with_its_change() -> None:
    with transaction.atomic():
        emit(SOLD, actor=ACTOR)
        transaction.set_rollback(True)
    assert not Event.objects.exists()


def test_emit_is_one_statement_with_origin_and_receipts() -> None:
    captured = CaptureQueriesContext(connection)
    with subscribed("tests.one", print), subscribed("tests.two", print), transaction.atomic(), captured:
        emit(BottleFilled(1), actor=CUSTOMER)
    assert len(captured) == 1
    assert set(EventDelivery.objects.values_list("subscriber", "subject", "status")) == {
        ("tests.one", "bottle:1", "PENDING"),
        ("tests.two", "bottle:1", "PENDING"),
    }


def test_events_nobody_hears_leave_no_receipt() -> None:
    emit_now(SOLD)
    assert not EventDelivery.objects.exists()


def test_many_events_keep_their_order() -> None:
    with transaction.atomic():
        emit_many((BottleFilled(number) for number in range(4_500)), actor=ACTOR)
    stored = Event.objects.order_by("id").values_list("data__bottle_id", flat=True)
    assert list(stored) == list(range(4_500))


def test_many_events_of_different_names_reach_their_own_subscribers() -> None:
    with subscribed("tests.sold", print, BottleSold), transaction.atomic():
        emit_many([BottleFilled(1), SOLD, BottleFilled(2)], actor=ACTOR)
    assert [delivery.event.name for delivery in EventDelivery.objects.all()] == ["bottle.sold"]


@pytest.mark.parametrize("statement", ["UPDATE core_event SET name = 'x'", "DELETE FROM core_event"])
def test_log_is_append_only(statement: str) -> None:
    emit_now(SOLD)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_origin_can_be_erased() -> None:
    row = emit_now(SOLD, CUSTOMER)
    EventOrigin.objects.update(ip=None, device_id=None, user_agent="", place="")
    row.refresh_from_db()
    assert row.origin is not None
    assert row.origin.ip is None


def test_stored_rows_outlive_changes_of_the_class() -> None:
    assert BottleFilled.from_data({"bottle_id": 5, "colour": "blue"}) == BottleFilled(5)


def test_event_refuses_what_is_not_a_plain_fact() -> None:
    with transaction.atomic(), pytest.raises(TypeError, match="float"):
        emit(BottleFilled(1, step=0.5), actor=ACTOR)  # type: ignore[arg-type]


def test_two_events_can_not_share_a_name() -> None:
    with pytest.raises(TypeError, match=r"bottle\.filled"):

        @dataclass(frozen=True)
        class BottleFilledAgain(DomainEvent):
            name = "bottle.filled"
            bottle_id: int


def test_unknown_names_are_told() -> None:
    with pytest.raises(UnknownEvent):
        event_class("bottle.never_heard_of")


def test_subscriber_has_one_handler_for_an_event() -> None:
    with subscribed("tests.one", print), pytest.raises(ValueError, match="already has a handler"):
        subscribe("tests.one", BottleFilled)(repr)


def test_subscriber_is_either_batch_or_not() -> None:
    with subscribed("tests.one", print), pytest.raises(ValueError, match="in batches"):
        subscribe("tests.one", BottleSold, batch=True)(repr)


def test_forgotten_subscriber_hears_nothing() -> None:
    with subscribed("tests.one", print):
        pass
    fill(1)
    assert not EventDelivery.objects.exists()
    assert "tests.one" not in registry.names()


def test_handlers_get_the_event_with_its_envelope(drain: object) -> None:
    heard: list[Envelope[BottleSold]] = []
    with subscribed("tests.sold", heard.append, BottleSold), clock.override(datetime(2030, 1, 1, tzinfo=UTC)):
        row = emit_now(SOLD, CUSTOMER)
        assert drain() == 1  # type: ignore[operator]
    [envelope] = heard
    assert envelope == Envelope(row.pk, SOLD, Actor.user(12, Role.CUSTOMER), row.occurred_at, "req-1")


def test_work_outside_is_refused_inside_a_transaction() -> None:
    ensure_outside_transaction("sending mail")
    with transaction.atomic(), pytest.raises(RuntimeError, match="sending mail"):
        ensure_outside_transaction("sending mail")
