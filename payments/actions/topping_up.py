"""A household fills its wallet: a payment without an order. Once the gateway says that it came, it is in the wallet."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import NotFound
from milkdelivery.core.eventlog import emit
from milkdelivery.core.money import Money
from milkdelivery.core.outside import ensure_outside_transaction
from payments.actions.charging import LOOK_AFTER, MethodNotUsable, begin_payment, usable_gateway, waits_for_details
from payments.actions.paying import Means, give_details, note_silence
from payments.events import PaymentInitiated
from payments.gateways.base import GatewayUnavailable
from payments.models import Payment, SavedMethod
from payments.rules.attempts import PAY_WITHIN
from payments.rules.ledger import KeyOfAnotherTransfer, ensure_top_up


def pay_top_up(user_id: int, amount: Money, means: Means, *, key: str, by: Actor) -> Payment:
    """Ask a gateway for money for the wallet, or go on with what was asked for under this key. Safe to repeat.

    A top-up that failed has failed: another one has another key. Raises AmountNotPossible, MethodNotUsable, NotFound
    for a saved way to pay of somebody else, and KeyOfAnotherTransfer for a key that asked for something else. A gateway
    that does not answer raises nothing: the payment stays PENDING and is asked about. Emits PaymentInitiated, and
    PaymentSucceeded with WalletToppedUp, or PaymentFailed.
    """
    ensure_outside_transaction("a payment gateway")
    ensure_top_up(amount)
    saved = None
    if means.saved_id is not None:
        saved = SavedMethod.objects.of(user_id).filter(pk=means.saved_id).first()
        if saved is None:
            raise NotFound(_("There is no such way to pay."), field="saved_method")
    payment = _open(user_id, amount, saved.method if saved else means.method, key, by)
    if not waits_for_details(payment):
        return payment
    try:
        if not payment.gateway_reference:
            begin_payment(payment, by=by)
            payment = Payment.objects.get(pk=payment.pk)
        return give_details(payment, means, saved, by) if waits_for_details(payment) else payment
    except GatewayUnavailable:
        return note_silence(payment, by=by)


def _open(user_id: int, amount: Money, method: str, key: str, by: Actor) -> Payment:
    """The payment of this key, made now where there is none yet."""
    gateway = usable_gateway(method)
    if gateway.is_immediate:
        raise MethodNotUsable(_("A wallet can’t be topped up this way. Choose another."), field="payment_method")
    now = clock.now()
    name = f"top-up-{key}"
    try:
        with transaction.atomic():
            User.objects.keep(user_id)
            payment = Payment.objects.create(
                user_id=user_id,
                amount=amount,
                currency=amount.currency,
                method=method,
                gateway=gateway.name,
                idempotency_key=name,
                created_at=now,
                expires_at=now + PAY_WITHIN,
                look_at=now + LOOK_AFTER,
            )
            emit(PaymentInitiated(payment.pk, None, method, amount), actor=by)
    except IntegrityError:  # pressed before
        payment = Payment.objects.get(idempotency_key=name)
        if (payment.user_id, payment.amount, payment.method) != (user_id, amount, method):
            raise KeyOfAnotherTransfer(_("This key was used for another top-up.")) from None
    return payment
