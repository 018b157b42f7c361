"""What the worker does for checkouts. Each is safe to run twice."""

from cart.actions import claim_stalled, run_checkout
from milkdelivery.core.actors import Actor

_SELF = Actor.system("checkout")


def resume_stalled_checkouts() -> int:
    """Carry on what a dead process or an error left behind; how many."""
    ids = claim_stalled()
    for checkout_id in ids:
        run_checkout(checkout_id, by=_SELF)
    return len(ids)
