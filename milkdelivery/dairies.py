"""Which dairies come where, kept in memory: every page of the shop asks."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.cache import caches

from milkdelivery.core.edition import edition
from vendors.queries import active_vendors, vendors_serving

FRESH_FOR = 30
"""Seconds."""


def dairies_at(code: str | None) -> Mapping[int, str]:
    """The names of the dairies that serve a pincode (all, without one), by key. The code is one that we know."""
    name = f"dairies.{edition()}.{code or ''}"
    kept: dict[int, str] | None = caches["local"].get(name)
    if kept is None:
        vendors = vendors_serving(code) if code else active_vendors()
        kept = dict(vendors.order_by("name").values_list("pk", "name"))
        caches["local"].set(name, kept, FRESH_FOR)
    return kept
