"""Every write of money, one file per group of verbs."""

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

__all__ = [
    "MethodNotUsable",
    "WrongAmount",
    "begin_payment",
    "collect_cash",
    "lower_open_payment",
    "open_payment",
    "record_outcome",
    "void_payments",
]
