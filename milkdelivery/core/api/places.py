"""Where a caller wants milk: the pincode and the market of a request."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import serializers

from milkdelivery.core.api.questions import Question
from milkdelivery.core.models import Pincode, Region
from milkdelivery.core.queries import RegionBook, normal_pincode, region_book

LONGEST_PINCODE = 12


@dataclass(frozen=True, slots=True)
class Place:
    """A market, and the pincode in it where one was given."""

    book: RegionBook
    region: Region
    pincode: Pincode | None = None

    @property
    def code(self) -> str | None:
        return self.pincode.code if self.pincode else None


class PlaceQuery(Question):
    """Query parameters that say where. Without any, the home market."""

    pincode = serializers.CharField(
        required=False, max_length=LONGEST_PINCODE, help_text="Prices and availability as they are there."
    )
    region = serializers.CharField(
        required=False,
        max_length=8,
        help_text="The code of a market, such as BLR; the pincode's own where one is given.",
    )


def place_of(query: dict[str, Any]) -> Place:
    """The place that validated query parameters name. Raises ValidationError for one that we don't know."""
    book = region_book()
    region, code = book.region(query["region"]) if "region" in query else None, query.get("pincode")
    if "region" in query and region is None:
        raise serializers.ValidationError({"region": [_("There is no such market.")]})
    if code is None:
        return Place(book, region or home_region(book))
    pincode = known_pincode(book, code)
    if region is not None and pincode.region_id != region.id:
        raise serializers.ValidationError({"pincode": [_("This pincode is in another market.")]})
    return Place(book, pincode.region, pincode)


def home_region(book: RegionBook) -> Region:
    """The home market. Raises Http404 while there is no market at all."""
    found = book.region(settings.HOME_REGION) or next(iter(book.regions.values()), None)
    if found is None:
        raise Http404("no region")
    return found


def known_pincode(book: RegionBook, code: str) -> Pincode:
    """Raises ValidationError where it has no pincode's form, or is none that we know."""
    code = normal_pincode(code)
    if not book.looks_like_pincode(code):
        raise serializers.ValidationError({"pincode": [_("A pincode has six digits, such as 560034.")]})
    pincode = book.pincode(code)
    if pincode is None:
        raise serializers.ValidationError({"pincode": [_("We don't deliver to %(code)s yet.") % {"code": code}]})
    return pincode
