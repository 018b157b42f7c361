"""Menus by role: nothing on them leads to a closed door, and what is the admin's is on the admin's alone."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import PriceListEntry, PromoCode, Promotion
from milkdelivery.backoffice.dashboard import fill
from milkdelivery.backoffice.frame import list_url
from milkdelivery.core.actors import Role
from milkdelivery.core.models import TaxRate
from payments.models import Seller, Webhook
from tests.backoffice.conftest import client_of
from tests.factories.orders import confirmed_order
from tests.factories.world import World

pytestmark = pytest.mark.django_db

LINK = re.compile(r'href="(/admin/[^"#]*)"')
OF_ADMINS = (PriceListEntry, Promotion, PromoCode, Seller, TaxRate, Webhook)


def links_of(client: Client, url: str) -> set[str]:
    return {unescape(link) for link in LINK.findall(client.get(url).content.decode())}


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMIN])
def test_every_link_of_the_sidebar_and_of_the_first_page_opens(role: Role, world: World) -> None:
    confirmed_order(basket=[(world.milk, 1)], slot=world.morning)
    client = client_of(role)
    links = links_of(client, reverse("admin:index"))
    assert len(links) > 30
    answers = {link: client.get(link).status_code for link in sorted(links)}
    assert {link: status for link, status in answers.items() if status not in {200, 302}} == {}


def test_what_only_admins_change_is_on_their_menu_alone(manager_client: Client, admin_client: Client) -> None:
    of_manager, of_admin = (links_of(client, reverse("admin:index")) for client in (manager_client, admin_client))
    for model in OF_ADMINS:
        assert list_url(model) not in of_manager
        assert list_url(model) in of_admin
    assert of_manager < of_admin | {reverse("admin:index")}


def test_what_only_an_admin_can_mend_waits_for_admins(manager_client: Client, admin_client: Client) -> None:
    labels = [
        {tile.label for tile in fill(client.get(reverse("admin:index")).wsgi_request, {})["tiles"]}
        for client in (manager_client, admin_client)
    ]
    assert labels[1] - labels[0] == {"Words of gateways not understood"}


@pytest.mark.parametrize("role", [Role.DRIVER, Role.VENDOR, Role.CUSTOMER])
def test_others_get_a_plain_page_that_says_so(role: Role) -> None:
    answer = client_of(role).get(reverse("admin:index"))
    assert answer.status_code == 403
    assert "This door is not yours" in answer.content.decode()
