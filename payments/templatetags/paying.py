"""How ways to pay look."""

from __future__ import annotations

from django import template

from payments.forms import PayForm
from payments.models import Payment, Refund
from payments.words import failure_words, reason_words, refund_words

register = template.Library()

ICONS = {"CARD": "card", "UPI": "mobile", "NETBANKING": "bank", "WALLET": "wallet", "COD": "rupee"}


@register.filter
def method_icon(choice: str, form: PayForm | None = None) -> str:
    """The icon of a way to pay, by its code; of a saved one, as the form names it, with that form."""
    return ICONS.get(form.method_of(choice) if form else choice, "rupee")


@register.filter
def failure(payment: Payment) -> str:
    """Why a payment failed, in a sentence."""
    return failure_words(payment)


@register.filter
def books_reason(reason: str) -> str:
    """A reason that stands in the books."""
    return reason_words(reason)


@register.filter
def refund_reason(refund: Refund) -> str:
    """Why money goes back: what staff wrote, or the rule."""
    return refund_words(refund)
