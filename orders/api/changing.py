"""What staff send to change an order that was placed."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from accounts.forms.profile import country_of
from accounts.models import Address
from cart.api.wish import NewDoor
from milkdelivery.core.errors import NotFound
from milkdelivery.core.models import DeliverySlot
from milkdelivery.core.queries import normal_pincode, region_book
from orders.actions import OrderChange
from orders.models import Order
from orders.snapshots import moved_to

LARGEST_ID = 2**63 - 1


class ChangeSerializer(serializers.Serializer[Any]):
    """What is to be otherwise. What is not sent stays."""

    address = NewDoor(required=False, help_text="A whole address. It is not saved with the household's.")
    address_id = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_ID, help_text="An address that the household saved."
    )
    slot = serializers.ChoiceField(DeliverySlot.Code.choices, required=False)
    special_instructions = serializers.CharField(
        required=False, max_length=255, allow_blank=True, help_text="For the driver."
    )
    delivery_date = serializers.DateField(required=False, help_text="The day that it has: another one is refused.")
    edition = serializers.CharField(
        required=False, max_length=64, help_text="Of the order as the app showed it: 409 where it is another by now."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not set(attrs) - {"edition"}:
            raise serializers.ValidationError(_("Name an address, a slot or special instructions."))
        if "address" in attrs and "address_id" in attrs:
            raise serializers.ValidationError({"address_id": _("Name an address or a saved one, not both.")})
        return attrs


def read_change(order: Order, told: Mapping[str, Any]) -> OrderChange:
    """Raises NotFound for an address of somebody else, or a slot that the region has not."""
    address: Address | None = None
    if "address_id" in told:
        address = Address.objects.of(order.customer_id).filter(pk=told["address_id"]).first()
        if address is None:
            raise NotFound(_("There is no such address."), field="address_id")
    elif "address" in told:
        code = normal_pincode(told["address"]["pincode"])
        address = Address(**{**told["address"], "pincode": code, "country": country_of(code)})
    slot: DeliverySlot | None = None
    if "slot" in told:
        slots = region_book().slots_of(order.region_id)
        slot = next((each for each in slots if each.code == told["slot"]), None)
        if slot is None:
            raise NotFound(_("There is no such slot."), field="slot")
    return OrderChange(
        address=moved_to(order, address) if address is not None else None,
        slot=slot,
        special_instructions=told.get("special_instructions"),
    )
