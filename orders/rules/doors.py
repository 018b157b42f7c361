"""Which orders go to the same door, however it was written."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

_PARTS = ("flat", "tower", "society", "line1")


def door_key(address: Mapping[str, Any], *, pincode: str) -> str:
    """A name of the door that says nothing of it: the same for the same words, however they are written.

    Empty where the address names no flat, or neither house nor street: many doors would be one.
    """
    known = {part: "".join(filter(str.isalnum, str(address.get(part, "")).casefold())) for part in _PARTS}
    if not known["flat"] or not (known["society"] or known["line1"]):
        return ""
    place = known["society"] or known["line1"]
    text = "|".join(("".join(pincode.split()), known["flat"], known["tower"], place))
    return sha256(text.encode()).hexdigest()[:32]
