"""Stock in the back office."""

from inventory.admin.batches import BatchAdmin
from inventory.admin.files import StockImportAdmin
from inventory.admin.movements import StockMovementAdmin
from inventory.admin.recounts import ReconciliationAdmin
from inventory.admin.shelves import StockAdmin
from inventory.admin.supplies import DailySupplyAdmin

__all__ = [
    "BatchAdmin",
    "DailySupplyAdmin",
    "ReconciliationAdmin",
    "StockAdmin",
    "StockImportAdmin",
    "StockMovementAdmin",
]
