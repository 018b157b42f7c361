"""What happens to reports."""

from dataclasses import dataclass
from datetime import date

from milkdelivery.core.eventlog import DomainEvent


@dataclass(frozen=True)
class DailyReportMade(DomainEvent):
    """A region's day has its report. `times_made` is 1 for the first; a later one says why it was made again."""

    name = "report.made"
    report_id: int
    region_id: int
    date: date
    times_made: int = 1
    reason: str = ""


@dataclass(frozen=True)
class UiClicked(DomainEvent):
    """Somebody tapped something: what, and on which page, in words that the app chose. Nobody's data."""

    name = "ui.clicked"
    element: str
    page: str = ""

    @property
    def subject(self) -> str:
        return f"ui:{self.element}"


@dataclass(frozen=True)
class PromoClicked(DomainEvent):
    """Somebody tapped a promotion."""

    name = "promo.clicked"
    promotion_id: int
    page: str = ""


@dataclass(frozen=True)
class ReportReaderChanged(DomainEvent):
    """Somebody of the staff wants the daily report by mail, or no more."""

    name = "report_reader.changed"
    user_id: int
    wants: bool
