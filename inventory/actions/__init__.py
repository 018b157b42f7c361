"""Every change of stock, one file per group of verbs."""

from inventory.actions.goods import MOST, BatchFacts, adjust, receive, set_on_hand, spoil
from inventory.actions.nightly import raise_low_stock, reconcile, set_low_threshold, write_off
from inventory.actions.promises import lock_available, release, reserve, sell, take_back
from inventory.actions.settling import settle
from inventory.actions.supply import drop_supply, plan_supply, receive_supply

__all__ = [
    "MOST",
    "BatchFacts",
    "adjust",
    "drop_supply",
    "lock_available",
    "plan_supply",
    "raise_low_stock",
    "receive",
    "receive_supply",
    "reconcile",
    "release",
    "reserve",
    "sell",
    "set_low_threshold",
    "set_on_hand",
    "settle",
    "spoil",
    "take_back",
    "write_off",
]
