"""A few claims about goods that were delivered in the last two days: granted, granted in part, refused, and waiting."""

import io

from django.utils.translation import override
from PIL import Image, ImageDraw

from accounts.models import User
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.errors import DomainError
from milkdelivery.core.photos import KeptPhoto
from milkdelivery.demo.data.dairies import HOUSEHOLD, MANAGER
from milkdelivery.demo.households import Household
from orders.actions import ClaimDraft, claim_limits, reject_claim
from orders.models import Claim, ClaimLine, Order
from orders.photos import keep_photo
from orders.queries import left_to_claim
from orders.rules.claims import Claimed
from payments.actions import approve_claim, make_claim

Reason = ClaimLine.Reason


def claim_some(neighbours: list[Household]) -> None:
    """Only on the first start, outside transactions: photos are made. What waits is for whoever looks."""
    ids = [neighbour.user_id for neighbour in neighbours]
    lately = clock.now() - claim_limits().window
    fresh = Order.objects.filter(
        status=Order.Status.DELIVERED,
        customer_id__in=ids,
        region_id=neighbours[0].region_id,
        status_changes__to_status=Order.Status.DELIVERED,
        status_changes__occurred_at__gt=lately,
    ).order_by("-delivery_date", "pk")
    mine = fresh.filter(customer__email=HOUSEHOLD).last()
    others = [order for order in fresh.exclude(customer__email=HOUSEHOLD) if _pieces(order) > 1]
    manager = Actor.user(User.objects.get(email=MANAGER).pk, Role.MANAGER)
    if mine is not None and _pieces(mine) > 1:
        _claim(mine, 1, Reason.SPOILED, "It had curdled when I boiled it.", with_photo=True)
    tales = iter(others)
    for tale in (_wait_unseen, _wait_torn, _grant_a_part, _refuse):
        order = next(tales, None)
        if order is not None:
            tale(order, manager)


def _wait_unseen(order: Order, _manager: Actor) -> None:
    _claim(order, 1, Reason.OTHER, "The milk tastes of plastic. My neighbour says the same.")


def _wait_torn(order: Order, _manager: Actor) -> None:
    _claim(order, 1, Reason.DAMAGED, "The pouch was torn, half of it was on the mat.", with_photo=False)


def _grant_a_part(order: Order, manager: Actor) -> None:
    claim = _claim(order, 2, Reason.SPOILED, "Both were sour this morning.")
    if claim is None or not claim.is_open:
        return
    part = claim.lines.all()[0]
    pieces = {part.line_id: 1} if part.quantity > 1 else None
    said = "One of the two was of a batch that others found fine; the other one goes back."
    approve_claim(claim.pk, granted=pieces, reason=said if pieces else "", by=manager)


def _refuse(order: Order, manager: Actor) -> None:
    claim = _claim(order, 1, Reason.WRONG, "I wanted the other brand.")
    if claim is not None and claim.is_open:
        reject_claim(
            claim.pk, by=manager, reason="It is what was ordered. Next time choose the dairy on the product's page."
        )


def _claim(order: Order, pieces: int, reason: str, words: str, *, with_photo: bool = False) -> Claim | None:
    """Never all of an order, so that it stays delivered; None where its time is just over."""
    line = max(left_to_claim(order), key=lambda left: left.quantity)
    count = max(1, min(pieces, line.quantity - 1))
    draft = ClaimDraft(
        key=f"demo-{order.pk}",
        lines=[Claimed(line.line_id, count, reason)],
        words=words,
        photo=_photo() if with_photo else None,
    )
    try:
        with override("en"):
            return make_claim(order.pk, draft, by=Actor.user(order.customer_id, Role.CUSTOMER))
    except DomainError:
        return None


def _pieces(order: Order) -> int:
    return sum(line.quantity for line in left_to_claim(order))


def _photo() -> KeptPhoto:
    """A drawn glass of curdled milk: what a phone would have taken."""
    image = Image.new("RGB", (960, 1280), (214, 196, 160))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 940, 960, 1280), fill=(150, 112, 74))
    draw.rounded_rectangle((300, 300, 660, 1060), radius=40, fill=(236, 240, 238), outline=(160, 170, 168), width=8)
    draw.rounded_rectangle((324, 520, 636, 1036), radius=30, fill=(250, 246, 226))
    for number in range(46):
        x, y = 350 + number * 97 % 250, 540 + number * 61 % 440
        draw.ellipse((x, y, x + 34 + number % 5 * 6, y + 24 + number % 7 * 4), fill=(232, 222, 186))
    content = io.BytesIO()
    image.save(content, "JPEG", quality=85)
    content.seek(0)
    return keep_photo(content, size=content.getbuffer().nbytes)
