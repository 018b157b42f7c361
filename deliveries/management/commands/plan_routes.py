"""`manage.py plan_routes`: the rounds of a day."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from deliveries.actions import plan_routes
from deliveries.models import Delivery, Hub
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import DeliverySlot

BY = Actor.system("plan_routes")


class Command(BaseCommand):
    """Plans what is not planned yet; with --replan all but locked rounds and those that are being loaded."""

    help = "Plans the rounds of a day: who brings which doors, in which order."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--date", type=_day, required=True, help="the delivery day, such as 2026-03-12")
        parser.add_argument("--slot", choices=DeliverySlot.Code.values, help="only this slot")
        parser.add_argument("--hub", help="only this hub, by its name")
        parser.add_argument("--replan", action="store_true", help="share out and order all doors anew")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError for a hub that is not there."""
        hubs = Hub.objects.filter(is_active=True).order_by("pk")
        if options["hub"]:
            hubs = hubs.filter(name=options["hub"])
            if not hubs:
                raise CommandError(f"There is no active hub {options['hub']}.")
        for hub in hubs:
            slots = DeliverySlot.objects.filter(region=hub.region_id, is_active=True).order_by("starts_at")
            for slot in slots.filter(code=options["slot"]) if options["slot"] else slots:
                plan = plan_routes(hub.pk, on=options["date"], slot_id=slot.pk, by=BY, replan=options["replan"])
                left = f", {plan.left_over} deliveries that nobody drives" if plan.left_over else ""
                self.stdout.write(f"{hub} {slot.label}: {plan.routes} rounds, {plan.stops} stops{left}")
                if plan.left_over:
                    loose = Delivery.objects.without_round().filter(hub=hub, delivery_date=options["date"], slot=slot)
                    numbers = loose.order_by("pk").values_list("order__number", flat=True)
                    self.stdout.write(f"  nobody drives {', '.join(numbers)}")


def _day(text: str) -> date:
    return date.fromisoformat(text)
