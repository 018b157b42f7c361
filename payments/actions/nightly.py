"""What is done for the books without being asked: they are recounted every night."""

from datetime import date

from django.db import transaction

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from payments.events import LedgerRecounted
from payments.models import LedgerAccount, LedgerEntry, LedgerRecount
from payments.queries.recount import LONGEST_REPORT, recount

SYSTEM = Actor.system("ledger")


def recount_books(currency: str, *, on: date, by: Actor = SYSTEM) -> LedgerRecount:
    """Recount a currency's books from their entries and store what differs, in place of an earlier recount of the day.

    Moves no money. Emits LedgerRecounted.
    """
    with transaction.atomic():
        drifts = list(recount(currency))
        told = {
            "accounts": LedgerAccount.objects.filter(currency=currency).count(),
            "entries": LedgerEntry.objects.filter(currency=currency).count(),
            "drift_count": len(drifts),
            "drifts": [drift.to_data() for drift in drifts[:LONGEST_REPORT]],
            "counted_at": clock.now(),
        }
        report, _is_new = LedgerRecount.objects.update_or_create(currency=currency, date=on, defaults=told)
        emit(LedgerRecounted(report.pk, currency, on, len(drifts)), actor=by)
    return report
