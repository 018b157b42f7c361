"""Gaps: the places in a kept page that are filled for each visitor.

While a page is rendered to be kept, everything of one visitor (token, pincode, cart, messages, seconds left) is a mark
in its text. `KeptPage` takes the text apart at the marks; filling it is joining bytes.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256

from django.utils.html import conditional_escape

Own = Callable[[Mapping[int, int], str], str]
"""A visitor's own piece of a page, of the pieces in the cart by variant and the CSRF token."""

# Letters that no escaping changes, and that nobody outside can know and write into a product's name.
_MARK = f"gap{secrets.token_hex(8)}"
_GAP = re.compile(rf"{_MARK}-([a-z_]+|open[0-9]+|close[0-9]+)-")

PIECE_WEIGHT = 16_000
"""Bytes that a piece holds on to beside its text: the records that a visitor's own one is made from."""


class Gaps:
    """The gaps of one page while it is rendered."""

    csrf_token = f"{_MARK}-csrf_token-"
    messages = f"{_MARK}-messages-"
    cart_count = f"{_MARK}-cart_count-"
    person_link = f"{_MARK}-person_link-"
    person_foot = f"{_MARK}-person_foot-"
    pincode = f"{_MARK}-pincode-"
    place = f"{_MARK}-place-"
    seconds_left = f"{_MARK}-seconds_left-"

    def __init__(self) -> None:
        self.pieces: list[tuple[frozenset[int], Own]] = []
        self.variants: set[int] = set()

    def piece(self, variant_ids: Collection[int], own: Own) -> tuple[str, str]:
        """Marks to stand around a piece that looks different for whoever has one of the variants in the cart."""
        self.pieces.append((frozenset(variant_ids), own))
        number = len(self.pieces) - 1
        return f"{_MARK}-open{number}-", f"{_MARK}-close{number}-"

    def differs_with(self, variant_ids: Collection[int]) -> None:
        """Whoever has one of the variants in the cart needs a page of their own."""
        self.variants.update(variant_ids)


@dataclass(frozen=True, slots=True)
class Piece:
    parts: tuple[bytes | str, ...]
    variants: frozenset[int]
    own: Own


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page in parts: bytes as they are, names of gaps, pieces that hang on the cart."""

    parts: tuple[bytes | str | Piece, ...]
    names: frozenset[str]
    variants: frozenset[int]
    tag: str
    size: int
    status: int

    @classmethod
    def of(cls, text: str, gaps: Gaps, *, status: int = 200) -> KeptPage:
        parts: list[bytes | str | Piece] = []
        inside: list[bytes | str] | None = None
        for place, found in enumerate(_GAP.split(text)):
            if place % 2 == 0:
                _target(parts, inside).append(found.encode())
            elif found.startswith("open"):
                inside = []
            elif found.startswith("close"):
                variants, own = gaps.pieces[int(found.removeprefix("close"))]
                parts.append(Piece(tuple(inside or ()), variants, own))
                inside = None
            else:
                _target(parts, inside).append(found)
        plain = _GAP.sub(r"\1", text).encode()
        return cls(
            parts=tuple(parts),
            names=frozenset(_GAP.findall(text)),
            variants=frozenset(gaps.variants),
            tag=sha256(plain).hexdigest(),
            size=len(plain) + PIECE_WEIGHT * len(gaps.pieces),
            status=status,
        )

    def is_for(self, quantities: Mapping[int, int]) -> bool:
        """Whether a visitor with that in the cart sees this page, filled."""
        return self.variants.isdisjoint(quantities)

    def filled(self, values: Mapping[str, str], quantities: Mapping[int, int]) -> bytes:
        """The page of one visitor. Values are escaped unless they are marked safe."""
        known = {name: conditional_escape(value).encode() for name, value in values.items()}
        found: list[bytes] = []
        for part in self.parts:
            if isinstance(part, Piece):
                if part.variants.isdisjoint(quantities):
                    found += [known[each] if isinstance(each, str) else each for each in part.parts]
                else:
                    found.append(part.own(quantities, values["csrf_token"]).encode())
            else:
                found.append(known[part] if isinstance(part, str) else part)
        return b"".join(found)


def _target(parts: list[bytes | str | Piece], inside: list[bytes | str] | None) -> list[bytes | str]:
    return inside if inside is not None else parts  # type: ignore[return-value]
