"""The pump with several connections, with processes that are killed, and with a hundred thousand events."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection, transaction

from milkdelivery.core.eventlog import Envelope, claims, emit_many
from milkdelivery.core.eventlog.chunks import deliver_chunk
from milkdelivery.core.eventlog.pump import drain, run_forever
from milkdelivery.core.eventlog.registry import registry
from milkdelivery.core.models import Event, EventDelivery
from tests.core.samples import ACTOR, BottleFilled, EffectSeen, effects, fill, subscribed, write_effect

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[2]
Status = EventDelivery.Status


def in_threads(*works: Callable[[], object]) -> list[BaseException]:
    """Run each work in a thread with its own connection; what they raised."""
    problems: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return problems


def wait_until(true: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    ("point", "effects_left"), [("after_the_write", 0), ("after_the_receipt", 0), ("after_the_commit", 1)]
)
def test_killed_pump_leaves_one_effect(point: str, effects_left: int) -> None:
    with subscribed("tests.killed", write_effect):
        fill(1)
        command = [sys.executable, "-m", "tests.concurrency.pump_process", connection.settings_dict["NAME"], point]
        process = subprocess.run(command, cwd=ROOT, timeout=60, check=False)
        assert process.returncode == -signal.SIGKILL
        assert len(effects()) == effects_left
        # The server drops a dead session's locks when it notices that the socket is closed.
        assert wait_until(lambda: drain() + effects_left == 1)
        assert drain() == 0
    assert effects() == [(1, 0)]
    assert EventDelivery.objects.get().status == Status.DONE


def test_event_that_kills_its_pump_every_time_ends_as_a_dead_letter() -> None:
    """The other events of its chunk die with it once, then pass; its subject waits behind it."""
    command = [
        sys.executable,
        "-m",
        "tests.concurrency.pump_process",
        connection.settings_dict["NAME"],
        "at_the_second_bottle",
    ]
    environment = os.environ | {"EVENT_MAX_ATTEMPTS": "3"}
    with subscribed("tests.killed", write_effect):
        fill((1, 0), (2, 0), (3, 0), (2, 1))
        ends: list[int] = []
        while not ends or ends[-1] != 0:
            assert wait_until(_is_alone)
            ends.append(subprocess.run(command, cwd=ROOT, env=environment, timeout=60, check=False).returncode)
            assert len(ends) < 10
    assert ends == [-signal.SIGKILL] * 3 + [0]
    assert sorted(effects()) == [(1, 0), (3, 0)]
    rows = EventDelivery.objects.filter(subscriber="tests.killed").order_by("event_id")
    assert [(row.subject, row.status, row.attempts) for row in rows] == [
        ("bottle:1", Status.DONE, 2),
        ("bottle:2", Status.DEAD, 3),
        ("bottle:3", Status.DONE, 2),
        ("bottle:2", Status.PENDING, 1),
    ]
    assert "ended without a word" in rows[1].last_error


def _is_alone() -> bool:
    """No session of a killed process holds locks any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return bool(cursor.fetchone()[0] == 0)


def test_two_pumps_take_each_event_once_and_keep_the_order_of_subjects() -> None:
    seen: dict[int, list[int]] = defaultdict(list)
    by_thread: set[int] = set()
    both_at_work = threading.Barrier(2, timeout=30)

    def handler(envelope: Envelope[BottleFilled]) -> None:
        if len(by_thread) < 2 and threading.get_ident() not in by_thread:
            by_thread.add(threading.get_ident())
            both_at_work.wait()
        seen[envelope.event.bottle_id].append(envelope.event.step)

    with subscribed("tests.two_pumps", handler, chunk=7):
        fill(*[(bottle, step) for step in range(30) for bottle in range(20)])
        assert in_threads(drain, drain) == []
        # Where both counted an attempt of a subject at once, each passed it over, and it rests for a moment.
        drain(ignore_backoff=True)
    assert len(by_thread) == 2
    assert dict(seen) == {bottle: list(range(30)) for bottle in range(20)}


def test_without_the_lease_two_pumps_work_on_the_same_event() -> None:
    """The race that the lock on a subject's head prevents; the receipt still lets one effect through only."""
    together = threading.Barrier(2, timeout=10)
    attempts: list[int] = []

    def handler(envelope: Envelope[BottleFilled]) -> None:
        attempts.append(envelope.id)
        together.wait()
        write_effect(envelope)

    with subscribed("tests.unlocked", handler), pytest.MonkeyPatch.context() as patch:
        for name in ("_LEASE", "_LEASE_AGAIN"):
            unlocked = re.sub(r"FOR UPDATE .*", "", getattr(claims, name))
            patch.setattr(f"milkdelivery.core.eventlog.claims.{name}", unlocked)
        fill(1)
        subscriber = registry["tests.unlocked"]
        assert in_threads(lambda: deliver_chunk(subscriber), lambda: deliver_chunk(subscriber)) == []
    assert len(attempts) == 2
    assert effects() == [(1, 0)]


def test_leased_subject_is_left_alone_and_others_are_taken() -> None:
    started, go_on = threading.Event(), threading.Event()

    def handler(envelope: Envelope[BottleFilled]) -> None:
        if envelope.event.bottle_id == 1:
            started.set()
            go_on.wait(10)
        write_effect(envelope)

    with subscribed("tests.slow", handler, chunk=1):
        fill((1, 0), (1, 1), (2, 0))
        slow = threading.Thread(target=in_threads, args=[drain])
        slow.start()
        assert started.wait(10)
        assert drain() == 1
        assert effects() == [(2, 0)]
        go_on.set()
        slow.join(10)
        drain()
    assert effects() == [(2, 0), (1, 0), (1, 1)]


def test_running_pump_is_woken_by_a_commit() -> None:
    stop = threading.Event()
    with subscribed("tests.awake", write_effect):
        pump = threading.Thread(target=in_threads, args=[lambda: run_forever(stop)])
        pump.start()
        try:
            assert wait_until(_is_listening)
            started = time.monotonic()
            fill(1)
            assert wait_until(lambda: effects() == [(1, 0)])
            assert time.monotonic() - started < 2  # much sooner than the poll
        finally:
            stop.set()
            pump.join(10)
    assert not pump.is_alive()


def test_running_pump_survives_losing_the_database() -> None:
    stop = threading.Event()
    with subscribed("tests.survivor", write_effect):
        pump = threading.Thread(target=in_threads, args=[lambda: run_forever(stop)])
        pump.start()
        try:
            assert wait_until(_is_listening)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            fill(1)
            assert wait_until(lambda: effects() == [(1, 0)])
        finally:
            stop.set()
            pump.join(10)
    assert not pump.is_alive()


def _is_listening() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%%'"
        )
        return bool(cursor.fetchone()[0])


def drain_many(count: int, *, subjects: int, batch: bool) -> float:
    """Emit and drain `count` events with one effect each; how many seconds the draining took."""

    def each(envelope: Envelope[BottleFilled]) -> None:
        write_effect(envelope)

    def together(batch: list[Envelope[BottleFilled]]) -> None:
        emit_many((EffectSeen(e.event.bottle_id, e.event.step) for e in batch), actor=ACTOR)

    with subscribed("tests.many", together if batch else each, batch=batch):
        with transaction.atomic():
            emit_many((BottleFilled(n % subjects, n // subjects) for n in range(count)), actor=ACTOR)
        started = time.monotonic()
        assert drain() == count
        took = time.monotonic() - started
    assert Event.objects.filter(name="effect.seen").count() == count
    assert EventDelivery.objects.filter(status=Status.DONE).count() == count
    return took


@pytest.mark.parametrize("batch", [False, True])
def test_backlog_of_thousands_is_drained(batch: bool) -> None:
    assert drain_many(3_000, subjects=1_000, batch=batch) < 60


@pytest.mark.slow
@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("subjects", [100_000, 1_000, 1])
def test_hundred_thousand_events_are_drained_within_five_minutes(subjects: int, batch: bool) -> None:
    took = drain_many(100_000, subjects=subjects, batch=batch)
    print(f"\n100,000 events of {subjects:,} subjects, {'batch' if batch else 'one by one'}: {took:.1f} s")
    assert took < 300
