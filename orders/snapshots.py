"""What an order keeps of a door."""

from typing import Any

from accounts.models import Address
from orders.models import Order, address_snapshot


def snapshot_of(address: Address, *, name: str, phone: str) -> dict[str, Any]:
    """What the order remembers of the door and of whom to ask for there."""
    return address_snapshot(
        name=name,
        phone=phone,
        text=str(address),
        society=address.society,
        tower=address.tower,
        floor=address.floor,
        flat=address.flat,
        line1=address.line1,
        line2=address.line2,
        landmark=address.landmark,
        city=address.city,
        state=address.state,
        pincode=address.pincode,
        country=address.country,
        latitude=address.latitude,
        longitude=address.longitude,
        instructions=address.instructions,
    )


def moved_to(order: Order, address: Address) -> dict[str, Any]:
    """Another door for an order, with the same person to ask for."""
    known = order.address
    return snapshot_of(address, name=str(known.get("name", "")), phone=str(known.get("phone", "")))
