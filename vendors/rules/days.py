"""A dairy's day as somebody saw it."""

from hashlib import sha256


def tag_of_day(order_limit: int | None, note: str) -> str:
    """The entity tag of what was set for a day; another one whenever that changed. Orders of the day don't."""
    said = "" if order_limit is None else f"{order_limit} {note}"
    return f'"{sha256(said.encode()).hexdigest()[:16]}"'
