"""What is there, who was promised it, and the movements that explain it."""

from inventory.models.batches import Batch, BatchUse
from inventory.models.stock import Promise, Stock, StockMovement, StockQuerySet
from inventory.models.supply import DailySupply, SupplyPromise

__all__ = [
    "Batch",
    "BatchUse",
    "DailySupply",
    "Promise",
    "Stock",
    "StockMovement",
    "StockQuerySet",
    "SupplyPromise",
]
