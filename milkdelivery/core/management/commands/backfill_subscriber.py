"""`manage.py backfill_subscriber NAME --since 2026-01-31`: tell a new subscriber what happened before it listened."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError
from milkdelivery.core.eventlog.backfill import backfill


def instant(text: str) -> datetime:
    """A day, or an instant with its offset; a day begins at midnight UTC."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


class Command(BaseCommand):
    """Queues the events for the pump, which delivers them like any others. Safe to repeat."""

    help = "Has a subscriber of the event log told of events from before it existed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("subscriber", help="its name, such as notifications.households")
        parser.add_argument("--since", type=instant, required=True, help="2026-01-31, or 2026-01-31T21:55+05:30")
        parser.add_argument(
            "--never-heard",
            action="store_true",
            help="this subscriber is new and has handled none of these, not even events whose receipts are gone",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError where events might be told twice, or the subscriber does not exist."""
        try:
            added = backfill(
                options["subscriber"],
                since=options["since"],
                by=Actor.system("command"),
                never_heard=options["never_heard"],
            )
        except DomainError as refusal:
            raise CommandError(f"{refusal} See --never-heard." if refusal.field is None else str(refusal)) from refusal
        self.stdout.write(f"{options['subscriber']} will be told of {added} events.")
