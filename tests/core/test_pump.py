"""Carrying events to subscribers: order, failures, dead letters and what staff do about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from milkdelivery.core import clock
from milkdelivery.core.errors import InvalidInput
from milkdelivery.core.eventlog import Envelope
from milkdelivery.core.eventlog import actions as eventlog
from milkdelivery.core.eventlog.chunks import deliver_chunk
from milkdelivery.core.eventlog.pump import drain, pump_once
from milkdelivery.core.eventlog.queries import backlog
from milkdelivery.core.eventlog.registry import registry
from milkdelivery.core.models import Event, EventDelivery, Holiday
from milkdelivery.core.tasks import clean_event_deliveries
from tests.core.samples import ACTOR, BottleFilled, effects, fill, subscribed, write_effect

pytestmark = pytest.mark.django_db

Status = EventDelivery.Status


class Poisoned(Exception):
    """What a broken handler raises."""


@pytest.fixture
def writer() -> Iterator[None]:
    with subscribed("tests.writer", write_effect):
        yield


def poisoned_by(*bottles: int) -> Callable[[Envelope[BottleFilled]], None]:
    """A handler that writes its effect and then fails for some bottles."""

    def handler(envelope: Envelope[BottleFilled]) -> None:
        write_effect(envelope)
        if envelope.event.bottle_id in bottles:
            raise Poisoned(f"bottle {envelope.event.bottle_id}")

    return handler


def deliveries(subscriber: str = "tests.poisoned") -> dict[int, str]:
    """Status by bottle."""
    rows = EventDelivery.objects.filter(subscriber=subscriber).select_related("event")
    return {row.event.data["bottle_id"]: row.status for row in rows}


def test_each_subscriber_handles_each_event_once(writer: None) -> None:
    with subscribed("tests.other", write_effect):
        fill(1, 2)
        assert drain() == 4
        assert drain() == 0
    assert sorted(effects()) == [(1, 0), (1, 0), (2, 0), (2, 0)]


def test_receipt_says_when_and_how_often(writer: None) -> None:
    fill(1)
    drain()
    delivery = EventDelivery.objects.get()
    assert (delivery.status, delivery.attempts, delivery.last_error) == (Status.DONE, 1, "")
    assert delivery.done_at is not None


def test_order_of_a_subject_holds_across_chunks(writer: None) -> None:
    fill(*[(bottle, step) for step in range(40) for bottle in (1, 2, 3)])
    drain()
    seen = effects()
    assert len(seen) == 120
    for bottle in (1, 2, 3):
        assert [step for number, step in seen if number == bottle] == list(range(40))


def test_failing_handler_leaves_no_effect_and_backs_off() -> None:
    with subscribed("tests.poisoned", poisoned_by(1)):
        fill(1)
        assert pump_once() == 1
        assert pump_once() == 0
    delivery = EventDelivery.objects.get()
    assert effects() == []
    assert (delivery.status, delivery.attempts) == (Status.PENDING, 1)
    assert "Poisoned: bottle 1" in delivery.last_error
    assert timedelta(seconds=3) < delivery.next_attempt_at - clock.real_now() < timedelta(seconds=6)


def test_back_off_doubles_up_to_an_hour() -> None:
    waits = []
    with subscribed("tests.poisoned", poisoned_by(1)):
        fill(1)
        for _ in range(3):
            pump_once(ignore_backoff=True)
            waits.append((EventDelivery.objects.get().next_attempt_at - clock.real_now()).total_seconds())
        assert waits == pytest.approx([5, 10, 20], abs=1)


def test_back_off_never_exceeds_an_hour(settings: object) -> None:
    settings.EVENT_MAX_ATTEMPTS = 1_000  # type: ignore[attr-defined]
    with subscribed("tests.poisoned", poisoned_by(1)):
        fill(1)
        EventDelivery.objects.update(attempts=200)
        pump_once()
    wait = EventDelivery.objects.get().next_attempt_at - clock.real_now()
    assert wait == pytest.approx(timedelta(hours=1), abs=timedelta(seconds=2))


def test_poisoned_event_blocks_only_its_subject_for_that_subscriber(writer: None) -> None:
    with subscribed("tests.poisoned", poisoned_by(2)):
        fill(1, 2, 3)
        fill((2, 1))
        drain(ignore_backoff=True)
    rows = EventDelivery.objects.filter(subscriber="tests.poisoned").order_by("event_id")
    assert [(row.subject, row.status) for row in rows] == [
        ("bottle:1", Status.DONE),
        ("bottle:2", Status.DEAD),
        ("bottle:3", Status.DONE),
        ("bottle:2", Status.PENDING),
    ]
    assert rows[1].attempts == 8
    assert rows[3].attempts == 0
    assert set(deliveries("tests.writer").values()) == {Status.DONE}


def test_retried_dead_letter_is_delivered_before_what_waited() -> None:
    with subscribed("tests.poisoned", poisoned_by(2)):
        fill(2, (2, 1))
        drain(ignore_backoff=True)
    with subscribed("tests.poisoned", write_effect):
        assert drain(ignore_backoff=True) == 0
        delivery = eventlog.retry_delivery(EventDelivery.objects.dead().get().pk, by=ACTOR)
        assert drain() == 2
    assert effects() == [(2, 0), (2, 1)]
    told = Event.objects.get(name="event_delivery.retried")
    assert told.data == {
        "event_delivery_id": delivery.pk,
        "event_id": delivery.event_id,
        "subscriber": "tests.poisoned",
    }


def test_discarded_dead_letter_lets_the_rest_pass() -> None:
    with subscribed("tests.poisoned", poisoned_by(2)):
        fill(2, (2, 1))
        drain(ignore_backoff=True)
    with subscribed("tests.poisoned", write_effect):
        eventlog.discard_delivery(EventDelivery.objects.dead().get().pk, by=ACTOR, reason="double entry")
        assert drain() == 1
    assert effects() == [(2, 1)]
    assert Event.objects.get(name="event_delivery.discarded").data["reason"] == "double entry"
    assert not EventDelivery.objects.troubled().exists()


def test_discarding_needs_a_reason() -> None:
    with subscribed("tests.poisoned", print):
        fill(1)
    delivery = EventDelivery.objects.get()
    with pytest.raises(InvalidInput):
        eventlog.discard_delivery(delivery.pk, by=ACTOR, reason="  ")
    delivery.refresh_from_db()
    assert delivery.status == Status.PENDING


def test_settled_delivery_is_left_alone(writer: None) -> None:
    fill(1)
    drain()
    delivery = EventDelivery.objects.get()
    with pytest.raises(eventlog.DeliverySettled):
        eventlog.retry_delivery(delivery.pk, by=ACTOR)
    with pytest.raises(eventlog.DeliverySettled):
        eventlog.discard_delivery(delivery.pk, by=ACTOR, reason="too late")
    assert Event.objects.filter(name__startswith="event_delivery").count() == 0


def test_failed_handler_does_not_undo_its_neighbours() -> None:
    with subscribed("tests.poisoned", poisoned_by(2)):
        fill(1, 2, 3)
        assert deliver_chunk(registry["tests.poisoned"]) == 3
    assert effects() == [(1, 0), (3, 0)]


def test_database_error_in_a_handler_is_its_own_failure() -> None:
    def handler(envelope: Envelope[BottleFilled]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / %s", [envelope.event.bottle_id])

    with subscribed("tests.poisoned", handler):
        fill(0, 1)
        drain()
    assert deliveries() == {0: Status.PENDING, 1: Status.DONE}


def test_foreign_key_checked_at_commit_is_blamed_on_its_event() -> None:
    def handler(envelope: Envelope[BottleFilled]) -> None:
        if envelope.event.bottle_id == 1:
            Holiday.objects.create(region_id=999_999, date="2026-01-01", name="nowhere")

    with subscribed("tests.poisoned", handler):
        fill(1, 2)
        drain()
    assert deliveries() == {1: Status.PENDING, 2: Status.DONE}
    assert IntegrityError.__name__ in EventDelivery.objects.troubled().get().last_error


def test_batch_handler_gets_many_events_in_one_call() -> None:
    calls: list[list[int]] = []
    with subscribed("tests.batch", lambda batch: calls.append([e.event.bottle_id for e in batch]), batch=True):
        fill(*range(2_500))
        assert drain() == 2_500
    assert [len(call) for call in calls] == [1_000, 1_000, 500]
    assert [number for call in calls for number in call] == list(range(2_500))


def test_failed_batch_is_tried_one_at_a_time() -> None:
    def handler(batch: list[Envelope[BottleFilled]]) -> None:
        for envelope in batch:
            poisoned_by(2)(envelope)

    with subscribed("tests.poisoned", handler, batch=True):
        fill(1, 2, (2, 1), 3)
        drain()
    assert effects() == [(1, 0), (3, 0)]
    assert EventDelivery.objects.get(status=Status.PENDING, attempts=1).event.data["step"] == 0
    assert EventDelivery.objects.get(status=Status.PENDING, attempts=0).event.data["step"] == 1


def test_batch_chunk_does_not_depend_on_the_number_of_events_for_its_queries() -> None:
    counts = []
    with subscribed("tests.batch", lambda batch: None, batch=True):
        for size in (10, 500):
            fill(*range(size))
            with CaptureQueriesContext(connection) as queries:
                deliver_chunk(registry["tests.batch"])
            counts.append(len(queries))
    assert counts[0] == counts[1]


def test_long_queue_of_one_subject_fills_its_chunks(writer: None) -> None:
    fill(*[(1, step) for step in range(500)])
    assert deliver_chunk(registry["tests.writer"]) == 50
    assert effects() == [(1, step) for step in range(50)]


def test_free_subjects_are_found_behind_a_long_blocked_one() -> None:
    with subscribed("tests.poisoned", poisoned_by(1)):
        fill(*[(1, step) for step in range(500)], 2)
        drain(ignore_backoff=True)
    assert effects() == [(2, 0)]


def test_small_limit_is_respected(writer: None) -> None:
    fill(1, 2, 3)
    assert pump_once(limit=2) == 2
    assert effects() == [(1, 0), (2, 0)]


def test_events_of_handlers_are_delivered_too() -> None:
    def echo(envelope: Envelope[BottleFilled]) -> None:
        if envelope.event.step < 3:
            fill((envelope.event.bottle_id, envelope.event.step + 1))

    with subscribed("tests.echo", echo):
        fill(1)
        assert drain() == 4


def test_endless_events_are_noticed() -> None:
    with subscribed("tests.echo", lambda envelope: fill(envelope.event.bottle_id)):
        fill(1)
        with pytest.raises(RuntimeError, match="still due"):
            drain(max_rounds=5)


def test_event_without_handler_becomes_a_dead_letter_not_a_loss() -> None:
    with subscribed("tests.poisoned", print):
        fill(1)
    with subscribed("tests.poisoned", print):
        registry["tests.poisoned"].handlers.clear()
        drain(ignore_backoff=True)
    assert "no longer has a handler" in EventDelivery.objects.dead().get().last_error


def test_backlog_counts_what_waits() -> None:
    assert backlog().oldest_at is None
    with subscribed("tests.poisoned", poisoned_by(1)):
        fill(1)
        drain(ignore_backoff=True)
        fill(2)
    state = backlog()
    assert (state.pending, state.dead) == (1, 1)
    assert state.oldest_at is not None


def test_old_receipts_are_forgotten_and_events_stay(writer: None, settings: object) -> None:
    fill(1, 2, 3)
    pump_once(limit=2)
    old = clock.real_now() - timedelta(days=31)
    EventDelivery.objects.filter(event__data__bottle_id=1).update(done_at=old)
    assert clean_event_deliveries() == 1
    assert clean_event_deliveries() == 0
    assert deliveries("tests.writer") == {2: Status.DONE, 3: Status.PENDING}
    assert Event.objects.filter(name="bottle.filled").count() == 3
