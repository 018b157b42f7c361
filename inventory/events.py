"""What happens to stock."""

from dataclasses import dataclass

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
