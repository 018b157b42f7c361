"""What a dairy sees of claims about its goods."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from milkdelivery.core.actors import Role
from tests.factories.accounts import UserFactory
from tests.factories.vendors import VendorMemberFactory
from tests.factories.world import small_world
from tests.orders.claiming import brought, claim_of
from tests.shop.visitor import text_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_dairy_sees_what_was_wrong_with_its_own_goods_and_no_kitchen(at: Callable[[str], datetime]) -> None:
    at("2026-01-31T08:00+05:30")
    world = small_world()
    order = brought(world)
    claim_of(order, 1, words="It smelled.", photo=None)
    own, others = (UserFactory(role=Role.VENDOR) for _ in range(2))
    VendorMemberFactory(vendor=world.vendor, user=own)
    VendorMemberFactory(user=others)
    pages = []
    for user in (own, others):
        client = Client()
        client.force_login(user)
        pages.append(text_of(client.get("/vendor/")))
    assert order.number in pages[0]
    assert "Spoiled, sour or past its date" in pages[0]
    assert "It smelled" not in pages[0]
    assert "What households said was wrong" not in pages[1]
