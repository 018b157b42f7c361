"""Photos of what stands at a door: encoded anew, and shown by signed addresses only."""

from typing import IO

from django.core import signing
from django.urls import reverse

from deliveries.actions import PhotoSent, attach_photo, ensure_wanted
from deliveries.models import Proof
from milkdelivery.core.actors import Actor
from milkdelivery.core.photos import KeptPhoto, PhotoFolder

LARGEST = 20_000_000
"""Bytes: what the best camera of a phone writes where no script could make it smaller."""
DOOR_PHOTOS = PhotoFolder("doors", largest=LARGEST)
SALT = "milk.deliveries.door-photo"
VALID_FOR = 3_600
"""Seconds of real time. A page that shows the photo makes a new address for it."""
KEPT_SALT = "milk.deliveries.door-photo.kept"
KEPT_VALID_FOR = 12 * 3_600
"""Seconds of real time. Half of what a file is kept for that nothing points at."""


def receive_photo(sent: PhotoSent, upload: IO[bytes], *, size: int, by: Actor) -> Proof:
    """Encode an upload of `size` bytes anew and keep it under its tap's key, once. Slow: outside transactions.

    Raises BadPicture at `photo`, and what `attach_photo` raises, before anything is decoded where it can be known.
    """
    ensure_wanted(sent)
    kept = DOOR_PHOTOS.keep(upload, size=size)
    used = ""
    try:
        proof = attach_photo(sent, kept, by=by)
        used = proof.photo
    finally:
        if used != kept.stem:
            DOOR_PHOTOS.forget(kept.stem)
    return proof


def photo_address(proof: Proof | None) -> str:
    """Where whoever may see the delivery now sees its photo, for an hour; empty where it has none."""
    if proof is None or not proof.photo:
        return ""
    return reverse("deliveries:door_photo", args=[signing.dumps(proof.photo, salt=SALT)])


def read_photo(token: str) -> str | None:
    """The photo that an address of ours shows, or None."""
    try:
        return str(signing.loads(token, salt=SALT, max_age=VALID_FOR))
    except (signing.BadSignature, ValueError):
        return None


def kept_token(photo: KeptPhoto, delivery_id: int) -> str:
    """Names a photo in the form that it was sent with, while something else in it is still to be mended."""
    return signing.dumps([delivery_id, photo.stem, photo.width, photo.height], salt=KEPT_SALT)


def read_kept(token: str, delivery_id: int) -> KeptPhoto | None:
    """The photo that was sent with the form of this delivery before, or None."""
    try:
        of_delivery, stem, width, height = signing.loads(token, salt=KEPT_SALT, max_age=KEPT_VALID_FOR)
    except (signing.BadSignature, ValueError):
        return None
    return KeptPhoto(stem, width, height) if of_delivery == delivery_id else None
