"""Cash, collected by the driver at the door."""

from collections.abc import Mapping, Sequence

from milkdelivery.core.money import Money
from payments.gateways.base import Charge, Envelope, Outcome, Returned, WebhookRefused, Word


class CashGateway:
    name = "cash"
    methods: Sequence[str] = ("COD",)
    needs_account = False
    is_immediate = True
    is_on_paper = True
    gives_back = False

    def begin(self, charge: Charge) -> Outcome:
        """Nothing to take before the door; the order may go on."""
        return Outcome(status="PENDING", may_proceed=True, reference=f"cash-{charge.order_number}")

    def submit(self, reference: str, details: Mapping[str, str], *, idempotency_key: str) -> Outcome:
        """There is nothing to fill in."""
        return self.fetch(reference)

    def charge_saved(self, charge: Charge, token: str) -> Outcome:
        return self.begin(charge)

    def fetch(self, reference: str) -> Outcome:
        """Nobody knows before the door."""
        return Outcome(status="PENDING", may_proceed=True, reference=reference)

    def void(self, reference: str, *, idempotency_key: str) -> Outcome:
        """Nobody will ask for it."""
        return Outcome(status="FAILED", may_proceed=False, reference=reference, failure_code="voided")

    def refund(self, reference: str, amount: Money, *, idempotency_key: str) -> Returned:
        """A driver hands out no cash: it goes to the wallet."""
        return Returned(status="FAILED", reference=reference, failure_code="cash_not_returned")

    def find_refund(self, reference: str, *, idempotency_key: str) -> Returned | None:
        """Nothing ever goes back this way."""
        return None

    def forget(self, token: str) -> None:
        return None

    def open_webhook(self, headers: Mapping[str, str], body: bytes) -> Envelope:
        raise WebhookRefused("Cash sends no word.")

    def read_word(self, body: str) -> Word:
        raise WebhookRefused("Cash sends no word.")
