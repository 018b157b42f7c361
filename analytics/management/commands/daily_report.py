"""`manage.py daily_report`: the report of a day."""

from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.actions import make_report, make_report_again
from analytics.rules import money_of
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError
from milkdelivery.core.models import Region

BY = Actor.system("daily_report")


class Command(BaseCommand):
    """Makes what is not made yet; with --again what is, from the books as they are now, for a reason."""

    help = "Makes the report of a business date; nobody is mailed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--date", type=date.fromisoformat, help="the business date; yesterday if left out")
        parser.add_argument("--region", help="only this region, by its code")
        parser.add_argument("--again", metavar="REASON", help="make it again, and say why")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError for an unknown region, a day that is not over, and one without a report to make again."""
        regions = list(Region.objects.order_by("pk"))
        if options["region"]:
            regions = [region for region in regions if region.code == options["region"]]
            if not regions:
                raise CommandError(f"There is no region {options['region']}.")
        for region in regions:
            day = options["date"] or clock.today(region) - timedelta(days=1)
            try:
                if options["again"] is not None:
                    report = make_report_again(region, day, by=BY, reason=options["again"])
                else:
                    report = make_report(region, day, by=BY)
            except DomainError as refusal:
                raise CommandError(f"{region.code} {day}: {refusal}") from refusal
            orders = report.figures["orders"]
            revenue = " + ".join(money.format() for money in money_of(orders["revenue"], region.currency))
            self.stdout.write(f"{region.code} {day}: {orders['count']} orders, revenue {revenue}")
