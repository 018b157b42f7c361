"""Every write of an order, one file per group of verbs."""

from orders.actions.answers import (
    accept_day,
    accept_lines,
    fill_what_is_missing,
    give_up_order,
    reject_day,
    reject_lines,
    report_short,
    undo_acceptance,
)
from orders.actions.assignment import assign_vendors
from orders.actions.changing import OrderChange, change_locked_order, edition_of
from orders.actions.claims import (
    ClaimDraft,
    claim_limits,
    end_settled_claim,
    ensure_draft,
    ensure_grantable,
    grant_claim,
    open_claim,
    reject_claim,
)
from orders.actions.holding import (
    approve_order,
    cancel_lapsed_hold,
    hold_order,
    hold_suspect,
    reject_order,
)
from orders.actions.placing import OrderDraft, create_order
from orders.actions.progress import (
    cancel_order,
    confirm_locked_order,
    confirm_order,
    mark_delivered,
    mark_out_for_delivery,
    pack_order,
    record_payment_status,
    release_stock,
    release_vendors,
    reserve_lines,
    take_over_orders,
)
from orders.actions.returning import put_back, return_order, try_again
from orders.actions.undoing import undo_delivered, undo_undelivered

__all__ = [
    "ClaimDraft",
    "OrderChange",
    "OrderDraft",
    "accept_day",
    "accept_lines",
    "approve_order",
    "assign_vendors",
    "cancel_lapsed_hold",
    "cancel_order",
    "change_locked_order",
    "claim_limits",
    "confirm_locked_order",
    "confirm_order",
    "create_order",
    "edition_of",
    "end_settled_claim",
    "ensure_draft",
    "ensure_grantable",
    "fill_what_is_missing",
    "give_up_order",
    "grant_claim",
    "hold_order",
    "hold_suspect",
    "mark_delivered",
    "mark_out_for_delivery",
    "open_claim",
    "pack_order",
    "put_back",
    "record_payment_status",
    "reject_claim",
    "reject_day",
    "reject_lines",
    "reject_order",
    "release_stock",
    "release_vendors",
    "report_short",
    "reserve_lines",
    "return_order",
    "take_over_orders",
    "try_again",
    "undo_acceptance",
    "undo_delivered",
    "undo_undelivered",
]
