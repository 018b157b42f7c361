"""What happens to the demo itself. The log is where a later start reads how far the last one came."""

from dataclasses import dataclass
from datetime import datetime

from milkdelivery.core.eventlog import DomainEvent

SUBJECT = "demo"


@dataclass(frozen=True)
class DemoLoaded(DomainEvent):
    """The demo dairy was made, with all that happened up to `until`."""

    name = "demo.loaded"
    seed: int
    until: datetime
    household_ids: tuple[int, ...]

    @property
    def subject(self) -> str:
        return SUBJECT


@dataclass(frozen=True)
class DemoContinued(DomainEvent):
    """The days since the last start were added, up to `until`."""

    name = "demo.continued"
    until: datetime

    @property
    def subject(self) -> str:
        return SUBJECT
