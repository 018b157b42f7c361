"""The household's own wallet: money is set aside when the order is placed, and taken when it is delivered."""

from collections.abc import Mapping, Sequence

from milkdelivery.core.money import Money
from payments.actions.holding import hold_for_payment
from payments.gateways.base import Charge, Envelope, Outcome, Returned, WebhookRefused, Word
from payments.rules.ledger import InsufficientFunds


class WalletGateway:
    """Money is set aside exactly as long as its payment is PENDING: what ends the payment ends the hold with it."""

    name = "wallet"
    methods: Sequence[str] = ("WALLET",)
    needs_account = True
    is_immediate = True
    is_on_paper = False
    gives_back = True

    def begin(self, charge: Charge) -> Outcome:
        """Set the money aside; the order may go on. The payment stays open until the door."""
        key = charge.idempotency_key
        try:
            is_held = hold_for_payment(key)
        except InsufficientFunds as short:
            return Outcome("FAILED", may_proceed=False, reference=key, failure_code=short.code, response=short.facts)
        return Outcome("PENDING", may_proceed=True, reference=key) if is_held else self._voided(key)

    def submit(self, reference: str, details: Mapping[str, str], *, idempotency_key: str) -> Outcome:
        """There is nothing to fill in."""
        return self.fetch(reference)

    def charge_saved(self, charge: Charge, token: str) -> Outcome:
        return self.begin(charge)

    def fetch(self, reference: str) -> Outcome:
        """It stands in our own books: the payment knows best."""
        return Outcome("PENDING", may_proceed=True, reference=reference)

    def void(self, reference: str, *, idempotency_key: str) -> Outcome:
        """Nothing has been taken; what is set aside is given free when the payment is noted as failed."""
        return self._voided(reference)

    def refund(self, reference: str, amount: Money, *, idempotency_key: str) -> Returned:
        """Money goes into a wallet by our own books, with the record of its movement."""
        return Returned("FAILED", reference=reference, failure_code="by_our_own_books")

    def find_refund(self, reference: str, *, idempotency_key: str) -> Returned | None:
        """Nothing ever goes back this way."""
        return None

    def forget(self, token: str) -> None:
        return None

    def open_webhook(self, headers: Mapping[str, str], body: bytes) -> Envelope:
        raise WebhookRefused("A wallet sends no word.")

    def read_word(self, body: str) -> Word:
        raise WebhookRefused("A wallet sends no word.")

    def _voided(self, reference: str) -> Outcome:
        return Outcome("FAILED", may_proceed=False, reference=reference, failure_code="voided")
