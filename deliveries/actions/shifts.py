"""Who drives when."""

from datetime import date, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from deliveries.events import ShiftChanged
from deliveries.models import Driver, Shift
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import InvalidInput
from milkdelivery.core.eventlog import emit, emit_many
from milkdelivery.core.taken import unless_taken

MOST_WEEKS = 8
_CLASHES = {"shift_once": "driver", "shift_vehicle_once": "vehicle"}


class VehicleOfAnotherHub(InvalidInput):
    code = "vehicle_of_another_hub"


def save_shift(shift: Shift, *, by: Actor) -> Shift:
    """A driver drives in a slot, in this vehicle, or is absent. Rounds that are planned follow when planned again.

    Raises VehicleOfAnotherHub, and TakenMeanwhile. Emits ShiftChanged.
    """
    with unless_taken(_CLASHES), transaction.atomic():
        if shift.vehicle is not None and shift.vehicle.hub_id != shift.driver.hub_id:
            raise VehicleOfAnotherHub(_("This vehicle stands at another hub."), field="vehicle")
        shift.save()
        emit(ShiftChanged(shift.driver_id, shift.date, shift.is_absent), actor=by)
    return shift


def repeat_week(hub_id: int, *, first: date, weeks: int, by: Actor) -> int:
    """Give the shifts of the seven days from `first` on to the same weekdays of the weeks after; how many were made.

    Absences are not repeated, and what is agreed already stays. Safe to repeat. Raises InvalidInput for more than
    MOST_WEEKS. Emits ShiftChanged for each.
    """
    if not 1 <= weeks <= MOST_WEEKS:
        raise InvalidInput(_("Between 1 and %(most)d weeks.") % {"most": MOST_WEEKS}, field="weeks")
    with transaction.atomic():
        drivers = Driver.objects.at_work(hub_id).values_list("pk", flat=True)
        week = Shift.objects.filter(driver__in=list(drivers), date__gte=first, date__lt=first + timedelta(days=7))
        pattern = [shift for shift in week.order_by("pk") if not shift.is_absent]
        wanted = [
            Shift(
                driver_id=shift.driver_id,
                date=shift.date + timedelta(weeks=ahead),
                slot_id=shift.slot_id,
                vehicle_id=shift.vehicle_id,
            )
            for ahead in range(1, weeks + 1)
            for shift in pattern
        ]
        before = set(Shift.objects.values_list("driver_id", "date", "slot_id").filter(date__gte=first))
        made = [shift for shift in wanted if (shift.driver_id, shift.date, shift.slot_id) not in before]
        Shift.objects.bulk_create(made, ignore_conflicts=True)
        emit_many((ShiftChanged(shift.driver_id, shift.date, False) for shift in made), actor=by)
    return len(made)
