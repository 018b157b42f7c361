"""What is kept of what came to a household's door."""

from typing import Any

from deliveries.models import Delivery, FailedAttempt, Rating
from milkdelivery.core.personal import record, tells


@tells("deliveries", Delivery, FailedAttempt, Rating)
def deliveries(user_id: int) -> list[dict[str, Any]]:
    """With each time that it could not be handed over, and what the household said of it. Two queries."""
    made = Delivery.objects.filter(order__customer_id=user_id).select_related("order", "slot", "rating")
    return [_delivery(each) for each in made.prefetch_related("failed_attempts").order_by("pk")]


def _delivery(delivery: Delivery) -> dict[str, Any]:
    times = ("assigned_at", "picked_up_at", "delivered_at", "failed_at")
    said = getattr(delivery, "rating", None)
    return record(
        delivery,
        "status",
        "delivery_date",
        *times,
        "failure_reason",
        "cash_collected",
        "empties_collected",
        order=delivery.order.number,
        slot=delivery.slot.code,
        failed=[record(each, "reason", "note", "occurred_at") for each in delivery.failed_attempts.all()],
        rating=record(said, "stars", "words", "rated_at", "changed_at") if said else None,
    )
