"""What an address needs before milk can stand at its door."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NEEDED: Mapping[str, Promise] = {
    "pincode": _("Enter the pincode."),
    "flat": _("Enter the flat or house number."),
    "line1": _("Enter the street."),
    "city": _("Enter the city."),
}
"""The parts of a new address that nobody may leave out, wherever it is typed, with what is said where one is missing.

Addresses kept from before may lack a flat; they are asked for it at their next change.
"""
