"""Messages leave once, over a real mail conversation, and come through outages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.db import connection, transaction

from cart.actions import Buyer
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import Event
from notifications.actions import claim_next
from notifications.models import Notification
from notifications.rules import ATTEMPTS, LEASE, back_off
from notifications.sending import deliver
from notifications.tasks import send_queued
from orders.actions import cancel_order
from tests.cart.shopping import buy
from tests.concurrency.threads import in_threads
from tests.factories.world import World, small_world
from tests.notifications.mail_server import Mailbox, html_of, mail_server, text_of

pytestmark = pytest.mark.django_db(transaction=True)

EVENING = "2026-01-30T20:00+05:30"
STAFF = Actor.system("tests")
FILES = "notifications.mail_files.EmailBackend"


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at(EVENING)
    return small_world()


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    with mail_server(settings, Mailbox()) as box:
        yield box


def to_household() -> Notification:
    return Notification.objects.get(kind="order_confirmed")


def make_due() -> None:
    """As if the time until the next attempt had passed."""
    Notification.objects.filter(status="QUEUED").update(next_attempt_at=clock.real_now())


def test_the_household_reads_what_when_and_how_much(world: World, drain: Callable[[], int], mailbox: Mailbox) -> None:
    order = buy(world, (world.milk, 2), (world.variants[2], 1)).order
    drain()
    assert send_queued() == 2
    mail = next(mail for mail in mailbox.mails if mail["To"] == "asha@example.com")
    assert mail["Subject"] == f"Order {order.number} is confirmed for Sat 31 Jan"
    for words in (text_of(mail), html_of(mail)):
        assert "Saturday, 31 January" in words
        assert "5–7:30 am" in words
        assert "₹166.00" in words
        assert "Malai paneer" in words
        assert "80 Feet Road" in words
        assert "/track/" in words
        assert "/orders/claim/" in words
    sent = to_household()
    assert (sent.status, sent.attempts, sent.provider_id) == ("SENT", 1, mail["Message-ID"])
    assert sent.sent_at is not None
    assert Event.objects.filter(name="notification.sent").count() == 2


def test_the_dairy_reads_what_to_pack_and_nothing_of_the_household(
    world: World, drain: Callable[[], int], mailbox: Mailbox
) -> None:
    order = buy(world, (world.milk, 2)).order
    drain()
    send_queued()
    mail = next(mail for mail in mailbox.mails if mail["To"] == world.vendor.email)
    words = text_of(mail) + html_of(mail) + mail["Subject"]
    assert order.number in words
    assert "Pack by Sat 31 Jan, 3:30 am" in words
    assert "2 x Toned milk" in words
    assert "Asha" not in words
    assert "Feet Road" not in words


def test_names_are_escaped(world: World, drain: Callable[[], int], mailbox: Mailbox) -> None:
    buy(world, buyer=Buyer(name="<b>Asha<b> & Söhne", email="asha@example.com"))
    drain()
    send_queued()
    mail = next(mail for mail in mailbox.mails if mail["To"] == "asha@example.com")
    assert "<b>Asha" not in html_of(mail)
    assert "Thank you, &lt;b&gt;Asha&lt;b&gt;." in html_of(mail)
    assert "Thank you, <b>Asha<b>." in text_of(mail)


def test_a_name_can_not_carry_a_link_to_strangers(world: World, drain: Callable[[], int], mailbox: Mailbox) -> None:
    buy(world, buyer=Buyer(name="evil.example/win now", email="asha@example.com"))
    drain()
    send_queued()
    mail = next(mail for mail in mailbox.mails if mail["To"] == "asha@example.com")
    assert "evil.example" not in text_of(mail) + html_of(mail)
    assert "Thank you. It is on the list." in text_of(mail)


def test_an_outage_delays_and_loses_nothing(
    world: World, drain: Callable[[], int], settings: Any, unused_tcp_port: int
) -> None:
    settings.MAIL_TRANSPORT = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", unused_tcp_port
    buy(world)
    drain()
    assert send_queued() == 1, "with the server away there is no point in trying the second"
    tried = Notification.objects.get(attempts=1)
    assert (tried.status, "ConnectionRefusedError" in tried.last_error) == ("QUEUED", True)
    assert tried.next_attempt_at is not None
    assert tried.next_attempt_at > clock.real_now() + timedelta(seconds=20)
    with mail_server(settings, Mailbox()) as mailbox:
        assert send_queued() == 1, "the first waits for its turn"
        make_due()
        assert send_queued() == 1
        assert send_queued() == 0
    assert sorted(mailbox.recipients) == sorted(["asha@example.com", world.vendor.email])
    assert set(Notification.objects.values_list("status", flat=True)) == {"SENT"}


def test_a_refused_recipient_is_final(world: World, drain: Callable[[], int], mailbox: Mailbox) -> None:
    mailbox.answers["asha@example.com"] = "550 no such person here"
    buy(world)
    drain()
    assert send_queued() == 2
    refused = to_household()
    assert (refused.status, refused.next_attempt_at) == ("FAILED", None)
    assert "550" in refused.last_error
    assert mailbox.recipients == [world.vendor.email], "the others get theirs"
    assert Event.objects.filter(name="notification.failed").count() == 1


def test_a_put_off_recipient_is_tried_again(world: World, drain: Callable[[], int], mailbox: Mailbox) -> None:
    mailbox.answers["asha@example.com"] = "450 come back later"
    buy(world)
    drain()
    assert send_queued() == 2
    assert to_household().status == "QUEUED"
    mailbox.answers.clear()
    make_due()
    send_queued()
    assert (to_household().status, to_household().attempts) == ("SENT", 2)


def test_what_is_no_longer_so_is_not_sent(world: World, drain: Callable[[], int], mailbox: Mailbox) -> None:
    order = buy(world).order
    drain()
    cancel_order(order.pk, by=STAFF, reason="changed my mind")
    drain()
    send_queued()
    statuses = dict(Notification.objects.values_list("kind", "status"))
    assert statuses == {
        "order_confirmed": "SKIPPED",
        "order_cancelled": "SENT",
        "vendor_assignment": "SKIPPED",
        "vendor_cancellation": "SKIPPED",
    }
    assert [mail["Subject"] for mail in mailbox.mails] == [f"Order {order.number} is cancelled"]


def test_a_dairy_that_was_told_hears_of_the_cancellation(
    world: World, drain: Callable[[], int], mailbox: Mailbox
) -> None:
    order = buy(world).order
    drain()
    send_queued()
    cancel_order(order.pk, by=STAFF, reason="changed my mind")
    drain()
    send_queued()
    assert [mail["Subject"] for mail in mailbox.mails if mail["To"] == world.vendor.email] == [
        f"New for Sat 31 Jan, Morning: order {order.number}",
        f"Cancelled: order {order.number} for Sat 31 Jan",
    ]


def test_two_senders_share_no_message(world: World, drain: Callable[[], int], mailbox: Mailbox) -> None:
    for number in range(5):
        buy(world, buyer=Buyer(name="Asha Rao", email=f"asha{number}@example.com"))
    drain()
    slow = threading.Event()
    mailbox.before_accepting = lambda: slow.wait(0.05)
    now = [copy_context() for _ in range(3)]  # threads know no other time by themselves
    assert in_threads(*(partial(context.run, send_queued) for context in now)) == []
    assert len(mailbox.recipients) == 10
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 10
    assert set(Notification.objects.values_list("attempts", flat=True)) == {1}


def test_a_claim_is_not_shared_even_where_both_look_at_once(world: World, drain: Callable[[], int]) -> None:
    buy(world)
    drain()
    Notification.objects.exclude(kind="order_confirmed").delete()
    with transaction.atomic():
        held = Notification.objects.next_locked(clock.real_now())
        assert held is not None
        seen: list[Notification | None] = []
        assert in_threads(lambda: seen.append(claim_next())) == []
        assert seen == [None]


def test_a_sender_that_died_is_followed_by_another(world: World, drain: Callable[[], int], mailbox: Mailbox) -> None:
    buy(world)
    drain()
    Notification.objects.exclude(kind="order_confirmed").delete()
    lost = claim_next()
    assert lost is not None
    assert send_queued() == 0, "its hold still counts"
    Notification.objects.update(next_attempt_at=clock.real_now() - timedelta(seconds=1))
    assert send_queued() == 1
    assert deliver(lost), "the lost sender wakes up after all"
    row = to_household()
    assert (row.status, row.attempts) == ("SENT", 2)
    assert Event.objects.filter(name="notification.sent").count() == 1, "only the one who held it wrote it down"
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 1


def test_a_template_that_breaks_holds_nobody_up(
    world: World, drain: Callable[[], int], mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    buy(world)
    drain()
    Notification.objects.filter(kind="order_confirmed").update(data={"order_id": 0})
    send_queued()
    assert mailbox.recipients == [world.vendor.email]
    assert "DoesNotExist" in to_household().last_error


def test_attempts_are_spread_over_days_and_end() -> None:
    waits = [back_off(attempts) for attempts in range(1, ATTEMPTS)]
    assert all(waits)
    total = sum((wait for wait in waits if wait), timedelta())
    assert timedelta(days=2) < total < timedelta(days=5)
    assert back_off(ATTEMPTS) is None


def test_a_hold_outlives_the_longest_task(settings: Any) -> None:
    assert timedelta(seconds=settings.Q_CLUSTER["timeout"]) < LEASE


def test_nothing_is_sent_inside_a_transaction(world: World, drain: Callable[[], int]) -> None:
    buy(world)
    drain()
    held = claim_next()
    assert held is not None
    with transaction.atomic():
        deliver(held)
    held.refresh_from_db()
    assert (held.status, "inside a transaction" in held.last_error) == ("QUEUED", True)


# -- what others write -----------------------------------------------------------------------------------------------


def code_mail() -> EmailMessage:
    mail = EmailMultiAlternatives(
        "123456 is your code",
        "It is 123456",
        to=["asha@example.com"],
        connection=get_connection("notifications.mail_backend.EmailBackend"),
    )
    mail.attach_alternative("<p>It is 123456</p>", "text/html")
    return mail


def test_a_code_goes_out_at_once_and_leaves_no_trace(mailbox: Mailbox) -> None:
    assert code_mail().send() == 1
    assert [(mail["Subject"], text_of(mail).strip(), html_of(mail).strip()) for mail in mailbox.mails] == [
        ("123456 is your code", "It is 123456", "<p>It is 123456</p>")
    ]
    row = Notification.objects.get()
    assert (row.kind, row.status, row.body, row.body_html) == ("sign_in", "SENT", "", "")
    assert row.subject == "•••••• is your code"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM core_event WHERE data::text LIKE '%%123456%%'")
        assert cursor.fetchone() == (0,)


def test_a_code_waits_for_the_commit(mailbox: Mailbox) -> None:
    with transaction.atomic():
        code_mail().send()
        assert mailbox.mails == []
    assert len(mailbox.mails) == 1


def test_a_code_is_tried_again_but_not_for_ever(
    settings: Any, unused_tcp_port: int, at: Callable[[str], datetime]
) -> None:
    at(EVENING)
    settings.MAIL_TRANSPORT = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", unused_tcp_port
    code_mail().send()
    code_mail().send()
    assert set(Notification.objects.values_list("status", "body")) == {("QUEUED", "It is 123456")}
    first, _second = Notification.objects.order_by("pk")
    with mail_server(settings, Mailbox()) as mailbox:
        Notification.objects.filter(pk=first.pk).update(next_attempt_at=clock.real_now())
        send_queued()
        at("2026-01-30T20:16+05:30")
        make_due()
        send_queued()
    assert len(mailbox.mails) == 1
    assert list(Notification.objects.order_by("pk").values_list("status", "body")) == [("SENT", ""), ("SKIPPED", "")]


def test_each_recipient_gets_a_mail_of_their_own(mailbox: Mailbox) -> None:
    EmailMessage(
        "Hello",
        "World",
        to=["a@example.com", "b@example.com"],
        connection=get_connection("notifications.mail_backend.EmailBackend"),
    ).send()
    assert sorted(mailbox.recipients) == ["a@example.com", "b@example.com"]
    assert {mail["To"] for mail in mailbox.mails} == {"a@example.com", "b@example.com"}


def test_mail_as_files_can_be_opened(settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    for subject in ("Order MABC123 is confirmed", "Order MABC123 is confirmed", "दूध / ../../etc"):
        EmailMessage(subject, "₹52.00", to=["a@example.com"], connection=get_connection(FILES)).send()
    files = sorted((tmp_path / "mail").iterdir())
    assert len(files) == 3
    assert all(file.suffix == ".eml" for file in files)
    assert sum("order-mabc123-is-confirmed" in file.name for file in files) == 2
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    assert {mail["Subject"] for mail in mails} == {"Order MABC123 is confirmed", "दूध / ../../etc"}
    assert {mail.get_content().strip() for mail in mails} == {"₹52.00"}
