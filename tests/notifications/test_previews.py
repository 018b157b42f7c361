"""Managers look at what each message is like; nothing is sent and no secret shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client

from cart.actions import Buyer
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.eventlog import pump
from notifications.models import Notification
from notifications.previews import SHOWN, channels_of, preview
from notifications.tasks import send_queued
from orders.actions import hold_order
from tests.cart.shopping import buy
from tests.factories.accounts import UserFactory
from tests.factories.world import World, small_world

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = "/admin/notifications/notification/previews/"
STAFF = Actor.system("tests")


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-30T20:00+05:30")
    return small_world()


@pytest.fixture
def manager(world: World) -> Client:
    client = Client()
    client.force_login(UserFactory(role=Role.MANAGER), backend="accounts.signin.backend.ContactBackend")
    return client


def test_every_kind_channel_and_language_has_a_page(world: World, manager: Client) -> None:
    listed = manager.get(ROOT).content.decode()
    for kind in SHOWN:
        for channel in channels_of(kind):
            assert f"{ROOT}{kind}/{channel}/en/" in listed
            for language, _name in settings.LANGUAGES:
                assert preview(kind, channel, language) is None or kind == "welcome", "there is no record yet"
    assert manager.get(f"{ROOT}near/SMS/en/").status_code == 200
    for wrong in ("nonsense/EMAIL/en/", "near/PIGEON/en/", "near/SMS/xx/", "held_order/SMS/en/", "sign_in/EMAIL/en/"):
        assert manager.get(f"{ROOT}{wrong}").status_code == 404


def test_it_is_the_latest_that_fits(world: World, manager: Client) -> None:
    first = buy(world).order
    second = buy(world, buyer=Buyer(name="Ravi", email="ravi@example.com")).order
    hold_order(first.pk, reason="looks odd", by=STAFF)
    pump.drain()
    send_queued()
    sent = len(mail.outbox)
    rows = Notification.objects.count()
    page = manager.get(f"{ROOT}order_confirmed/EMAIL/en/").content.decode()
    assert f"Order {second.number} is confirmed" in page
    assert "About the latest record that it was told of" in page
    held = manager.get(f"{ROOT}order_held/SMS/hi/").content.decode()
    assert first.number in held
    approved = manager.get(f"{ROOT}order_approved/IN_APP/en/").content.decode()
    assert "It was not told of that one" in approved
    assert second.number in approved
    assert (len(mail.outbox), Notification.objects.count()) == (sent, rows)


def test_no_link_in_it_leads_anywhere(world: World, manager: Client) -> None:
    buy(world)
    pump.drain()
    letter = manager.get(f"{ROOT}order_confirmed/en/letter.html")
    assert letter.status_code == 200
    html = letter.content.decode()
    assert set(re.findall(r'href="([^"]*)"', html)) == {"#"}
    assert "sandbox" in letter["Content-Security-Policy"]
    assert letter["X-Frame-Options"] == "SAMEORIGIN"
    page = manager.get(f"{ROOT}order_confirmed/EMAIL/en/").content.decode().partition("<pre")[2].partition("</pre")[0]
    assert "Thank you" in page
    for secret in ("/track/", "/orders/claim/"):
        assert secret not in page + html


def test_a_household_does_not_look(world: World) -> None:
    client = Client()
    client.force_login(world.customer, backend="accounts.signin.backend.ContactBackend")
    assert client.get(ROOT).status_code == 403
