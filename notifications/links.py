"""Addresses of our pages for messages, absolute."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from deliveries.models import Delivery
from orders.models import Order


def site_link(name: str, *args: Any) -> str:
    """The page called `name`, at the address that people know us by."""
    return f"{settings.SITE_URL}{reverse(name, args=args)}"


def link_to_tracking(delivery: Delivery) -> str:
    """For anybody who holds it: it says nothing about the household."""
    return site_link("deliveries:track", delivery.tracking_token)


def link_to_order(order: Order) -> str:
    """For somebody who can sign in."""
    return site_link("orders:detail", order.number)
