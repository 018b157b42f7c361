"""What drivers' phones brought along from the doors of the last days: where they were, and some photos."""

import io
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random

from django.conf import settings
from PIL import Image, ImageDraw

from deliveries.models import Delivery, Proof
from deliveries.photos import DOOR_PHOTOS
from deliveries.queries.seats import marked_position
from deliveries.rules.proof import is_far
from deliveries.rules.roads import Position, beeline
from milkdelivery.core import clock
from milkdelivery.core.photos import KeptPhoto
from milkdelivery.demo.data.dairies import HOUSEHOLD
from milkdelivery.demo.households import Household

LATELY = timedelta(days=4)
MOST = 400
PHOTOS = 8
FAR_EACH = 60
"""One driver in so many was not at the door."""
STEP = Decimal("0.00001")
"""Of a degree: about a metre."""
COLOURS = [((92, 99, 112), (74, 54, 40)), ((120, 104, 84), (38, 62, 54)), ((86, 92, 88), (58, 40, 60))]
"""Of walls and the doors in them."""


def prove_some(neighbours: Sequence[Household], *, seed: int) -> None:
    """Only on the first start, outside transactions: photos are made. Those of the household that signs in have one."""
    chance = Random(f"{seed} doors")
    ids = [neighbour.user_id for neighbour in neighbours]
    brought = Delivery.objects.filter(
        status=Delivery.Status.DELIVERED,
        order__customer_id__in=ids,
        delivered_at__gt=clock.now() - LATELY,
        proof=None,
        stop__route__driver__isnull=False,
    ).select_related("order__region", "order__customer", "stop__route")
    proofs: list[Proof] = []
    with_photo = 0
    for delivery in brought.order_by("-delivered_at", "-pk")[:MOST]:
        is_mine = delivery.order.customer.email == HOUSEHOLD
        photo = _photo(chance) if is_mine or with_photo < PHOTOS else None
        with_photo += photo is not None
        if proof := _proof(delivery, chance, photo, is_off=len(proofs) % FAR_EACH == FAR_EACH // 2):
            proofs.append(proof)
    Proof.objects.bulk_create(proofs)


def _proof(delivery: Delivery, chance: Random, photo: KeptPhoto | None, *, is_off: bool) -> Proof | None:
    door = marked_position(delivery.order)
    driver_id, at = delivery.driver_id, delivery.delivered_at
    if door is None or driver_id is None or at is None:
        return None
    reach = 1_200 if is_off else 18
    north, east = (STEP * chance.choice((-1, 1)) * chance.randint(reach // 2, reach) for _ in range(2))
    was = Position(door.latitude + north, door.longitude + east)
    accuracy, metres = chance.randint(4, 35), beeline(door, was)
    return Proof(
        driver_id=driver_id,
        key=f"demo-{delivery.pk}",
        delivery=delivery,
        proves=delivery,
        latitude=was.latitude,
        longitude=was.longitude,
        accuracy=accuracy,
        located_at=at,
        metres=metres,
        is_far=is_far(metres, accuracy=accuracy, limit=settings.PROOF_FAR_METRES),
        photo=photo.stem if photo else "",
        photo_width=photo.width if photo else 0,
        photo_height=photo.height if photo else 0,
        created_at=at,
    )


def _photo(chance: Random) -> KeptPhoto:
    """A drawn door before dawn, a mat, and what stands on it: what a phone would have taken."""
    wall, wood = chance.choice(
        [((92, 99, 112), (74, 54, 40)), ((120, 104, 84), (38, 62, 54)), ((86, 92, 88), (58, 40, 60))]
    )
    image = Image.new("RGB", (720, 960), wall)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 700, 720, 960), fill=tuple(part * 3 // 4 for part in wall))
    draw.rectangle((190, 60, 560, 720), fill=wood, outline=tuple(part * 2 // 3 for part in wood), width=10)
    for top in (110, 410):
        draw.rectangle((240, top, 510, top + 250), outline=tuple(part * 2 // 3 for part in wood), width=8)
    draw.ellipse((500, 380, 530, 410), fill=(208, 176, 92))
    draw.polygon(((150, 850), (600, 850), (560, 740), (190, 740)), fill=(112, 84, 52))
    for number in range(chance.randint(2, 4)):
        left = 215 + number * 82
        draw.rounded_rectangle(
            (left, 640, left + 62, 815), radius=16, fill=(244, 246, 242), outline=(150, 164, 160), width=4
        )
        draw.rectangle((left + 16, 606, left + 46, 646), fill=(196, 60, 48))
        draw.rectangle((left + 4, 700, left + 58, 760), fill=(40, 92, 70))
    content = io.BytesIO()
    image.save(content, "JPEG", quality=80)
    content.seek(0)
    return DOOR_PHOTOS.keep(content, size=content.getbuffer().nbytes)
