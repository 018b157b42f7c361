"""What is there, who was promised it, and the movements that explain it."""

from inventory.models.batches import Batch, BatchUse
from inventory.models.care import LowStockAlert, Reconciliation
from inventory.models.imports import StockImport, StockImportRow
from inventory.models.stock import Promise, Stock, StockMovement, StockQuerySet
from inventory.models.supply import DailySupply, SupplyPromise

__all__ = [
    "Batch",
    "BatchUse",
    "DailySupply",
    "LowStockAlert",
    "Promise",
    "Reconciliation",
    "Stock",
    "StockImport",
    "StockImportRow",
    "StockMovement",
    "StockQuerySet",
    "SupplyPromise",
]
