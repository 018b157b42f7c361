"""`manage.py demo`: a dairy full of believable business, to look at and to play with."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from milkdelivery.core.actors import Role
from milkdelivery.demo import loading
from milkdelivery.demo.data.dairies import ADMIN, DRIVER, HOUSEHOLD, MANAGER, PASSWORD, VENDOR

SEED = 2026


class Command(BaseCommand):
    """Makes the demo dairy in an empty database; in one that has it, adds the days since the last start."""

    help = "Loads the demo dairy, or adds the days since it was loaded."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--households", type=int, default=200, help="how many households (at the first start)")
        parser.add_argument("--seed", type=int, default=SEED, help="what everything is drawn from (at the first start)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError in production, and where the database holds somebody's real business."""
        if settings.MILK_ENV == "prod":
            raise CommandError("The demo dairy is not for production: everybody knows its passwords.")
        if options["households"] < 1:
            raise CommandError("--households must be at least 1.")
        if not Group.objects.filter(name=Role.MANAGER).exists():
            call_command("sync", verbosity=0)
        known = loading.state()
        with loading.in_haste():
            if known is None:
                self._load(options["households"], options["seed"])
            else:
                self._go_on(known)
        self._introduce()

    def _load(self, households: int, seed: int) -> None:
        try:
            added = loading.load(households=households, seed=seed)
        except loading.NotEmpty as refusal:
            raise CommandError(f"{refusal} Give the demo its own database (DATA_DIR or DATABASE_URL).") from refusal
        self.stdout.write(
            f"The demo dairy is loaded: {households} households, {added.past} orders of the last days and "
            f"{added.coming} to come."
        )

    def _go_on(self, known: loading.State) -> None:
        households = len(known.household_ids)
        added = loading.go_on(known)
        if added.past or added.coming or added.carried:
            self.stdout.write(
                f"The demo dairy was here already ({households} households). Since {known.until:%Y-%m-%d}: "
                f"{added.past} orders added, {added.coming} to come, {added.carried} brought further."
            )
        else:
            self.stdout.write(f"The demo dairy is here already ({households} households) and up to date.")

    def _introduce(self) -> None:
        self.stdout.write("\nSign in with one of these, password " + self.style.SUCCESS(PASSWORD) + ":")
        for email, who in (
            (HOUSEHOLD, "a household in Koramangala"),
            (VENDOR, "the main dairy"),
            (DRIVER, "the driver of its hub"),
            (MANAGER, "operations"),
            (ADMIN, "everything"),
        ):
            self.stdout.write(f"  {email:<24}{who}")
