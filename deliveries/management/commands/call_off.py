"""`manage.py call_off`: nobody drives from a hub in a slot."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from deliveries.actions import call_off_slot
from deliveries.models import Hub
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError
from milkdelivery.core.models import DeliverySlot

BY = Actor.system("call_off")


class Command(BaseCommand):
    """Gives back the money of all that was not brought. Safe to repeat, and to go on with after it was broken off."""

    help = "Calls off all rounds of a hub in a slot: a strike, a storm."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--hub", required=True, help="the hub, by its name")
        parser.add_argument("--date", type=date.fromisoformat, required=True, help="the delivery day")
        parser.add_argument("--slot", choices=DeliverySlot.Code.values, required=True)
        parser.add_argument("--reason", required=True, help="what households read")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError for a hub or a slot that is not there, and without a reason."""
        hub = Hub.objects.filter(name=options["hub"]).first()
        if hub is None:
            raise CommandError(f"There is no hub {options['hub']}.")
        slot = DeliverySlot.objects.filter(region=hub.region_id, code=options["slot"]).first()
        if slot is None:
            raise CommandError(f"{hub} has no such slot.")
        try:
            number = call_off_slot(hub.pk, on=options["date"], slot_id=slot.pk, reason=options["reason"], by=BY)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{hub} {slot.label}: {number} orders called off")
