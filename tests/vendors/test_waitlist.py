"""Where we don't come yet: whoever asks is told once, when we do."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from deliveries.actions import refresh_served_pincodes
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import Event, Pincode
from milkdelivery.core.queries import forget_region_book, region_book
from notifications.letters import NoLongerSo, write
from notifications.models import Notification
from notifications.tasks import tell_waiting
from tests.factories.core import PincodeFactory
from tests.factories.deliveries import HubAreaFactory
from tests.factories.vendors import ServiceAreaFactory
from tests.factories.world import World, small_world
from vendors.links import leave_url, read_leave
from vendors.models import Waiting
from vendors.queries import waiting_by_pincode

pytestmark = pytest.mark.django_db

PAGE, API = "/waitlist/", "/api/v1/waitlist/"
BY = Actor.system("tests")
NEW = "560099"


@pytest.fixture
def world() -> World:
    return small_world()


def led_off(text: str) -> int | None:
    """The entry that the link in a message leads off the list. (The link itself tells the second it was made.)"""
    (token,) = re.findall(r"/waitlist/leave/([^/\s]+)/", text)
    return read_leave(token)


def ask(client: Client, contact: str = "asha@example.com", pincode: str = NEW) -> int:
    return client.post(PAGE, {"pincode": pincode, "contact": contact}).status_code


def open_up(world: World, code: str = NEW) -> None:
    pincode = PincodeFactory(region=world.region, code=code, name="Bommanahalli")
    HubAreaFactory(hub=world.hub, pincode=pincode)
    ServiceAreaFactory(vendor=world.vendor, pincode=pincode)
    refresh_served_pincodes(by=BY)
    forget_region_book()


def open_elsewhere(world: World, code: str = NEW) -> None:
    """As another process does it: this one keeps the region book that it read before."""
    region_book()
    (pincode,) = Pincode.objects.bulk_create([PincodeFactory.build(region=world.region, code=code)])
    HubAreaFactory(hub=world.hub, pincode=pincode)
    ServiceAreaFactory(vendor=world.vendor, pincode=pincode)
    refresh_served_pincodes(by=BY)


def tell(drain: Callable[[], int]) -> list[str]:
    drain()
    tell_waiting(NEW)
    return sorted(Notification.objects.filter(kind="area_opened").values_list("address", flat=True))


def test_the_page_of_an_unserved_pincode_offers_it(world: World, client: Client) -> None:
    page = client.post("/pincode/", {"pincode": NEW})
    assert page.status_code == 422
    assert f'action="{PAGE}"' in page.content.decode()


def test_who_is_told_that_we_come_is_believed_at_once(world: World, client: Client, drain: Callable[[], int]) -> None:
    ask(client)
    open_elsewhere(world)
    assert NEW not in region_book().pincodes
    assert tell(drain) == ["asha@example.com"]
    assert client.get("/api/v1/serviceability/", {"pincode": NEW}).json()["is_served"]
    assert client.post("/pincode/", {"pincode": NEW}).status_code == 302
    assert (
        f"We come to {NEW} already." in client.post(PAGE, {"pincode": NEW, "contact": "b@example.com"}).content.decode()
    )


def test_a_served_pincode_costs_no_query(world: World, django_assert_num_queries: Any) -> None:
    book = region_book()
    with django_assert_num_queries(0):
        assert book.pincode(world.pincode.code) is not None
    with django_assert_num_queries(1):
        assert book.pincode("999999") is None
    with django_assert_num_queries(0):
        assert book.pincode("no pincode") is None


def test_whoever_asks_twice_waits_once_and_reads_the_same(world: World, client: Client) -> None:
    answers = [
        client.post(PAGE, {"pincode": NEW, "contact": text}) for text in ("asha@example.com", " ASHA@example.com ")
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content.decode().split("</main>")[0] == answers[1].content.decode().split("</main>")[0]
    assert Waiting.objects.get().contact == "asha@example.com"
    assert Event.objects.filter(name="waitlist.joined").count() == 1


def test_the_app_asks_in_the_same_way(world: World, client: Client) -> None:
    for _time in range(2):
        answer = client.post(API, {"pincode": NEW, "contact": "98123 45678"}, content_type="application/json")
        assert answer.status_code == 202
    assert Waiting.objects.get().contact == "+919812345678"


@pytest.mark.parametrize(
    ("pincode", "contact", "words"),
    [
        ("12", "asha@example.com", "six digits"),
        ("560034", "asha@example.com", "We come to 560034 already"),
        (NEW, "asha@", "not complete"),
        (NEW, "", "Enter an e-mail address or a phone number"),
        (NEW, "x" * 300, "at most 254"),
    ],
)
def test_what_can_not_be_is_told_at_its_field(
    world: World, client: Client, pincode: str, contact: str, words: str
) -> None:
    page = client.post(PAGE, {"pincode": pincode, "contact": contact})
    assert page.status_code == 422
    assert words in page.content.decode()
    assert f'value="{pincode}"' in page.content.decode(), "nothing typed is lost"
    answer = client.post(API, {"pincode": pincode, "contact": contact}, content_type="application/json")
    assert answer.status_code == 400
    assert Waiting.objects.count() == 0


def test_when_we_come_everybody_who_waits_is_told_once(world: World, client: Client, drain: Callable[[], int]) -> None:
    ask(client, "asha@example.com")
    ask(client, "98123 45678")
    ask(client, "else@example.com", "560100")
    open_up(world)
    assert tell(drain) == ["+919812345678", "asha@example.com"]
    refresh_served_pincodes(by=BY)
    assert tell(drain) == ["+919812345678", "asha@example.com"]
    assert Event.objects.filter(name="pincode.opened", data__pincode=NEW).count() == 1
    assert dict(waiting_by_pincode()) == {"560100": 1}


def test_the_message_says_where_and_leads_off_the_list(world: World, client: Client, drain: Callable[[], int]) -> None:
    ask(client)
    open_up(world)
    tell(drain)
    message = write(Notification.objects.get(kind="area_opened"))
    assert NEW in message.subject
    assert led_off(message.text) == Waiting.objects.get().pk


def test_a_place_that_closed_again_is_not_announced(world: World, client: Client, drain: Callable[[], int]) -> None:
    ask(client)
    open_up(world)
    tell(drain)
    world.vendor.service_areas.filter(pincode__code=NEW).delete()
    refresh_served_pincodes(by=BY)
    with pytest.raises(NoLongerSo):
        write(Notification.objects.get(kind="area_opened"))


def test_a_mailbox_hears_that_it_was_put_on_the_list(world: World, client: Client, drain: Callable[[], int]) -> None:
    ask(client, "asha@example.com")
    ask(client, "98123 45678")
    drain()
    note = Notification.objects.get(kind="waitlist_joined")
    assert note.address == "asha@example.com"
    assert led_off(write(note).text) == note.data["waiting_id"]


def test_the_link_asks_before_it_forgets(world: World, client: Client) -> None:
    ask(client)
    link = leave_url(Waiting.objects.get().pk).removeprefix("http://localhost:8000")
    path = "/waitlist/" + link.partition("/waitlist/")[2]
    assert client.get(path).status_code == 200
    assert Waiting.objects.count() == 1
    for _time in range(2):
        assert client.post(path).status_code == 200
    assert Waiting.objects.count() == 0
    assert client.get("/waitlist/leave/made-up/").status_code == 404


def test_asking_too_often_is_refused_with_what_was_typed(world: World, client: Client) -> None:
    for number in range(20):
        assert ask(client, f"a{number}@example.com") == 200
    page = client.post(PAGE, {"pincode": NEW, "contact": "late@example.com"})
    assert page.status_code == 429
    assert "late@example.com" in page.content.decode()
    assert not Waiting.objects.filter(contact="late@example.com").exists()
