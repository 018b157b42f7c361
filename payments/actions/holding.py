"""Money set aside in a wallet belongs to a payment: it is held exactly as long as that is PENDING."""

from django.db import transaction

from milkdelivery.core.actors import Actor
from payments.actions.wallet import hold, release
from payments.models import Payment
from payments.queries.ledger import transfers_named
from payments.rules.attempts import NOT_DELIVERED

_SELF = Actor(kind="gateway", name="wallet")


def hold_for_payment(idempotency_key: str) -> bool:
    """Set aside what a payment with the wallet is to take; False where the payment was called off before.

    Safe to repeat. Locks the payment, then the wallet. Raises InsufficientFunds. Emits WalletHeld.
    """
    with transaction.atomic():
        payment = Payment.objects.locked_by_key(idempotency_key)
        if payment.status != Payment.Status.PENDING:
            return False
        if payment.order is None:
            raise ValueError("a wallet pays for orders")
        key = f"{idempotency_key}-hold"
        hold(payment.user_id, payment.amount, key=key, reference=payment.order.number, by=_SELF)
    return True


def hold_again(payment: Payment) -> None:
    """Set aside once more what a locked payment with the wallet held before it came to nothing. Nothing for another.

    Locks the wallet. Raises InsufficientFunds. Emits WalletHeld.
    """
    if payment.method == Payment.Method.WALLET and payment.order is not None:
        key = f"{payment.idempotency_key}-hold-{_freed(payment) + 1}"
        hold(payment.user_id, payment.amount, key=key, reference=payment.order.number, by=_SELF)


def _freed(payment: Payment) -> int:
    """How often what a payment held was given free."""
    return transfers_named(f"{payment.idempotency_key}-free")


def free_hold(payment: Payment, *, by: Actor) -> None:
    """Give free what a locked payment that has come to nothing holds. Emits WalletReleased."""
    if payment.method == Payment.Method.WALLET and payment.order is not None:
        earlier = _freed(payment)
        key = f"{payment.idempotency_key}-free" + (f"-{earlier + 1}" if earlier else "")
        reason = NOT_DELIVERED if payment.failure_code == NOT_DELIVERED else ""
        facts = {"currency": payment.currency, "key": key, "reference": payment.order.number, "reason": reason}
        release(payment.user_id, None, by=by, **facts)
