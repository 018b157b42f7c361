"""What the worker does for the catalogue."""

from time import monotonic

from catalog import actions
from milkdelivery.core.models import Region

SECONDS_PER_RUN = 30
"""Well under what the queue lets a task run; the next run goes on."""


def forget_picture(stem: str) -> None:
    """Delete the files of a removed picture. Safe to run twice."""
    actions.forget_picture(stem)


def clean_pictures() -> int:
    """Delete the files of pictures that nobody points at; how many pictures. Safe to run twice and together."""
    until = monotonic() + SECONDS_PER_RUN
    gone = 0
    for stem in actions.lost_pictures():
        if monotonic() > until:
            break
        actions.forget_picture(stem)
        gone += 1
    return gone


def tell_untaxed_packs() -> int:
    """Tell staff of packs that can't be sold for want of a tax rate; how many are new. Safe to run twice."""
    return sum(actions.tell_untaxed(region) for region in Region.objects.order_by("pk"))
