"""A sign-in code by text message leaves a row in the log, and no code in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse

from milkdelivery.core import clock
from notifications.channels.sms import MemoryBackend, SmsNotSent
from notifications.models import Notification
from notifications.tasks import send_queued
from notifications.texts import send_text
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = "+919812345678"
CODE = "123456 is your code."


@pytest.fixture(autouse=True)
def outbox() -> Iterator[list[tuple[str, str]]]:
    cache.clear()
    MemoryBackend.outbox.clear()
    yield MemoryBackend.outbox
    MemoryBackend.outbox.clear()


def test_a_sign_in_code_is_noted_and_erased_once_sent(client: Client, outbox: list[tuple[str, str]]) -> None:
    UserFactory(phone=PHONE)
    client.post(reverse("account_request_login_code"), {"contact": "98123 45678"})
    [(to, text)] = outbox
    assert to == PHONE
    row = Notification.objects.get()
    assert (row.kind, row.channel, row.address, row.status) == ("sign_in", "SMS", PHONE, "SENT")
    assert (row.body, row.subject, row.attempts) == ("", "", 1)
    assert row.provider_id.startswith("memory-")
    code = next(word for word in text.split() if word.strip(".").isdigit()).strip(".")
    assert code not in str(Notification.objects.values().get())


def test_nothing_is_sent_for_what_was_rolled_back(outbox: list[tuple[str, str]]) -> None:
    with transaction.atomic():
        send_text(PHONE, CODE)
        assert outbox == []
        transaction.set_rollback(True)
    assert outbox == []
    assert not Notification.objects.exists()


def test_a_gateway_that_is_out_gets_the_code_later_from_the_worker(
    outbox: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as out:
        out.setattr(MemoryBackend, "send", _out_of_order)
        send_text(PHONE, CODE)
    held = Notification.objects.get()
    assert (held.status, held.body) == ("QUEUED", CODE)
    Notification.objects.update(next_attempt_at=clock.real_now())
    assert send_queued() == 1
    assert outbox == [(PHONE, CODE)]
    assert Notification.objects.get().body == ""


def _out_of_order(*_: object) -> str:
    raise SmsNotSent("503")
