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
