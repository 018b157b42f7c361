"""Signed links: to take a guest's order over, to a guest's page of claims, and to a photo of a claim."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse

from milkdelivery.core.photos import KeptPhoto
from orders.models import Claim, Order

SALT = "milk.orders.claim"
VALID_FOR = timedelta(days=7)
"""Real time, of the link in a guest's mail to take the order over."""


@dataclass(frozen=True, slots=True)
class TakeOver:
    """What a link gives: everything the guest `customer_id` ordered, with `order_id` as the one it was mailed for."""

    order_id: int
    customer_id: int


def take_over_token(order: Order) -> str:
    return signing.dumps([order.pk, order.customer_id], salt=SALT, compress=True)


def read_take_over(token: str) -> TakeOver | None:
    """What the token gives, or None where it is not ours or too old."""
    try:
        order_id, customer_id = signing.loads(token, salt=SALT, max_age=VALID_FOR)
    except (signing.BadSignature, ValueError):
        return None
    return TakeOver(order_id=order_id, customer_id=customer_id)


def take_over_url(order: Order) -> str:
    """The whole address, for a mail."""
    return settings.SITE_URL + reverse("orders:take_over", args=[take_over_token(order)])


# -- claims about delivered goods ------------------------------------------------------------------------------------

CLAIMS_SALT = "milk.orders.claims"
CLAIMS_VALID_FOR = timedelta(days=30)
"""Real time. Longer than anything can be claimed: the page tells what was decided, too."""
PHOTO_SALT = "milk.orders.claims.photo"
PHOTO_VALID_FOR = timedelta(hours=1)
"""Real time. A page that shows the photo makes a new address for it."""
KEPT_SALT = "milk.orders.claims.kept"
KEPT_VALID_FOR = timedelta(hours=12)
"""Real time. Half of what a photo is kept for that no claim points at."""


def claims_link(order: Order) -> str:
    """The whole address of a guest's page of claims, for a mail. It opens this one order's, and nothing else."""
    token = signing.dumps([order.pk, order.customer_id], salt=CLAIMS_SALT, compress=True)
    return settings.SITE_URL + reverse("orders:claims_by_link", args=[token])


def read_claims_link(token: str) -> TakeOver | None:
    """The order that the link is for, and whose it was then; None where it is not ours or too old."""
    try:
        order_id, customer_id = signing.loads(token, salt=CLAIMS_SALT, max_age=CLAIMS_VALID_FOR)
    except (signing.BadSignature, ValueError):
        return None
    return TakeOver(order_id=order_id, customer_id=customer_id)


def photo_address(claim: Claim) -> str:
    """Where whoever may see the claim now sees its photo, for an hour; empty where it has none."""
    if not claim.photo:
        return ""
    return reverse("orders:claim_photo", args=[signing.dumps(claim.photo, salt=PHOTO_SALT)])


def read_photo(token: str) -> str | None:
    """The photo that an address of ours shows, or None."""
    try:
        return str(signing.loads(token, salt=PHOTO_SALT, max_age=PHOTO_VALID_FOR))
    except (signing.BadSignature, ValueError):
        return None


def kept_token(photo: KeptPhoto, order_id: int) -> str:
    """Names a photo in the form that it was sent with, while something else in it is still to be mended."""
    return signing.dumps([order_id, photo.stem, photo.width, photo.height], salt=KEPT_SALT)


def read_kept(token: str, order_id: int) -> KeptPhoto | None:
    """The photo that was sent with the form of this order before, or None."""
    try:
        of_order, stem, width, height = signing.loads(token, salt=KEPT_SALT, max_age=KEPT_VALID_FOR)
    except (signing.BadSignature, ValueError):
        return None
    return KeptPhoto(stem, width, height) if of_order == order_id else None
