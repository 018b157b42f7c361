"""The household's own wallet: money is set aside when the order is placed, and taken when it is delivered."""

from collections.abc import Sequence

from payments.actions.holding import hold_for_payment
from payments.gateways.base import Charge, Outcome
from payments.rules.ledger import InsufficientFunds


class WalletGateway:
    """Money is set aside exactly as long as its payment is PENDING: what ends the payment ends the hold with it."""

    name = "wallet"
    methods: Sequence[str] = ("WALLET",)
    needs_account = True

    def begin(self, charge: Charge) -> Outcome:
        """Set the money aside; the order may go on. The payment stays open until the door."""
        key = charge.idempotency_key
        try:
            is_held = hold_for_payment(key)
        except InsufficientFunds as short:
            return Outcome("FAILED", may_proceed=False, reference=key, failure_code=short.code, response=short.facts)
        return Outcome("PENDING", may_proceed=True, reference=key) if is_held else self._voided(key)

    def void(self, reference: str, *, idempotency_key: str) -> Outcome:
        """Nothing has been taken; what is set aside is given free when the payment is noted as failed."""
        return self._voided(reference)

    def _voided(self, reference: str) -> Outcome:
        return Outcome("FAILED", may_proceed=False, reference=reference, failure_code="voided")
