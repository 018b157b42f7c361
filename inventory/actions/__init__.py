"""Every change of stock, one file per group of verbs."""

from inventory.actions.goods import BatchFacts, adjust, receive, set_on_hand, spoil
from inventory.actions.promises import lock_available, release, reserve, sell, take_back
from inventory.actions.supply import drop_supply, plan_supply, receive_supply

__all__ = [
    "BatchFacts",
    "adjust",
    "drop_supply",
    "lock_available",
    "plan_supply",
    "receive",
    "receive_supply",
    "release",
    "reserve",
    "sell",
    "set_on_hand",
    "spoil",
    "take_back",
]
