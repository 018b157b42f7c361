"""Every change of stock, one file per group of verbs."""

from inventory.actions.batches import BatchFacts, date_goods
from inventory.actions.files import finish_file, read_file, start_file, take_line, upload_file
from inventory.actions.goods import (
    MOST,
    adjust,
    receive,
    receive_spoiled,
    set_on_hand,
    spoil,
    take_away,
)
from inventory.actions.nightly import raise_low_stock, reconcile, set_low_threshold, write_off
from inventory.actions.promises import lock_available, release, reserve, sell, take_back
from inventory.actions.settling import settle
from inventory.actions.supply import drop_supply, plan_days, plan_supply, receive_supply

__all__ = [
    "MOST",
    "BatchFacts",
    "adjust",
    "date_goods",
    "drop_supply",
    "finish_file",
    "lock_available",
    "plan_days",
    "plan_supply",
    "raise_low_stock",
    "read_file",
    "receive",
    "receive_spoiled",
    "receive_supply",
    "reconcile",
    "release",
    "reserve",
    "sell",
    "set_low_threshold",
    "set_on_hand",
    "settle",
    "spoil",
    "start_file",
    "take_away",
    "take_back",
    "take_line",
    "upload_file",
    "write_off",
]
