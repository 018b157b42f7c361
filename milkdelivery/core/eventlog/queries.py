"""How the pump is doing, for health checks, metrics and alerts."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min

from milkdelivery.core.models import EventDelivery


@dataclass(frozen=True, slots=True)
class Backlog:
    """`oldest_at` is when the oldest pending event was recorded (real time), None when nothing waits."""

    pending: int
    dead: int
    oldest_at: datetime | None


def backlog() -> Backlog:
    pending = EventDelivery.objects.pending()
    return Backlog(
        pending=pending.count(),
        dead=EventDelivery.objects.dead().count(),
        oldest_at=pending.aggregate(oldest=Min("event__recorded_at"))["oldest"],
    )
