"""What happens to stock and to the milk that is still to come."""

from dataclasses import dataclass
from datetime import date

from milkdelivery.core.eventlog import DomainEvent


@dataclass(frozen=True)
class StockChanged(DomainEvent):
    """One action's changes of one vendor's stock; the movements hold the figures."""

    name = "stock.changed"
    stock_id: int
    kind: str
    on_hand_change: int
    reserved_change: int
    reference: str = ""


@dataclass(frozen=True)
class SupplyPlanned(DomainEvent):
    """A dairy said how much it can bring on a day; None: it no longer says so."""

    name = "supply.planned"
    stock_id: int
    date: date
    quantity: int | None


@dataclass(frozen=True)
class SupplyPromised(DomainEvent):
    """Pieces of a day's supply were promised to an order or, below zero, given back by it."""

    name = "supply.promised"
    stock_id: int
    date: date
    change: int
    reference: str


@dataclass(frozen=True)
class SupplyCameIn(DomainEvent):
    """The milk of a day is on the shelf, and what was promised of it is reserved there."""

    name = "supply.received"
    stock_id: int
    date: date
    quantity: int


@dataclass(frozen=True)
class SupplyShort(DomainEvent):
    """Less came in than was promised. `references` are the orders that got less than they were promised, or nothing;
    what they still hold is what `queries.held_by` says."""

    name = "supply.short"
    vendor_id: int
    variant_id: int
    date: date
    references: tuple[str, ...]


@dataclass(frozen=True)
class StockLow(DomainEvent):
    """A shelf has less than its threshold left: told once a day."""

    name = "stock.low"
    stock_id: int
    date: date
    available: int
    threshold: int


@dataclass(frozen=True)
class StockRecounted(DomainEvent):
    """A region's stock was recounted from its logs. `drift_count` above 0 wants people."""

    name = "stock.recounted"
    region_id: int
    date: date
    drift_count: int


@dataclass(frozen=True)
class StockThresholdSet(DomainEvent):
    """A shelf counts as low below another number of pieces."""

    name = "stock.threshold_set"
    stock_id: int
    threshold: int


@dataclass(frozen=True)
class StockFileUploaded(DomainEvent):
    name = "stock_file.uploaded"
    stock_file_id: int


@dataclass(frozen=True)
class StockFileRead(DomainEvent):
    """A file was understood line by line: so many lines can be carried out, so many are wrong."""

    name = "stock_file.read"
    stock_file_id: int
    ready: int
    wrong: int


@dataclass(frozen=True)
class StockFileStarted(DomainEvent):
    """Somebody looked a file over and said: take it."""

    name = "stock_file.started"
    stock_file_id: int


@dataclass(frozen=True)
class StockFileDone(DomainEvent):
    name = "stock_file.done"
    stock_file_id: int
    taken: int
    refused: int
