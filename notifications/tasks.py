"""What the worker does for notifications. Safe to run twice and at once: senders share no message."""

from time import monotonic

from django.db import transaction

from milkdelivery.core.jobs import enqueue
from notifications import actions
from notifications.actions import SEND_TASK, TELL_PROMOTION_TASK
from notifications.offers import is_tellable
from notifications.sending import LANES, send_lane
from notifications.work_letters import demands, troubles

SECONDS_PER_RUN = 20
"""With the longest that one mail may take well under what the queue lets a task run, so that a slow mail server can't
get it killed in the middle."""


def send_queued(channel: str = "") -> int:
    """Send what is due, on one channel or on all, until nothing is, the channel is out, or time is up (then another
    task goes on); how many were tried."""
    until = monotonic() + SECONDS_PER_RUN
    sent, left = 0, set()
    for lane in LANES:
        if channel in ("", lane.channel):
            tried, is_more = send_lane(lane, until=until)
            sent += tried
            left |= {lane.channel} if is_more else set()
    for each in sorted(left):
        enqueue(SEND_TASK, each)
    return sent


def tell_promotion(promotion_id: int, code_id: int | None, after: int) -> None:
    """Tell the households of a promotion, in chunks by their ids above `after`, until all are told or time is up (then
    another task goes on). Each is told once. Where it was switched off meanwhile, nobody else is."""
    until = monotonic() + SECONDS_PER_RUN
    while is_tellable(promotion_id, code_id):
        after = actions.tell_of_promotion(promotion_id, code_id, after=after)
        if not after:
            return
        if monotonic() > until:
            enqueue(TELL_PROMOTION_TASK, promotion_id, code_id, after)
            return


def tell_waiting(pincode: str) -> None:
    """Tell everybody who waits for a pincode that we come, in chunks. Each is told once."""
    while actions.tell_waiting(pincode):
        pass


def tell_demand() -> None:
    """Tell each dairy what it is to bring, once nobody can change it any more. Each is told once for a delivery."""
    with transaction.atomic():
        actions.queue(demands())


def tell_troubles() -> None:
    """Tell staff what they should look at: each cause once a day."""
    with transaction.atomic():
        actions.queue(troubles())
