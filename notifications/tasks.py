"""What the worker does for notifications. Safe to run twice and at once: senders share no message."""

from time import monotonic

from milkdelivery.core.jobs import enqueue
from notifications import actions
from notifications.actions import SEND_TASK, claim_next
from notifications.sending import deliver

SECONDS_PER_RUN = 30
"""Well under what the queue lets a task run, so that a slow mail server can't get it killed in the middle."""


def send_queued() -> int:
    """Send what is due until nothing is, a channel is out, or time is up (then another task goes on); how many."""
    until = monotonic() + SECONDS_PER_RUN
    sent = 0
    while (notification := claim_next()) is not None:
        is_usable = deliver(notification)
        sent += 1
        if not is_usable:
            break
        if monotonic() > until:
            enqueue(SEND_TASK)
            break
    return sent


def tell_waiting(pincode: str) -> None:
    """Tell everybody who waits for a pincode that we come, in chunks. Each is told once."""
    while actions.tell_waiting(pincode):
        pass
