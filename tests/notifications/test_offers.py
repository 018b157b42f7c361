"""Households are told of an offer: those who agreed and can use it, once, not at night, with a way out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from accounts.models import Preferences, User
from catalog.actions.promotions import save_code, switch_promotion
from catalog.models import PromoCode, Promotion
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import Event
from notifications.actions import announce_promotion, tell_of_promotion
from notifications.models import Notification
from notifications.offers import NotTellable, reach_of, readers_of
from notifications.tasks import send_queued, tell_promotion
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.orders import confirmed_order
from tests.factories.promotions import PromoCodeFactory, PromotionFactory
from tests.factories.world import World, small_world
from tests.notifications.mail_server import Mailbox, html_of, mail_server, text_of

pytestmark = pytest.mark.django_db(transaction=True)

STAFF = Actor.system("tests")


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at("2026-01-30T12:00+05:30")
    return small_world()


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    with mail_server(settings, Mailbox()) as box:
        yield box


@pytest.fixture
def code(world: World) -> PromoCode:
    promotion = PromotionFactory(name="Monsoon milk", region=world.region, percent=10)
    found: PromoCode = PromoCodeFactory(promotion=promotion, code="MONSOON", total_limit=None)
    return found


@pytest.fixture
def admin(world: World) -> Client:
    client = Client()
    client.force_login(UserFactory(role=Role.ADMIN), backend="accounts.signin.backend.ContactBackend")
    return client


def reader(email: str | None, *, agreed: bool = True, pincode: str = "560034", **fields: Any) -> User:
    person: User = UserFactory(email=email, **({"phone": "+919845077777"} if email is None else {}))
    AddressFactory(user=person, pincode=pincode)
    Preferences.objects.update_or_create(user=person, defaults={"newsletter": agreed, **fields})
    return person


def tell(code: PromoCode) -> None:
    """As the worker does, once the button is pressed."""
    announce_promotion(code.promotion_id, code_id=code.pk, by=STAFF)
    tell_promotion(code.promotion_id, code.pk, 0)
    send_queued()


def who(promotion: Promotion) -> set[str]:
    return {str(person.email) for person in readers_of(promotion.pk)}


# -- who -------------------------------------------------------------------------------------------------------------


def test_only_who_agreed_lives_there_and_has_an_account(world: World, code: PromoCode) -> None:
    reader("yes@example.com")
    reader("no@example.com", agreed=False)
    reader("far@example.com", pincode="110001")
    gone = reader("gone@example.com")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    homeless = UserFactory(email="new@example.com")
    Preferences.objects.create(user=homeless, newsletter=True)
    assert who(code.promotion) == {"yes@example.com", "new@example.com"}


def test_not_who_has_had_it_as_often_as_one_may(world: World, code: PromoCode) -> None:
    person = reader("yes@example.com")
    Promotion.objects.filter(pk=code.promotion_id).update(per_user_limit=1)
    assert who(code.promotion) == {"yes@example.com"}
    code.promotion.redemptions.create(code=code, reference="M1", user=person, amount=100, currency="INR")
    assert who(code.promotion) == set()


def test_a_first_order_is_not_offered_to_whoever_has_ordered(world: World, code: PromoCode) -> None:
    Promotion.objects.filter(pk=code.promotion_id).update(is_first_order_only=True)
    Preferences.objects.update_or_create(user=world.customer, defaults={"newsletter": True})
    assert readers_of(code.promotion_id).filter(pk=world.customer.pk).exists()
    confirmed_order(customer=world.customer, basket=[(world.milk, 1)], slot=world.morning)
    assert not readers_of(code.promotion_id).filter(pk=world.customer.pk).exists()


# -- the letter ------------------------------------------------------------------------------------------------------


def test_a_mail_with_a_way_out_and_a_line_under_the_bell(world: World, code: PromoCode, mailbox: Mailbox) -> None:
    person = reader("yes@example.com")
    tell(code)
    [mail] = mailbox.mails
    assert mail["To"] == "yes@example.com"
    assert mail["Subject"] == "Monsoon milk: 10 % off"
    for text in (text_of(mail), html_of(mail)):
        assert "MONSOON" in text
        assert "/shop/" in text
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    bell = Notification.objects.get(recipient=person, channel="IN_APP")
    assert (bell.status, bell.subject) == ("SENT", "Monsoon milk: 10 % off")
    assert "MONSOON" in bell.body

    path = urlsplit(mail["List-Unsubscribe"].strip().strip("<>")).path
    assert Client().post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not Preferences.objects.get(user=person).newsletter
    other = PromoCodeFactory(promotion=PromotionFactory(region=world.region, percent=20), code="MORE", total_limit=None)
    tell(other)
    assert len(mailbox.mails) == 1


def test_once_per_person_and_promotion_whoever_presses(world: World, code: PromoCode, mailbox: Mailbox) -> None:
    reader("yes@example.com")
    tell(code)
    reader("later@example.com")
    tell(code)
    tell_promotion(code.promotion_id, code.pk, 0)
    send_queued()
    assert sorted(mailbox.recipients) == ["later@example.com", "yes@example.com"]
    assert Event.objects.filter(name="promotion.announced").count() == 2
    assert reach_of(code.promotion_id).new == 0
    assert reach_of(code.promotion_id).told == 2


def test_without_a_proven_address_it_is_under_the_bell_alone(world: World, code: PromoCode, mailbox: Mailbox) -> None:
    person = reader(None)
    User.objects.filter(pk=person.pk).update(contact_email="typed@example.com")
    assert (reach_of(code.promotion_id).by_mail, reach_of(code.promotion_id).in_app_only) == (0, 1)
    tell(code)
    assert mailbox.recipients == []
    assert list(Notification.objects.values_list("channel", "status")) == [("IN_APP", "SENT")]


def test_nobody_is_woken(world: World, code: PromoCode, mailbox: Mailbox, at: Callable[[str], datetime]) -> None:
    reader("yes@example.com")
    at("2026-01-30T23:30+05:30")
    tell(code)
    assert mailbox.recipients == []
    assert Notification.objects.get(channel="EMAIL").status == "QUEUED"
    at("2026-01-31T06:01+05:30")
    Notification.objects.filter(status="QUEUED").update(next_attempt_at=clock.real_now())
    send_queued()
    assert mailbox.recipients == ["yes@example.com"]


@pytest.mark.parametrize("end", ["off", "over", "used up", "code off", "no consent"])
def test_what_is_no_longer_so_is_not_sent(
    world: World, code: PromoCode, mailbox: Mailbox, at: Callable[[str], datetime], end: str
) -> None:
    person = reader("yes@example.com")
    at("2026-01-30T23:30+05:30")
    tell(code)
    promotion = code.promotion
    if end == "off":
        switch_promotion(promotion.pk, on=False, by=STAFF)
    elif end == "over":
        Promotion.objects.filter(pk=promotion.pk).update(ends_on=clock.today(world.region))
    elif end == "used up":
        Promotion.objects.filter(pk=promotion.pk).update(total_limit=3, used=3)
    elif end == "code off":
        code.is_active = False
        save_code(code, by=STAFF)
    else:
        Preferences.objects.filter(user=person).update(newsletter=False)
    at("2026-01-31T06:01+05:30")
    Notification.objects.filter(status="QUEUED").update(next_attempt_at=clock.real_now())
    send_queued()
    assert mailbox.recipients == []
    assert Notification.objects.get(channel="EMAIL").status == "SKIPPED"


def test_what_nobody_could_use_is_not_told(world: World, code: PromoCode) -> None:
    reader("yes@example.com")
    limited = PromoCodeFactory(promotion=code.promotion, code="ONCE", total_limit=1)
    for code_id in (None, limited.pk):
        with pytest.raises(NotTellable) as refused:
            announce_promotion(code.promotion_id, code_id=code_id, by=STAFF)
        assert refused.value.field == "code"
    switch_promotion(code.promotion_id, on=False, by=STAFF)
    with pytest.raises(NotTellable):
        announce_promotion(code.promotion_id, code_id=code.pk, by=STAFF)
    tell_promotion(code.promotion_id, code.pk, 0)
    assert not Notification.objects.exists()
    assert not Event.objects.filter(name="promotion.announced").exists()


def test_many_are_told_in_chunks_and_a_second_worker_tells_nobody_twice(
    world: World, code: PromoCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tell_of_promotion, "__kwdefaults__", {"limit": 2})
    people = [reader(f"reader{number}@example.com") for number in range(5)]
    tell_promotion(code.promotion_id, code.pk, 0)
    tell_promotion(code.promotion_id, code.pk, people[1].pk)
    assert Notification.objects.filter(channel="EMAIL").count() == 5
    assert Notification.objects.filter(channel="IN_APP").count() == 5


def test_offers_keep_no_receipt_waiting(world: World, code: PromoCode, mailbox: Mailbox) -> None:
    for number in range(3):
        reader(f"reader{number}@example.com")
    announce_promotion(code.promotion_id, code_id=code.pk, by=STAFF)
    tell_promotion(code.promotion_id, code.pk, 0)
    welcome = Notification.objects.create(
        kind="welcome",
        role="CUSTOMER",
        recipient=world.customer,
        channel="EMAIL",
        address="first@example.com",
        dedupe_key="w",
        created_at=clock.now(),
        next_attempt_at=clock.real_now() + timedelta(milliseconds=1),
    )
    due_first = Notification.objects.filter(kind="promotion").exclude(next_attempt_at=None)
    assert due_first.filter(next_attempt_at__lt=welcome.next_attempt_at).count() == 6
    send_queued("EMAIL")
    assert mailbox.recipients[0] == "first@example.com"
    assert len(mailbox.recipients) == 4


# -- the button ------------------------------------------------------------------------------------------------------


def test_the_button_says_first_who_gets_what(world: World, code: PromoCode, admin: Client, mailbox: Mailbox) -> None:
    reader("yes@example.com")
    reader(None)
    reader("no@example.com", agreed=False)
    url = f"/admin/catalog/promotion/{code.promotion_id}/tell/"
    page = admin.get(url)
    html = page.content.decode()
    assert "Monsoon milk: 10 % off" in html
    assert "MONSOON" in html
    facts = dict(page.context["question"].facts)
    assert (facts["By mail and under the bell"], facts["Under the bell alone"]) == (1, 1)
    assert "&lt;p" not in html, "the letter's lines are lines, not marks of HTML"
    assert not Notification.objects.exists(), "a look tells nobody"
    limited = PromoCodeFactory(promotion=code.promotion, code="ONCE", total_limit=1)
    wrong = admin.post(url, {"code": limited.pk})
    assert wrong.status_code == 200
    assert not Event.objects.filter(name="promotion.announced").exists()
    done = admin.post(url, {"code": code.pk}, follow=True)
    assert "2 households are told." in done.content.decode()
    tell_promotion(code.promotion_id, code.pk, 0)
    again = admin.get(url, follow=True)
    assert "was told already" in again.content.decode()


def test_a_manager_does_not_tell(world: World, code: PromoCode) -> None:
    manager = Client()
    manager.force_login(UserFactory(role=Role.MANAGER), backend="accounts.signin.backend.ContactBackend")
    assert manager.post(f"/admin/catalog/promotion/{code.promotion_id}/tell/", {"code": code.pk}).status_code == 403
    assert not Event.objects.filter(name="promotion.announced").exists()
