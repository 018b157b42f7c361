"""Hubs with what they serve, and the drivers and vehicles that belong to them."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from deliveries.events import HubUpdated
from deliveries.models import Driver, Hub, HubArea, Vehicle
from deliveries.rules import NotADriver, PincodeTaken
from milkdelivery.core.actions import mark_served
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.eventlog import emit
from milkdelivery.core.taken import unless_taken
from vendors.models import ServiceArea, may_serve


def refresh_served_pincodes(*, by: Actor) -> None:
    """Mark the pincodes that an active vendor and an active hub both serve. Emits PincodeOpened for new ones."""
    by_vendor = ServiceArea.objects.filter(may_serve("vendor")).values("pincode_id")
    both = HubArea.objects.filter(hub__is_active=True, pincode_id__in=by_vendor).values("pincode_id")
    with transaction.atomic():
        mark_served(both, by=by)


def save_hub(hub: Hub, *, by: Actor) -> Hub:
    """Create or change a hub; the served pincodes follow. Raises TakenMeanwhile. Emits HubUpdated."""
    with unless_taken({"deliveries_hub_name_key": "name"}), transaction.atomic():
        hub.save()
        refresh_served_pincodes(by=by)
        emit(HubUpdated(hub.pk), actor=by)
    return hub


def change_hub_areas(hub_id: int, *, add: Collection[int], remove: Collection[int], by: Actor) -> None:
    """Serve the pincodes `add` and no longer `remove` (primary keys).

    Raises PincodeTaken when another hub serves one. Emits HubUpdated.
    """
    with transaction.atomic():
        HubArea.objects.filter(hub_id=hub_id, pincode_id__in=remove).delete()
        taken = HubArea.objects.filter(pincode_id__in=add).exclude(hub_id=hub_id).select_related("hub", "pincode")
        if other := taken.first():
            raise PincodeTaken(
                _("%(pincode)s is served by %(hub)s.") % {"pincode": other.pincode.code, "hub": other.hub.name}
            )
        HubArea.objects.bulk_create(
            [HubArea(hub_id=hub_id, pincode_id=pincode_id) for pincode_id in add], ignore_conflicts=True
        )
        refresh_served_pincodes(by=by)
        emit(HubUpdated(hub_id), actor=by)


def save_driver(driver: Driver, *, by: Actor) -> Driver:
    """Make a person a driver of a hub, move or stop one. Deliveries keep who has them.

    Raises NotADriver for a person with another role, and TakenMeanwhile. Emits HubUpdated.
    """
    with unless_taken({"deliveries_driver_user_id_key": "user"}), transaction.atomic():
        if driver.user.role != Role.DRIVER:
            raise NotADriver(_("An admin must give this person the role of a driver first."), field="user")
        driver.save()
        emit(HubUpdated(driver.hub_id), actor=by)
    return driver


def save_vehicle(vehicle: Vehicle, *, by: Actor) -> Vehicle:
    """Create or change a vehicle of a hub. Raises TakenMeanwhile. Emits HubUpdated."""
    with unless_taken({"deliveries_vehicle_plate_key": "plate"}), transaction.atomic():
        vehicle.plate = " ".join(vehicle.plate.upper().split())
        vehicle.save()
        emit(HubUpdated(vehicle.hub_id), actor=by)
    return vehicle
