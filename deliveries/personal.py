"""What is kept of what came to a household's door."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from deliveries.actions.erasing import forget_deliveries
from deliveries.models import Delivery, Driver, FailedAttempt, Proof, Rating, proof_of
from deliveries.photos import DOOR_PHOTOS
from milkdelivery.core.erasing import Leaving, Obstacle, erases, holds, obstructs
from milkdelivery.core.personal import Enclosure, encloses, record, tells


@tells("deliveries", Delivery, FailedAttempt, Proof, Rating)
def deliveries(user_id: int) -> list[dict[str, Any]]:
    """With each time that it could not be handed over, what the household said of it, and the photo of its door, which
    comes along as a file; where the driver was is the driver's. Two queries."""
    made = Delivery.objects.filter(order__customer_id=user_id).select_related("order", "slot", "rating", "proof")
    return [_delivery(each) for each in made.prefetch_related("failed_attempts").order_by("pk")]


def _delivery(delivery: Delivery) -> dict[str, Any]:
    times = ("assigned_at", "picked_up_at", "delivered_at", "failed_at")
    said = getattr(delivery, "rating", None)
    proof = proof_of(delivery)
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
        photo=_photo_name(delivery.order.number) if proof is not None and proof.photo else "",
        rating=record(said, "stars", "words", "rated_at", "changed_at") if said else None,
    )


@encloses
def photos(user_id: int) -> Iterator[Enclosure]:
    """One query."""
    shown = Proof.objects.filter(proves__order__customer_id=user_id).exclude(photo="")
    for number, stem in shown.order_by("pk").values_list("proves__order__number", "photo"):
        yield Enclosure(_photo_name(number), partial(_read, stem))


def _photo_name(number: str) -> str:
    return f"doors/{number}.webp"


def _read(stem: str) -> bytes:
    with DOOR_PHOTOS.open(stem) as kept:
        content: bytes = kept.read()
    return content


@obstructs
def drives_for_us(user_id: int) -> list[Obstacle]:
    """Whoever ever drove stands on rounds, which are the dairy's records of who brought what."""
    if Driver.objects.filter(user_id=user_id, is_active=True).exists():
        return [Obstacle("drives", _("This account drives for us. Staff have to take it off its hub first."))]
    return []


@holds
def hold(user_id: int) -> None:
    Delivery.objects.locked_all_of(user_id)


@erases
def erase(leaving: Leaving) -> None:
    forget_deliveries(leaving)
