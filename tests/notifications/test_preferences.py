"""Where one wants to be told of what, when not, and the way out of mails."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import signing
from django.test import Client

from accounts.models import Preferences, User
from accounts.rules.messages import Channel, Group, channels_for, quiet_ends_at
from cart.actions import Buyer
from deliveries.actions import mark_picked_up
from deliveries.models import Delivery
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import pump
from notifications.models import Notification
from notifications.rules import KINDS, Audience, Kind, is_worth_telling
from notifications.tasks import send_queued
from notifications.tokens import SALT, stop_of, stop_url
from orders.actions import pack_order
from tests.cart.shopping import buy
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.world import World, small_world
from tests.notifications.mail_server import Mailbox, html_of, mail_server, text_of

IST = ZoneInfo("Asia/Kolkata")
STAFF = Actor.system("tests")


def on(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-01-30T{text}").replace(tzinfo=IST)


# -- rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "hours", "until"),
    [
        ("21:59", None, None),
        ("22:00", None, "2026-01-31T06:00"),
        ("05:59", None, "2026-01-30T06:00"),
        ("06:00", None, None),
        ("12:30", ("12:00", "13:00"), "2026-01-30T13:00"),
        ("13:00", ("12:00", "13:00"), None),
        ("23:30", ("23:00", "05:00"), "2026-01-31T05:00"),
        ("00:00", ("23:00", "00:00"), None),
        ("23:59", ("23:00", "00:00"), "2026-01-31T00:00"),
        ("00:00", ("00:00", "05:00"), "2026-01-30T05:00"),
        ("23:30", ("08:00", "08:00"), None),
    ],
)
def test_quiet_hours(now: str, hours: tuple[str, str] | None, until: str | None) -> None:
    start, end = (time.fromisoformat(word) for word in hours) if hours else (None, None)
    found = quiet_ends_at(on(now), start, end)
    assert found == (datetime.fromisoformat(until).replace(tzinfo=IST) if until else None)


def test_a_kind_that_must_reach_always_does() -> None:
    for kind, spec in KINDS.items():
        for words in ([], ["PUSH"], ["nonsense", "IN_APP"]):
            channels = channels_for(spec.group, {spec.group.value: words})
            assert Channel.IN_APP in channels
            assert not spec.must_reach or channels & {Channel.EMAIL, Channel.SMS}, kind


def test_every_kind_is_in_the_table() -> None:
    assert set(KINDS) == set(Kind)
    for kind, spec in KINDS.items():
        assert (spec.severity is not None) == (spec.audience == Audience.STAFF), kind
        assert not (spec.is_held and spec.must_reach), f"{kind}: money and security wait for nobody's morning"


def test_every_age_is_worth_telling_or_not() -> None:
    assert is_worth_telling("sign_in", clock.now() - clock.now())
    assert not is_worth_telling("sign_in", on("12:16") - on("12:00"))
    assert is_worth_telling("refund_made", on("12:00") - datetime(2025, 1, 1, tzinfo=IST))


# -- the page --------------------------------------------------------------------------------------------------------

FORM = {"slot": "MORNING", "payment_method": "COD", "language": "en", "quiet_from": "22:00", "quiet_until": "06:00"}


@pytest.fixture
def person(db: None) -> User:
    found: User = UserFactory(email="meera@example.com", phone="+919845011111")
    return found


@pytest.fixture
def page(person: User) -> Callable[..., Any]:
    client = Client()
    client.force_login(person, backend="accounts.signin.backend.ContactBackend")

    def call(**changes: Any) -> Any:
        if not changes:
            return client.get("/account/preferences/")
        return client.post("/account/preferences/", {**FORM, "asks_channels": "on", **changes})

    return call


def kept(person: User) -> Preferences:
    return Preferences.objects.get(user=person)


def ticked(html: str, name: str) -> set[str]:
    boxes = re.findall(rf'<input[^>]*name="{name}"[^>]*>', html)
    return {re.findall(r'value="(\w+)"', box)[0] for box in boxes if " checked" in box}


def test_the_page_shows_what_is_usual(page: Callable[..., Any]) -> None:
    html = page().content.decode()
    assert ticked(html, "orders") == {"EMAIL", "PUSH"}
    assert ticked(html, "money") == {"EMAIL", "PUSH"}
    assert 'value="22:00"' in html
    assert 'value="06:00"' in html
    assert "They can’t be switched off" in html


def test_what_is_chosen_is_kept(page: Callable[..., Any], person: User) -> None:
    assert page(orders=[], deliveries=["SMS"], money=["SMS", "PUSH"]).status_code == 302
    assert kept(person).channels == {"ORDERS": [], "DELIVERIES": ["SMS"], "MONEY": ["PUSH", "SMS"]}
    html = page().content.decode()
    assert (ticked(html, "orders"), ticked(html, "deliveries")) == (set(), {"SMS"})


def test_money_has_to_reach_and_nothing_typed_is_lost(page: Callable[..., Any], person: User) -> None:
    answer = page(orders=["SMS"], money=["PUSH"], quiet_from="21:15", newsletter="on")
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "Choose one that reaches you" in html
    assert (ticked(html, "orders"), ticked(html, "money")) == ({"SMS"}, {"PUSH"})
    assert 'value="21:15"' in html
    assert not Preferences.objects.filter(user=person).exists()


def test_a_channel_that_can_not_be_used_is_neither_asked_nor_lost(page: Callable[..., Any], person: User) -> None:
    page(orders=["SMS"], money=["EMAIL"])
    User.objects.filter(pk=person.pk).update(phone=None)
    assert ticked(page().content.decode(), "orders") == set()
    page(orders=["EMAIL"], money=["EMAIL"])
    assert kept(person).channels["ORDERS"] == ["EMAIL", "SMS"]


def test_a_form_without_channels_switches_nothing_off(page: Callable[..., Any], person: User) -> None:
    page(orders=["SMS"], money=["EMAIL"])
    assert page(asks_channels="", slot="EVENING").status_code == 302
    assert (kept(person).slot, kept(person).channels["ORDERS"]) == ("EVENING", ["SMS"])


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        ("23:00", "05:00", 302),
        ("07:00", "07:00", 302),
        ("", "", 302),
        ("23:00", "", 422),
        ("", "05:00", 422),
        ("25:00", "05:00", 422),
    ],
)
def test_quiet_hours_are_two_times_or_none(
    page: Callable[..., Any], person: User, start: str, end: str, status: int
) -> None:
    answer = page(money=["EMAIL"], quiet_from=start, quiet_until=end)
    assert answer.status_code == status
    if status == 422:
        assert f'value="{start or end}"' in answer.content.decode()


def test_consent_is_kept_with_its_time(page: Callable[..., Any], person: User, at: Callable[[str], datetime]) -> None:
    agreed = at("2026-01-30T10:00+05:30")
    page(money=["EMAIL"], newsletter="on")
    at("2026-02-10T10:00+05:30")
    page(money=["EMAIL"], newsletter="on", slot="EVENING")
    assert kept(person).newsletter_at == agreed, "saying it again is no other consent"
    assert "You agreed on 30 January 2026" in page().content.decode()
    took_back = at("2026-02-11T10:00+05:30")
    page(money=["EMAIL"])
    assert (kept(person).newsletter, kept(person).newsletter_at) == (False, took_back)


# -- the way out of mails --------------------------------------------------------------------------------------------


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    with mail_server(settings, Mailbox()) as box:
        yield box


@pytest.mark.django_db(transaction=True)
def test_one_tap_ends_mails_of_a_group(at: Callable[[str], datetime], mailbox: Mailbox) -> None:
    at("2026-01-30T20:00+05:30")
    world: World = small_world()
    person: User = UserFactory(email="meera@example.com")
    door = AddressFactory(user=person, pincode=world.pincode.code)
    orders = [buy(world, buyer=Buyer(user_id=person.pk), address=door).order for _ in range(2)]
    pump.drain()
    send_queued()
    [receipt] = [mail for mail in mailbox.mails if mail["To"] == "meera@example.com"][:1]
    assert receipt["List-Unsubscribe"] is None, "a receipt can't be switched off"
    at("2026-01-31T06:30+05:30")
    first, second = (Delivery.objects.get(order=order) for order in orders)
    for delivery in (first, second):
        pack_order(delivery.order_id, by=STAFF)
    mailbox.mails.clear()
    mark_picked_up(first.pk, by=STAFF)
    pump.drain()
    send_queued()
    [mail] = mailbox.mails
    link = mail["List-Unsubscribe"].strip().strip("<>")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in text_of(mail)
    assert link in html_of(mail)
    path = "/" + link.split("/", 3)[3]
    stranger = Client(enforce_csrf_checks=True)
    assert stranger.get(path).status_code == 200
    assert Preferences.objects.filter(user=person).first() is None, "a look changes nothing"
    assert stranger.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert stranger.post(path).status_code == 200, "twice is no error"
    assert kept(person).channels == {"DELIVERIES": ["PUSH"]}
    mark_picked_up(second.pk, by=STAFF)
    pump.drain()
    told = Notification.objects.filter(kind="out_for_delivery", data__order_id=second.order_id)
    assert list(told.values_list("channel", flat=True)) == ["IN_APP"]


@pytest.mark.django_db
def test_a_link_that_is_not_ours_ends_nothing(person: User) -> None:
    good = stop_url(person.pk, Group.ORDERS).rstrip("/").rpartition("/")[2]
    forged = signing.dumps([person.pk, "ORDERS"], salt="other")
    money = signing.dumps([person.pk, "MONEY"], salt=SALT)
    for token in (good[:-1], good + "x", forged, money, "x" * 300, signing.dumps("x", salt=SALT)):
        assert stop_of(token) is None
        assert Client().post(f"/notifications/unsubscribe/{token}/").status_code == 404
    gone = stop_url(person.pk + 1000, Group.ORDERS).rstrip("/").rpartition("/")[2]
    assert Client().post(f"/notifications/unsubscribe/{gone}/").status_code == 404
    assert not Preferences.objects.exists()
