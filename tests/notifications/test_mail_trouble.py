"""Mail servers as they are: away for an hour, slow, forgetful, particular. A real conversation each time."""

from __future__ import annotations

import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextvars import copy_context
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from django.core.mail import EmailMessage, get_connection
from django_q.models import OrmQ

from accounts.models import User
from milkdelivery.core import clock
from milkdelivery.core.eventlog import pump
from notifications import tasks
from notifications.channels import Message, Refused, email
from notifications.channels.sms import MemoryBackend, SmsNotSent
from notifications.models import Notification
from notifications.sending import LANE_IS_HELD
from notifications.tasks import send_queued
from notifications.texts import send_text
from orders.models import Order
from tests.cart.shopping import buy
from tests.concurrency.threads import in_threads
from tests.factories.accounts import UserFactory
from tests.factories.world import World, small_world
from tests.notifications.mail_server import Mailbox, mail_server

pytestmark = pytest.mark.django_db(transaction=True)

EVENING = "2026-01-30T20:00+05:30"


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at(EVENING)
    MemoryBackend.outbox.clear()
    return small_world()


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    with mail_server(settings, Mailbox()) as box:
        yield box


def waiting(number: int, **fields: Any) -> None:
    """So many messages that are due, each to an address of its own, which wait with their text."""
    values = {"role": "GUEST", "kind": "sign_in", "channel": "EMAIL", "subject": "Hello", "body": "World", **fields}
    Notification.objects.bulk_create(
        Notification(
            **{"address": f"reader{each}@example.com", **values},
            dedupe_key=f"trouble:{each}:{values['channel']}:{values.get('address', '')}"[:120],
            created_at=clock.now(),
            next_attempt_at=clock.real_now(),
        )
        for each in range(number)
    )


def make_due() -> None:
    Notification.objects.filter(status="QUEUED").update(next_attempt_at=clock.real_now())


def statuses() -> set[str]:
    return set(Notification.objects.values_list("status", flat=True))


# -- away ------------------------------------------------------------------------------------------------------------


def test_away_for_an_hour_and_back(world: World, settings: Any, unused_tcp_port: int) -> None:
    settings.MAIL_TRANSPORT = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", unused_tcp_port
    orders = [buy(world).order for _ in range(3)]
    pump.drain()
    assert send_queued() == 1, "one look is enough to see that nobody is there"
    first = Notification.objects.get(attempts=1)
    Notification.objects.exclude(pk=first.pk).update(next_attempt_at=clock.real_now() + timedelta(days=1))
    waits = []
    for _ in range(7):
        first.refresh_from_db()
        assert first.next_attempt_at is not None
        waits.append(first.next_attempt_at - clock.real_now())
        Notification.objects.filter(pk=first.pk).update(next_attempt_at=clock.real_now())
        assert send_queued() == 1
    assert sum(waits, timedelta()) > timedelta(hours=1)
    assert waits == sorted(waits), "each time a little longer"
    assert {Order.objects.get(pk=order.pk).status for order in orders} == {"CONFIRMED"}, "no order waited for it"
    with mail_server(settings, Mailbox()) as mailbox:
        make_due()
        send_queued()
    assert statuses() == {"SENT"}
    assert len(mailbox.recipients) == 6


def test_a_text_gateway_that_is_away_keeps_no_mail_waiting(
    world: World, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_self: object, _to: str, _text: str) -> str:
        raise SmsNotSent

    monkeypatch.setattr(MemoryBackend, "send", away)
    waiting(2, channel="SMS", address="+919845012345")
    waiting(2)
    send_queued()
    assert len(mailbox.recipients) == 2
    assert Notification.objects.filter(channel="SMS", status="QUEUED", attempts=0).count() == 1


# -- particular ------------------------------------------------------------------------------------------------------


def test_one_bad_address_among_many(world: World, mailbox: Mailbox) -> None:
    mailbox.answers = {"reader1@example.com": "550 nobody here", "reader3@example.com": "451 later"}
    waiting(5)
    send_queued()
    found = dict(Notification.objects.values_list("address", "status"))
    assert list(found.values()).count("SENT") == 3
    assert (found["reader1@example.com"], found["reader3@example.com"]) == ("FAILED", "QUEUED")
    assert Notification.objects.get(status="FAILED").last_error == "550 nobody here"
    assert mailbox.conversations == 1, "a refusal ends no conversation"
    mailbox.answers.clear()
    make_due()
    send_queued()
    assert Notification.objects.get(address="reader3@example.com").status == "SENT"


@pytest.mark.parametrize(
    "address",
    ["asha@example.com\nBcc: everybody@example.com", "asha@example.com\r\n\r\nHello"],
)
def test_an_address_carries_no_header(world: World, mailbox: Mailbox, address: str) -> None:
    waiting(1, address=address)
    waiting(1)
    send_queued()
    assert Notification.objects.get(address=address).status == "FAILED"
    assert mailbox.recipients == ["reader0@example.com"]


def test_a_subject_carries_no_header(world: World, mailbox: Mailbox) -> None:
    with email.Line() as line, pytest.raises(Refused):
        line.send(
            Message("asha@example.com", "Hello\nBcc: everybody@example.com", "World", reference="<1@example.com>")
        )
    assert mailbox.mails == []


@pytest.mark.parametrize("address", ["🥛@example.com", "asha@🥛.example", "asha", "@", "a@b@c"])
def test_an_odd_address_holds_nobody_up(world: World, mailbox: Mailbox, address: str) -> None:
    waiting(1, address=address)
    waiting(1)
    send_queued()
    assert "reader0@example.com" in mailbox.recipients
    assert Notification.objects.get(address=address).status in ("FAILED", "SENT")


def test_words_in_any_script_arrive(world: World, mailbox: Mailbox) -> None:
    waiting(1, subject="दूध 🥛 ₹52", body="नमस्ते 🥛")
    send_queued()
    [mail] = mailbox.mails
    assert mail["Subject"] == "दूध 🥛 ₹52"
    assert "नमस्ते 🥛" in mail.get_content()


# -- slow and forgetful ----------------------------------------------------------------------------------------------


def test_a_slow_server_starves_nobody_and_doubles_nothing(
    world: World, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "SECONDS_PER_RUN", 1)
    mailbox.before_accepting = lambda: time.sleep(0.4)
    person: User = UserFactory()
    waiting(8)
    waiting(1, channel="SMS", address="+919845012345")
    waiting(1, channel="IN_APP", recipient=person, kind="welcome", role="CUSTOMER", address="")
    OrmQ.objects.all().delete()
    began = threading.Event()
    contexts = [copy_context() for _ in range(3)]

    def mails() -> None:
        began.set()
        send_queued("EMAIL")

    def others() -> None:
        began.wait()
        start = time.monotonic()
        assert send_queued("IN_APP") == 1
        assert send_queued("SMS") == 1
        assert time.monotonic() - start < 1, "the bell does not wait for the mail server"

    works = [partial(contexts[0].run, mails), partial(contexts[1].run, mails), partial(contexts[2].run, others)]
    assert in_threads(*works) == []
    sent = len(mailbox.mails)
    assert 2 <= sent < 8, "a run ends in time for others to have the worker"
    again = [task for task in OrmQ.objects.all() if task.args() == ("EMAIL",)]
    assert len(again) == 1, "one task goes on, not one for each that looked in"
    for _ in range(6):
        send_queued("EMAIL")
    assert len(mailbox.mails) == len({mail["To"] for mail in mailbox.mails}) == 8
    assert set(Notification.objects.values_list("attempts", flat=True)) == {1}


def test_letters_on_a_slow_server_keep_no_code_waiting(world: World, mailbox: Mailbox) -> None:
    """A code that its page could not send comes while eight letters are on their way, all due before it."""
    began = threading.Event()

    def slowly() -> None:
        began.set()
        time.sleep(0.5)

    mailbox.before_accepting = slowly
    waiting(8, kind="welcome", recipient=world.customer, role="CUSTOMER")
    contexts = [copy_context() for _ in range(2)]

    def code() -> None:
        began.wait()
        waiting(1, channel="EMAIL", address="code@example.com")
        send_queued()
        assert Notification.objects.get(address="code@example.com").status == "SENT"
        assert Notification.objects.filter(kind="welcome", status="SENT").count() < 8, "it overtook them"

    works = [partial(contexts[0].run, partial(send_queued, "EMAIL")), partial(contexts[1].run, code)]
    assert in_threads(*works) == []
    assert set(Notification.objects.values_list("status", "attempts")) == {("SENT", 1)}


def test_a_server_that_dies_after_taking_a_mail_gets_it_again_under_the_same_name(
    world: World, mailbox: Mailbox
) -> None:
    def hang_up(server: SMTP) -> None:
        transport: Any = server.transport
        transport.abort()

    mailbox.after_accepting = hang_up
    waiting(1)
    send_queued()
    row = Notification.objects.get()
    assert (row.status, len(mailbox.mails)) == ("QUEUED", 1), "we can't know that it was taken"
    mailbox.after_accepting = lambda _server: None
    make_due()
    send_queued()
    row.refresh_from_db()
    assert (row.status, len(mailbox.mails)) == ("SENT", 2)
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 1, "so that mail programs show it once"


def test_one_conversation_serves_many_and_memory_stays(
    world: World, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "SECONDS_PER_RUN", 300)  # measuring is slow

    def peak(number: int) -> int:
        Notification.objects.all().delete()
        waiting(number, body="World " * 2_000)
        tracemalloc.start()
        assert send_queued() == number
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        mailbox.mails.clear()
        return found

    mailbox.after_accepting = lambda _server: mailbox.mails.clear()
    peak(20)
    few = peak(20)
    mailbox.conversations = 0
    many = peak(120)
    assert mailbox.conversations == 1
    assert many < few * 2 + 500_000, "of 120 mails no more than of 20"


def test_a_server_that_ends_a_conversation_is_called_again(world: World, mailbox: Mailbox) -> None:
    left = [2, 2, 2]

    def end_after_two(server: SMTP) -> None:
        left[0] -= 1
        if left[0] == 0:
            left.pop(0)
            transport: Any = server.transport
            server.loop.call_later(0.02, transport.close)
            time.sleep(0)

    mailbox.after_accepting = end_after_two
    mailbox.before_accepting = lambda: time.sleep(0.03)
    waiting(6)
    send_queued()
    for _ in range(3):
        make_due()
        send_queued()
    assert statuses() == {"SENT"}
    assert len({mail["To"] for mail in mailbox.mails}) == 6


def test_a_lane_outlives_a_task_and_not_a_hold(settings: Any) -> None:
    assert timedelta(seconds=settings.Q_CLUSTER["timeout"]) < LANE_IS_HELD
    assert timedelta(seconds=tasks.SECONDS_PER_RUN + email.PATIENCE) < timedelta(seconds=settings.Q_CLUSTER["timeout"])


# -- secrets ---------------------------------------------------------------------------------------------------------


def has_code() -> bool:
    rows = Notification.objects.values_list("subject", "body", "body_html", "last_error", "data")
    return any("123456" in str(row) for row in rows)


def test_a_code_by_text_message_leaves_no_trace(world: World) -> None:
    send_text("+919845012345", "123456 is your code")
    assert MemoryBackend.outbox == [("+919845012345", "123456 is your code")]
    assert statuses() == {"SENT"}
    assert not has_code()


def test_a_code_that_was_refused_leaves_no_trace(world: World, mailbox: Mailbox, settings: Any) -> None:
    mailbox.answers["asha@example.com"] = "550 123 nobody"
    mail = EmailMessage("123456 is your code", "123456", to=["asha@example.com"])
    mail.connection = get_connection("notifications.mail_backend.EmailBackend")
    mail.send()
    settings.SMS_BACKEND = "notifications.channels.sms.MissingBackend"
    send_text("+919845012345", "123456 is your code")
    assert statuses() == {"FAILED"}
    assert not has_code()


def test_a_code_that_came_too_late_leaves_no_trace(world: World, at: Callable[[str], datetime]) -> None:
    waiting(1, channel="SMS", address="+919845012345", subject="123456", body="123456 is your code")
    at("2026-01-30T20:15:01+05:30")
    send_queued()
    assert (statuses(), MemoryBackend.outbox) == ({"SKIPPED"}, [])
    assert not has_code()
