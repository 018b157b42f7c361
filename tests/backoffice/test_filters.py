"""Filters of lists by instants: in the time that the page shows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from notifications.models import Notification
from tests.factories.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def night(world: World) -> Notification:
    """Half past midnight of 2 May in India, still 1 May in Greenwich."""
    return Notification.objects.create(
        role="CUSTOMER",
        kind="delivered",
        channel="EMAIL",
        address="a@example.com",
        dedupe_key="night",
        created_at=datetime(2026, 5, 1, 19, 0, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ({"from_0": "2026-05-02", "from_1": "00:00:00", "to_0": "2026-05-02", "to_1": "01:00:00"}, True),
        ({"from_0": "2026-05-02", "to_0": "2026-05-02"}, True),
        ({"from_0": "2026-05-02", "from_1": "00:31"}, False),
        ({"to_0": "2026-05-01"}, False),
        ({"from_0": "no date", "from_1": "25:99"}, True),
        ({"from_1": "12:00"}, True),
    ],
)
def test_a_range_is_meant_in_the_time_of_the_page(
    sent: dict[str, str], found: bool, manager_client: Client, night: Notification
) -> None:
    query = {f"created_at_{name}": value for name, value in sent.items()}
    page = manager_client.get(reverse("admin:notifications_notification_changelist"), query)
    assert (night in page.context["cl"].queryset) is found
