"""Staff have messages tried again that were given up: they see first which, and why one can't be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import Event
from notifications.actions import retry
from notifications.models import Notification
from notifications.sent_again import NotRetriable
from notifications.tasks import send_queued
from tests.factories.accounts import UserFactory
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/notifications/notification/"
STAFF = Actor.system("tests")


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-30T12:00+05:30")
    return small_world()


def message(world: World, **fields: Any) -> Notification:
    values: dict[str, Any] = {
        "kind": "welcome",
        "role": "CUSTOMER",
        "recipient": world.customer,
        "channel": "EMAIL",
        "address": "asha@example.com",
        "status": "FAILED",
        "attempts": 45,
        "last_error": "550 nobody here",
        "created_at": clock.now(),
        **fields,
    }
    return Notification.objects.create(dedupe_key=f"retry:{Notification.objects.count()}", **values)


def test_given_up_and_sent_after_all(world: World) -> None:
    row = message(world)
    retry(row.pk, by=STAFF)
    assert send_queued() == 1
    row.refresh_from_db()
    assert (row.status, row.attempts, len(mail.outbox)) == ("SENT", 46, 1)
    assert Event.objects.get(name="notification.retried").data["notification_id"] == row.pk


def test_another_failure_gives_it_up_again(world: World, settings: Any, unused_tcp_port: int) -> None:
    settings.MAIL_TRANSPORT = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", unused_tcp_port
    row = message(world)
    retry(row.pk, by=STAFF)
    send_queued()
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("FAILED", 46)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"status": "SENT"}, "not given up"),
        ({"status": "QUEUED"}, "not given up"),
        ({"status": "SKIPPED"}, "not given up"),
        ({"kind": "sign_in"}, "erased"),
        ({"created_at": "long ago"}, "too old"),
    ],
)
def test_what_can_not_be_sent_again(world: World, fields: dict[str, Any], why: str) -> None:
    if "created_at" in fields:
        fields = {"created_at": clock.now() - timedelta(days=4)}
    row = message(world, **fields)
    before = Notification.objects.values().get(pk=row.pk)
    with pytest.raises(NotRetriable, match=why):
        retry(row.pk, by=STAFF)
    assert Notification.objects.values().get(pk=row.pk) == before


@pytest.mark.parametrize(("role", "may"), [(Role.MANAGER, True), (Role.ADMIN, True)])
def test_many_at_once_with_a_look_first(world: World, role: Role, may: bool) -> None:
    client = Client()
    client.force_login(UserFactory(role=role), backend="accounts.signin.backend.ContactBackend")
    good = [message(world) for _ in range(2)]
    code = message(world, kind="sign_in")
    chosen = {"action": "retry_selected", "_selected_action": [row.pk for row in (*good, code)]}
    look = client.post(LIST, chosen)
    assert look.status_code == 200
    assert [bool(effect.refusal) for effect in look.context["effects"]] == [False, False, True]
    assert "550 nobody here" in look.content.decode()
    assert set(Notification.objects.values_list("status", flat=True)) == {"FAILED"}
    done = client.post(LIST, {**chosen, "confirmed": "yes"})
    assert "2 messages go out again." in done.content.decode()
    assert "erased" in done.content.decode()
    assert Notification.objects.filter(status="QUEUED").count() == 2
    code.refresh_from_db()
    assert code.status == "FAILED"
