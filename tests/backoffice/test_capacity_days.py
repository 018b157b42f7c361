"""A dairy's coming days in the back office: what is typed is saved, unless somebody else was faster."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from tests.factories.world import World
from vendors.actions import set_day_limit
from vendors.models import CapacityUse

pytestmark = pytest.mark.django_db

HIDDEN = re.compile(r'<input type="hidden" name="([\d-]+-seen_\w+)"(?: value="([^"]*)")?')


@pytest.fixture
def url(world: World) -> str:
    return reverse("admin:vendors_vendor_days", args=(world.vendor.pk,))


def opened(client: Client, url: str) -> dict[str, str]:
    """What a tab sends that was opened just now and has nothing typed: the fields as the page shows them."""
    return tab(client.get(url).content.decode())


def tab(page: str) -> dict[str, str]:
    seen = dict(HIDDEN.findall(page))
    assert seen
    return seen | {name.replace("seen_limit", "order_limit").replace("seen_note", "note"): seen[name] for name in seen}


def limits(world: World) -> list[tuple[int | None, str]]:
    return list(CapacityUse.objects.filter(vendor=world.vendor).order_by("date").values_list("order_limit", "note"))


def test_days_are_saved_as_typed(admin_client: Client, world: World, url: str) -> None:
    first, second = (clock.today(world.region) + timedelta(days=ahead) for ahead in (1, 2))
    typed = {f"{first}-order_limit": "40", f"{first}-note": "Pongal", f"{second}-order_limit": "0"}
    answer = admin_client.post(url, opened(admin_client, url) | typed, follow=True)
    assert "2 days were changed" in answer.content.decode()
    assert limits(world) == [(40, "Pongal"), (0, "")]


def test_the_older_of_two_tabs_is_told_and_saves_nothing(admin_client: Client, world: World, url: str) -> None:
    first, second = (clock.today(world.region) + timedelta(days=ahead) for ahead in (1, 2))
    older = opened(admin_client, url)
    admin_client.post(url, opened(admin_client, url) | {f"{first}-order_limit": "40", f"{first}-note": "Pongal"})
    typed = {f"{first}-order_limit": "70", f"{second}-order_limit": "20"}
    answer = admin_client.post(url, older | typed)
    page = answer.content.decode()
    assert "Somebody else changed this day meanwhile: it takes 40 now (Pongal)." in page
    assert limits(world) == [(40, "Pongal")]
    assert 'value="70"' in page  # what was typed is not lost
    assert 'value="20"' in page
    knowing = tab(page) | typed | {f"{first}-note": ""}
    assert admin_client.post(url, knowing).status_code == 302
    assert limits(world) == [(70, ""), (20, "")]


def test_a_day_that_was_not_touched_keeps_what_the_other_tab_saved(
    admin_client: Client, world: World, url: str
) -> None:
    first, second = (clock.today(world.region) + timedelta(days=ahead) for ahead in (1, 2))
    older = opened(admin_client, url)
    set_day_limit(world.vendor.pk, on=first, order_limit=40, note="Pongal", by=Actor.system("tests"))
    assert admin_client.post(url, older | {f"{second}-order_limit": "20"}).status_code == 302
    assert limits(world) == [(40, "Pongal"), (20, "")]


def test_two_tabs_that_want_the_same_are_both_right(admin_client: Client, world: World, url: str) -> None:
    first = clock.today(world.region) + timedelta(days=1)
    older = opened(admin_client, url)
    for _tab in range(2):
        assert admin_client.post(url, older | {f"{first}-order_limit": "40"}).status_code == 302
    assert limits(world) == [(40, "")]
