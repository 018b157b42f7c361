"""Stock in the mobile API: whether so much can be had, what is there, and what is done to it."""

from inventory.api.check import StockCheck
from inventory.api.movements import Movements
from inventory.api.shelves import Shelves, VendorShelves
from inventory.api.supplies import Supplies, SupplyCameIn

__all__ = ["Movements", "Shelves", "StockCheck", "Supplies", "SupplyCameIn", "VendorShelves"]
