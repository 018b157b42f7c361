"""Pictures of products: the widths that are kept, and where they are found."""

from collections.abc import Iterator
from dataclasses import dataclass

WIDTHS = (160, 320, 640, 1280)
"""Pixels. From a thumb in the back office to a product page on a sharp screen."""

FOLDER = "products"
"""Of the file storage."""

ADDRESS = "pictures/"
"""Under the root of the site."""

SHOWN_WIDTH = 640
"""Pixels. What a browser without `srcset` gets."""

MOST_PICTURES = 12
"""Of one product."""


def widths_up_to(width: int) -> tuple[int, ...]:
    """The widths in which a picture of that width is kept: never larger than it came."""
    largest = min(width, WIDTHS[-1])
    return (*(kept for kept in WIDTHS if kept < largest), largest)


def file_name(stem: str, width: int) -> str:
    return f"{stem}-{width}.webp"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as a page shows it: `width` and `height` in pixels of the largest that is kept, `alt` in words."""

    stem: str
    width: int
    height: int
    alt: str

    def address(self, width: int) -> str:
        """Its address never shows anything else, so that it may be kept for ever."""
        return f"/{ADDRESS}{file_name(self.stem, width)}"

    @property
    def widths(self) -> tuple[int, ...]:
        return widths_up_to(self.width)

    @property
    def src(self) -> str:
        return self.address(max(width for width in self.widths if width <= SHOWN_WIDTH or width == self.widths[0]))

    @property
    def thumb(self) -> str:
        """The smallest."""
        return self.address(self.widths[0])

    @property
    def srcset(self) -> str:
        return ", ".join(self._candidates())

    def _candidates(self) -> Iterator[str]:
        return (f"{self.address(width)} {width}w" for width in self.widths)
