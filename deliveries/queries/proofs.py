"""Reads of what proves deliveries."""

from deliveries.models import Proof


def is_kept(stem: str) -> bool:
    """Whether a photo is still kept, of a tap that stands or that staff may ask about. One query."""
    return Proof.objects.filter(photo=stem).exists()


def proof_of_order(order_id: int) -> Proof | None:
    """What proves the delivery of an order, if anything does. One query."""
    return Proof.objects.filter(proves__order_id=order_id).first()
