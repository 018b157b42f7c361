"""Why a payment failed, why money goes back and why it does not move, for people."""

import re

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from payments.models import Payment, Refund
from payments.rules.attempts import NOT_DELIVERED
from payments.rules.ledger import GIVEN_UP
from payments.rules.refunds import LESS_COMES

FAILURES: dict[str, str | Promise] = {
    "card_declined": _("Your bank declined it. Try another card, or another way to pay."),
    "insufficient_funds": _("There is not enough money on it. Try another way to pay."),
    "expired_card": _("Your bank says that the card has expired. Try another one."),
    "incorrect_cvc": _("The security code is not right. Look at it again."),
    "authentication_failed": _("It was not approved on your bank’s page."),
    "expired": _("It was not paid in time."),
    NOT_DELIVERED: _("The order did not get to your door. Nothing is taken."),
    "voided": _("It was called off."),
    "replaced": _("Another way to pay was chosen."),
    "given_up": _("Another way to pay was chosen."),
}
DECLINED = _("Your bank declined it. Try another way to pay.")
UNKNOWN = _("It did not go through. Nothing was taken.")

BY_RULE: dict[str, str | Promise] = {
    "order_cancelled": _("Order cancelled"),
    "paid_already": _("Paid twice"),
    LESS_COMES: _("Not everything could come"),
    NOT_DELIVERED: _("It did not get to your door"),
    GIVEN_UP: _("Given up when the account was closed"),
}
"""Why money goes back by itself, or stays."""
_CLAIM = re.compile(r"Claim \d+")
"""What the refund of a claim is called in the books."""


TROUBLES: dict[str, str | Promise] = {
    "charge_not_refundable": _("The bank can’t give it back the way it came: the card or account is closed."),
    "cash_not_returned": _("Cash can’t go back the way it came."),
    "by_our_own_books": _("A wallet is paid by our own books."),
}


def refund_words(refund: Refund) -> str:
    """Why money goes back: what staff wrote, the rule, or that something was claimed."""
    if refund.kind == Refund.Kind.CLAIM:
        return str(refund.get_kind_display())
    return reason_words(refund.reason)


def reason_words(reason: str) -> str:
    """A reason of the books for whoever reads it: what staff wrote, the rule, or that something was claimed."""
    if _CLAIM.fullmatch(reason):
        return str(Refund.Kind.CLAIM.label)
    return str(BY_RULE.get(reason, reason))


def trouble_words(code: str) -> str:
    """For staff: why money did not move, as a gateway or we name it."""
    return str(TROUBLES.get(code, code))


def failure_words(payment: Payment) -> str:
    """One sentence, empty for a payment that did not fail."""
    if payment.status != Payment.Status.FAILED:
        return ""
    if payment.failure_code == "card_declined" and payment.method != Payment.Method.CARD:
        return str(DECLINED)
    return str(FAILURES.get(payment.failure_code, UNKNOWN))
