"""Reads of what proves deliveries."""

from deliveries.models import Proof


def is_kept(stem: str) -> bool:
    """Whether a photo is still kept, of a tap that stands or that staff may ask about. One query."""
    return Proof.objects.filter(photo=stem).exists()
