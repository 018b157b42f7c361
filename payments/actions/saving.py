"""Ways to pay that a household keeps for later."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import NotFound
from milkdelivery.core.eventlog import emit
from milkdelivery.core.outside import ensure_outside_transaction
from payments.events import PaymentMethodRemoved, PaymentMethodSaved
from payments.gateways import gateway_named
from payments.gateways.base import Keepsake
from payments.models import Payment, SavedMethod


def keep_method(payment: Payment, keepsake: Keepsake, *, by: Actor) -> SavedMethod:
    """Keep what a gateway keeps of a payment, once however often it is used. Emits PaymentMethodSaved for a new one."""
    now = clock.now()
    with transaction.atomic():
        saved, is_new = SavedMethod.objects.update_or_create(
            user_id=payment.user_id,
            gateway=payment.gateway,
            token=keepsake.token,
            removed_at=None,
            defaults={
                "method": payment.method,
                "brand": keepsake.brand,
                "last4": keepsake.last4,
                "label": keepsake.label,
                "expires_on": keepsake.expires_on,
                "last_used_at": now,
            },
            create_defaults={
                "method": payment.method,
                "brand": keepsake.brand,
                "last4": keepsake.last4,
                "label": keepsake.label,
                "expires_on": keepsake.expires_on,
                "last_used_at": now,
                "created_at": now,
            },
        )
        if is_new:
            emit(PaymentMethodSaved(saved.pk, payment.user_id), actor=by)
    return saved


def remove_method(saved_id: int, *, user_id: int, by: Actor) -> None:
    """Keep a person's way to pay no longer, here and at the gateway. Safe to repeat.

    Raises NotFound for another's, and GatewayUnavailable, having removed it here. Emits PaymentMethodRemoved.
    """
    ensure_outside_transaction("a payment gateway")
    with transaction.atomic():
        mine = SavedMethod.objects.filter(pk=saved_id, user_id=user_id).exists()
        if not mine:
            raise NotFound(_("There is no such way to pay."))
        saved = SavedMethod.objects.locked(saved_id)
        if saved.removed_at is None:
            saved.removed_at = clock.now()
            saved.save(update_fields=["removed_at"])
            emit(PaymentMethodRemoved(saved.pk, user_id), actor=by)
    gateway_named(saved.gateway).forget(saved.token)
