"""Why a payment failed, for people."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from payments.models import Payment, Refund

FAILURES: dict[str, str | Promise] = {
    "card_declined": _("Your bank declined it. Try another card, or another way to pay."),
    "insufficient_funds": _("There is not enough money on it. Try another way to pay."),
    "expired_card": _("Your bank says that the card has expired. Try another one."),
    "incorrect_cvc": _("The security code is not right. Look at it again."),
    "authentication_failed": _("It was not approved on your bank’s page."),
    "expired": _("It was not paid in time."),
    "not_delivered": _("The order did not get to your door. Nothing is taken."),
    "voided": _("It was called off."),
    "replaced": _("Another way to pay was chosen."),
    "given_up": _("Another way to pay was chosen."),
}
DECLINED = _("Your bank declined it. Try another way to pay.")
UNKNOWN = _("It did not go through. Nothing was taken.")

BY_RULE: dict[str, str | Promise] = {
    "order_cancelled": _("Order cancelled"),
    "paid_already": _("Paid twice"),
    "line_short": _("Not everything could come"),
}
"""Why money goes back by itself."""


def refund_words(refund: Refund) -> str:
    """Why money goes back: what staff wrote, the rule, or that something was claimed."""
    if refund.kind == Refund.Kind.CLAIM:
        return str(refund.get_kind_display())
    return str(BY_RULE.get(refund.reason, refund.reason))


def failure_words(payment: Payment) -> str:
    """One sentence, empty for a payment that did not fail."""
    if payment.status != Payment.Status.FAILED:
        return ""
    if payment.failure_code == "card_declined" and payment.method != Payment.Method.CARD:
        return str(DECLINED)
    return str(FAILURES.get(payment.failure_code, UNKNOWN))
