"""Which dairies come where, kept in memory: every page of the shop asks."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.cache import caches

from milkdelivery.core.edition import edition
from milkdelivery.core.languages import as_read
from vendors.queries import active_vendors, vendors_serving

FRESH_FOR = 30
"""Seconds."""


def dairies_at(code: str | None) -> Mapping[int, str]:
    """The dairies that serve a pincode (all, without one) by key, called as whoever reads calls them.

    The code is one that we know.
    """
    name = f"dairies.{edition()}.{code or ''}"
    kept: list[tuple[int, str, str]] | None = caches["local"].get(name)
    if kept is None:
        vendors = vendors_serving(code) if code else active_vendors()
        kept = list(vendors.order_by("name").values_list("pk", "name", "name_hi"))
        caches["local"].set(name, kept, FRESH_FOR)
    return {key: as_read(*names) for key, *names in kept}
