"""Which messages there are, until when each still makes sense, and how long to keep trying."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Kind(StrEnum):
    ORDER_CONFIRMED = "order_confirmed"
    ORDER_CANCELLED = "order_cancelled"
    CHECKOUT_FAILED = "checkout_failed"
    ORDER_HELD = "order_held"
    ORDER_APPROVED = "order_approved"
    ORDER_REJECTED = "order_rejected"
    HELD_ORDER = "held_order"
    """To staff: somebody has to decide."""
    OUT_FOR_DELIVERY = "out_for_delivery"
    ORDER_RESCHEDULED = "order_rescheduled"
    """It did not get to its door and is brought again."""
    ORDER_UNDELIVERED = "order_undelivered"
    """It did not get to its door and is not brought again."""
    DELIVERED = "delivered"
    OUT_OF_STOCK = "out_of_stock"
    """Something of a confirmed order does not come."""
    WAITLIST_JOINED = "waitlist_joined"
    AREA_OPENED = "area_opened"
    VENDOR_ASSIGNMENT = "vendor_assignment"
    VENDOR_CANCELLATION = "vendor_cancellation"
    STOCK_LOW = "stock_low"
    STOCK_DRIFT = "stock_drift"
    """A recount of stock found rows that disagree with their logs."""
    LEDGER_DRIFT = "ledger_drift"
    """A recount of the books found balances that disagree with their entries."""
    PAY_LINK = "pay_link"
    """Staff placed an order for a caller, who pays it by a link."""
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_FAILED = "payment_failed"
    REFUND_MADE = "refund_made"
    REFUND_FAILED = "refund_failed"
    """To staff: money can't go back the way it came."""
    REFUND_OVERDUE = "refund_overdue"
    """To staff: nobody knows yet whether money went back."""
    TAX_MISSING = "tax_missing"
    """To staff: packs can't be sold, because no tax rate covers them."""
    WALLET_LOW = "wallet_low"
    WALLET_TOPPED_UP = "wallet_topped_up"
    CLAIM_RECEIVED = "claim_received"
    """A claim waits for somebody to look at it."""
    CLAIM_DECIDED = "claim_decided"
    CLAIM_TO_DECIDE = "claim_to_decide"
    """To staff: somebody has to look."""
    DAILY_REPORT = "daily_report"
    """To staff: what yesterday brought."""
    SIGN_IN = "sign_in"
    """Written by the sign-in pages: codes, links and warnings."""


WAITS_FOR_UNDO: Mapping[str, frozenset[str]] = {
    Kind.DELIVERED: frozenset({"DELIVERED"}),
    Kind.ORDER_RESCHEDULED: frozenset({"CONFIRMED"}),
    Kind.ORDER_UNDELIVERED: frozenset({"RETURNED"}),
}
"""What a driver may take back for some minutes: it is told after those, and not where the order came there anew since
(that has a message of its own)."""

KIND_NAMES: Mapping[str, Promise] = {
    Kind.ORDER_CONFIRMED: _("Order confirmed"),
    Kind.ORDER_CANCELLED: _("Order cancelled"),
    Kind.CHECKOUT_FAILED: _("Order came to nothing"),
    Kind.ORDER_HELD: _("Order on hold"),
    Kind.ORDER_APPROVED: _("Order approved"),
    Kind.ORDER_REJECTED: _("Order rejected"),
    Kind.HELD_ORDER: _("To staff: an order to decide about"),
    Kind.OUT_FOR_DELIVERY: _("On its way"),
    Kind.ORDER_RESCHEDULED: _("Not handed over, brought again"),
    Kind.ORDER_UNDELIVERED: _("Not handed over"),
    Kind.DELIVERED: _("Delivered"),
    Kind.VENDOR_ASSIGNMENT: _("To a dairy: new lines"),
    Kind.VENDOR_CANCELLATION: _("To a dairy: lines cancelled"),
    Kind.STOCK_LOW: _("Stock ran low"),
    Kind.STOCK_DRIFT: _("Stock does not add up"),
    Kind.LEDGER_DRIFT: _("Books do not add up"),
    Kind.PAY_LINK: _("Link to pay an order"),
    Kind.PAYMENT_RECEIVED: _("Payment received"),
    Kind.PAYMENT_FAILED: _("Payment failed"),
    Kind.REFUND_MADE: _("Money went back"),
    Kind.REFUND_FAILED: _("To staff: a refund failed"),
    Kind.REFUND_OVERDUE: _("To staff: a refund is overdue"),
    Kind.TAX_MISSING: _("To staff: packs without a tax rate"),
    Kind.WALLET_LOW: _("Little left in the wallet"),
    Kind.WALLET_TOPPED_UP: _("Wallet topped up"),
    Kind.CLAIM_RECEIVED: _("Claim received"),
    Kind.CLAIM_DECIDED: _("Claim decided"),
    Kind.CLAIM_TO_DECIDE: _("To staff: a claim to decide about"),
    Kind.DAILY_REPORT: _("To staff: daily report"),
    Kind.SIGN_IN: _("Sign-in"),
}
"""For people who read the log."""

TRUE_WHILE: Mapping[str, frozenset[str]] = {
    Kind.ORDER_CONFIRMED: frozenset({"CONFIRMED", "ON_HOLD", "PACKED", "OUT_FOR_DELIVERY", "DELIVERED"}),
    Kind.ORDER_CANCELLED: frozenset({"CANCELLED"}),
    Kind.CHECKOUT_FAILED: frozenset({"CANCELLED"}),
    Kind.ORDER_HELD: frozenset({"ON_HOLD"}),
    Kind.ORDER_APPROVED: frozenset({"CREATED", "CONFIRMED", "PACKED"}),
    Kind.ORDER_REJECTED: frozenset({"CANCELLED"}),
    Kind.HELD_ORDER: frozenset({"ON_HOLD"}),
    Kind.OUT_FOR_DELIVERY: frozenset({"OUT_FOR_DELIVERY"}),
    Kind.ORDER_RESCHEDULED: frozenset({"CONFIRMED", "ON_HOLD", "PACKED"}),
    Kind.ORDER_UNDELIVERED: frozenset({"RETURNED"}),
    Kind.DELIVERED: frozenset({"DELIVERED"}),
    Kind.OUT_OF_STOCK: frozenset({"CONFIRMED", "ON_HOLD", "PACKED", "OUT_FOR_DELIVERY", "DELIVERED"}),
    Kind.VENDOR_ASSIGNMENT: frozenset({"CONFIRMED", "ON_HOLD"}),
    Kind.VENDOR_CANCELLATION: frozenset({"CANCELLED"}),
}
"""The statuses of the order in which a message is still so. In any other it is not sent any more."""

RECEIPT_WAITS = timedelta(minutes=2)
"""A receipt of its own is written only where the confirmation, which says the same, has not gone out by then."""

FAILURE_WAITS = timedelta(minutes=1)
"""Whoever stands before the page where one pays reads it there, and has mostly tried again by then."""

LEASE = timedelta(seconds=150)
"""How long a sender may hold a message. Longer than the job queue lets a task run, so its holder is gone by then."""

FIRST_BACK_OFF = timedelta(seconds=30)
LONGEST_BACK_OFF = timedelta(hours=2)
ATTEMPTS = 45
"""With this back-off about three days, as mail servers themselves keep trying."""

SIGN_IN_KEEPS = timedelta(minutes=15)
"""A code that arrives later is of no use and only frightens."""


def is_still_so(kind: str, order_status: str) -> bool:
    return order_status in TRUE_WHILE[kind]


def back_off(attempts: int) -> timedelta | None:
    """How long to wait after so many failed attempts, doubling; None when it is enough."""
    if attempts >= ATTEMPTS:
        return None
    return min(LONGEST_BACK_OFF, FIRST_BACK_OFF * 2 ** min(attempts - 1, 20))
