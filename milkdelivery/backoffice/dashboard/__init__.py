"""The first page: what waits for somebody, the most urgent first; today and tomorrow; the last two weeks.

Every number leads to exactly the list that it counts. What a role may not open it is not told of.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from inventory.models import Stock
from milkdelivery.backoffice.dashboard.days import Day, Part, days_of
from milkdelivery.backoffice.dashboard.waiting import HeldOrder, Tile, held_orders, low_stock, tiles_for
from milkdelivery.backoffice.dashboard.weeks import Bar, Weeks, weeks_of
from milkdelivery.backoffice.frame import list_url
from milkdelivery.core import clock
from milkdelivery.core.queries import region_book
from orders.models import Order

__all__ = ["Bar", "Day", "HeldOrder", "Part", "Tile", "Weeks", "fill"]


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The context of the first page, in fifteen queries, however much there is."""
    regions = list(region_book().regions.values())
    today = [(region, clock.today(region)) for region in regions]
    may_see_orders = request.user.has_perm("orders.view_order")
    weeks = weeks_of(today) if may_see_orders else []
    tiles = tiles_for(request, today)
    context.update(
        tiles=tiles,
        waiting=[tile for tile in tiles if tile.value],
        calm=[tile for tile in tiles if not tile.value],
        days=days_of(today, weeks) if may_see_orders else [],
        weeks=[each for each in weeks if each.is_worth_showing],
        held=held_orders() if may_see_orders else [],
        held_url=list_url(Order, status__exact=Order.Status.ON_HOLD),
        low_stock=low_stock() if request.user.has_perm("inventory.view_stock") else None,
        low_stock_url=list_url(Stock, level="LOW"),
        has_many_regions=len(regions) > 1,
    )
    return context
