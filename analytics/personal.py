"""Which reports a colleague has sent to them."""

from typing import Any

from analytics.actions import forget_reader
from analytics.models import ReportReader
from milkdelivery.core.erasing import Leaving, erases
from milkdelivery.core.personal import record, tells


@tells("daily_report", ReportReader)
def daily_report(user_id: int) -> dict[str, Any] | None:
    reader = ReportReader.objects.filter(user_id=user_id).first()
    return record(reader, "since") if reader else None


@erases
def erase(leaving: Leaving) -> None:
    forget_reader(leaving)
