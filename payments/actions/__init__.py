"""Every write of money, one file per group of verbs."""

from payments.actions.books import lower_hold, settle_delivered
from payments.actions.charging import (
    MethodNotUsable,
    WrongAmount,
    begin_payment,
    collect_cash,
    lower_open_payment,
    open_payment,
    record_outcome,
    void_payments,
)
from payments.actions.ledger import post
from payments.actions.wallet import (
    capture,
    correct,
    hold,
    pay_out,
    refund_to_wallet,
    release,
    set_credit_limit,
    set_low_mark,
    take_over_wallets,
    top_up,
)

__all__ = [
    "MethodNotUsable",
    "WrongAmount",
    "begin_payment",
    "capture",
    "collect_cash",
    "correct",
    "hold",
    "lower_hold",
    "lower_open_payment",
    "open_payment",
    "pay_out",
    "post",
    "record_outcome",
    "refund_to_wallet",
    "release",
    "set_credit_limit",
    "set_low_mark",
    "settle_delivered",
    "take_over_wallets",
    "top_up",
    "void_payments",
]
