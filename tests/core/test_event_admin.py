"""The event log and dead letters in the back office."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from milkdelivery.core.eventlog import Envelope
from milkdelivery.core.eventlog.pump import drain
from milkdelivery.core.models import Event, EventDelivery
from tests.core.samples import BottleFilled, effects, fill, subscribed, write_effect
from tests.factories.accounts import AdminFactory

pytestmark = pytest.mark.django_db

Status = EventDelivery.Status
DELIVERIES = "admin:core_eventdelivery_changelist"


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(AdminFactory())
    return client


def fail_for_two(envelope: Envelope[BottleFilled]) -> None:
    if envelope.event.bottle_id == 2:
        raise ValueError("bottle 2 is cracked")
    write_effect(envelope)


@pytest.fixture
def dead_letter() -> Iterator[EventDelivery]:
    with subscribed("tests.cracked", fail_for_two):
        fill(1, 2, (2, 1))
        drain(ignore_backoff=True)
        yield EventDelivery.objects.dead().get()


def action_url(name: str, delivery: EventDelivery) -> str:
    return reverse(f"admin:core_eventdelivery_{name}", args=[delivery.pk])


def test_log_is_found_by_subject_and_by_name(staff: Client, dead_letter: EventDelivery) -> None:
    page = staff.get(reverse("admin:core_event_changelist"), {"q": "bottle:1", "name": "bottle.filled"})
    assert [event.subject for event in page.context["cl"].result_list] == ["bottle:1"]
    assert staff.get(reverse("admin:core_event_changelist"), {"q": "bottle"}).context["cl"].result_count == 0


def test_event_can_be_read_and_not_changed(staff: Client, dead_letter: EventDelivery) -> None:
    address = reverse("admin:core_event_change", args=[dead_letter.event_id])
    assert b"bottle_id" in staff.get(address).content
    assert staff.post(address, {"name": "forged"}).status_code == 403
    assert not Event.objects.filter(name="forged").exists()


def test_list_opens_on_what_needs_a_decision(staff: Client, dead_letter: EventDelivery) -> None:
    page = staff.get(reverse(DELIVERIES))
    assert [row.pk for row in page.context["cl"].result_list] == [dead_letter.pk]
    assert b"bottle 2 is cracked" in page.content
    assert staff.get(reverse(DELIVERIES), {"show": "all"}).context["cl"].result_count == 3


def test_retry_asks_first_and_then_delivers(staff: Client, dead_letter: EventDelivery) -> None:
    question = staff.get(action_url("retry", dead_letter))
    assert question.status_code == 200
    assert EventDelivery.objects.dead().exists()
    assert staff.post(action_url("retry", dead_letter), {"confirmed": "yes"}).status_code == 302
    dead_letter.refresh_from_db()
    assert (dead_letter.status, dead_letter.attempts) == (Status.PENDING, 0)


def test_discard_wants_a_reason_and_frees_the_subject(staff: Client, dead_letter: EventDelivery) -> None:
    assert staff.post(action_url("discard", dead_letter), {"reason": ""}).status_code == 200
    assert EventDelivery.objects.dead().exists()
    assert staff.post(action_url("discard", dead_letter), {"reason": "glass everywhere"}).status_code == 302
    dead_letter.refresh_from_db()
    assert dead_letter.status == Status.DISCARDED
    told = Event.objects.get(name="event_delivery.discarded")
    assert (told.data["reason"], told.actor_kind) == ("glass everywhere", "user")
    with_other_handler = subscribed("tests.other", write_effect)
    with with_other_handler:
        drain(ignore_backoff=True)
    assert EventDelivery.objects.filter(subject="bottle:2", status=Status.PENDING).count() == 0


def test_many_are_retried_at_once(staff: Client, dead_letter: EventDelivery) -> None:
    chosen = {"action": "retry_many", "_selected_action": [dead_letter.pk]}
    assert staff.post(reverse(DELIVERIES), chosen).status_code == 200
    assert EventDelivery.objects.dead().exists()
    staff.post(reverse(DELIVERIES), {**chosen, "confirmed": "yes"})
    assert not EventDelivery.objects.dead().exists()


def test_nothing_is_offered_for_what_was_handled(staff: Client, dead_letter: EventDelivery) -> None:
    done = EventDelivery.objects.get(status=Status.DONE)
    page = staff.get(reverse("admin:core_eventdelivery_change", args=[done.pk]))
    assert page.status_code == 200
    assert action_url("discard", done).encode() not in page.content
    assert staff.post(action_url("discard", done), {"reason": "too late"}).status_code == 200
    done.refresh_from_db()
    assert done.status == Status.DONE
    assert effects() == [(1, 0)]
