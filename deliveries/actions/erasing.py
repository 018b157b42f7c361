"""What the road forgets with a household: their door, what was said about it, and the links that showed it."""

from deliveries.actions.proofs import forget_proofs_of
from deliveries.models import Delivery, DriverAction, FailedAttempt, Rating, Stop, new_tracking_token
from milkdelivery.core.erasing import Leaving
from milkdelivery.core.models.erasing import empty_words, forget_errors, forget_origins
from milkdelivery.core.outside import ensure_in_transaction

AT_ONCE = 1_000


def forget_deliveries(leaving: Leaving) -> None:
    """Empty what drivers and household wrote, and end the tracking links that were sent; photos
    and positions of the door go. A door that others share is
    theirs too and stays on the round. Part of the transaction that erases them."""
    ensure_in_transaction("forget_deliveries()")
    made = list(Delivery.objects.filter(order__customer_id=leaving.user_id).only("pk", "order_id", "tracking_token"))
    for delivery in made:
        delivery.tracking_token = new_tracking_token()
    Delivery.objects.bulk_update(made, ["tracking_token"], batch_size=AT_ONCE)
    forget_proofs_of([delivery.order_id for delivery in made])
    FailedAttempt.objects.filter(delivery__in=made).update(note="")
    Rating.objects.filter(delivery__in=made).update(words="")
    DriverAction.objects.all().empty_notes(leaving.user_id)
    Stop.objects.all().forget_doors(leaving.user_id)
    subjects = [f"delivery:{delivery.pk}" for delivery in made]
    empty_words(subjects, user_id=leaving.user_id)
    forget_origins(subjects, user_id=leaving.user_id)
    forget_errors(subjects)
