"""Cash, collected by the driver at the door."""

from collections.abc import Sequence

from payments.gateways.base import Charge, Outcome


class CashGateway:
    name = "cash"
    methods: Sequence[str] = ("COD",)
    needs_account = False

    def begin(self, charge: Charge) -> Outcome:
        """Nothing to take before the door; the order may go on."""
        return Outcome(status="PENDING", may_proceed=True, reference=f"cash-{charge.order_number}")

    def void(self, reference: str, *, idempotency_key: str) -> Outcome:
        """Nobody will ask for it."""
        return Outcome(status="FAILED", may_proceed=False, reference=reference, failure_code="voided")
