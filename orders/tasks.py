"""What the worker does for orders. Each is safe to run twice: it looks for what is open by state."""

from datetime import date, timedelta

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.jobs import enqueue, one_by_one
from orders import actions
from orders.models import Claim, Hold, Order, VendorAnswer
from orders.photos import forget_photo, old_photos
from orders.queries import open_work_of
from vendors.models import Vendor

_SELF = Actor.system("failover")
_HOLDS = Actor.system("holds")
LOST_AFTER = timedelta(days=1)
"""Of real time: longer than a form with a photo can be sent again (`orders.tokens.KEPT_VALID_FOR`)."""
CHUNK = timedelta(seconds=30)
"""Of real time, after which the rest becomes a task of its own."""


def move_work_on(vendor_id: int, kind: str, reason: str = "", day: str = "", after: int = 0) -> None:
    """Give what a dairy has not packed (of one day, if given) to others, an order at a time, from order `after` on.

    A dairy that was switched on again meanwhile keeps what it still has. An order that can't be moved holds up no
    other: what it raised is raised at the end, so that the task is tried again.
    """
    until = clock.real_now() + CHUNK
    on = date.fromisoformat(day) if day else None
    failed: Exception | None = None
    for order_id in open_work_of(vendor_id, on=on, now=clock.now(), in_time_only=on is not None, after=after):
        if clock.real_now() >= until:
            enqueue("orders.tasks.move_work_on", vendor_id, kind, reason, day, after)
            break
        if kind == VendorAnswer.Kind.STOPPED and Vendor.objects.active().filter(pk=vendor_id).exists():
            break
        try:
            actions.give_up_order(order_id, vendor_id, kind=kind, reason=reason, by=_SELF)
        except Exception as problem:
            failed = problem
        after = order_id
    if failed:
        raise failed


def fill_short_supply(vendor_id: int, variant_id: int, references: list[str]) -> None:
    """A dairy's milk came in short: these orders get the rest from others, an order at a time.

    As `move_work_on` with one that can't be moved.
    """
    until = clock.real_now() + CHUNK
    failed: Exception | None = None
    orders = Order.objects.filter(number__in=references).order_by("pk").values_list("pk", "number")
    for place, (order_id, _number) in enumerate(orders):
        if place and clock.real_now() >= until:
            left = [number for _pk, number in orders[place:]]
            enqueue("orders.tasks.fill_short_supply", vendor_id, variant_id, left)
            break
        try:
            actions.fill_what_is_missing(order_id, vendor_id=vendor_id, variant_id=variant_id, by=_SELF)
        except Exception as problem:
            failed = problem
    if failed:
        raise failed


def cancel_lapsed_holds() -> int:
    """Cancel what was on hold until its cut-off, an order at a time; how many."""
    due = list(Hold.objects.due(clock.now()).order_by("keep_until", "pk").values_list("order_id", flat=True))
    return one_by_one(due, lambda order_id: actions.cancel_lapsed_hold(order_id, by=_HOLDS))


def clean_claim_photos() -> int:
    """Delete the photos of claims that were never sent, a day after; how many. Safe to run twice."""
    old = old_photos(before=clock.real_now() - LOST_AFTER)
    lost = old.difference(Claim.objects.filter(photo__in=old).values_list("photo", flat=True))
    for stem in sorted(lost):
        forget_photo(stem)
    return len(lost)


def forget_claim_photo(stem: str) -> None:
    """Delete the file of a claim whose household was erased. Safe to run twice."""
    forget_photo(stem)
