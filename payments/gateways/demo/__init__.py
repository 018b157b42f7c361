"""A pretend bank for cards, UPI and netbanking: needs no account, and does whatever is to be tried."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.urls import reverse

from milkdelivery.core.money import Money
from payments.gateways.base import Charge, Keepsake, Next, NextAction, Outcome, Returned, Word
from payments.gateways.demo import bank
from payments.gateways.demo.scenarios import TOKEN
from payments.gateways.demo.signing import ensure_signed
from payments.models import DemoCharge

State = DemoCharge.State
_SAID = {State.PAID: "SUCCEEDED", State.FAILED: "FAILED"}


class DemoGateway:
    name = "demo"
    methods: Sequence[str] = ("CARD", "UPI", "NETBANKING")
    needs_account = False
    is_immediate = False
    gives_back = True

    def begin(self, charge: Charge) -> Outcome:
        """The bank opens a charge and waits for the details."""
        return _outcome(bank.open_charge(charge))

    def submit(self, reference: str, details: Mapping[str, str], *, idempotency_key: str) -> Outcome:
        return _outcome(bank.take(reference, details))

    def charge_saved(self, charge: Charge, token: str) -> Outcome:
        return _outcome(bank.take(bank.open_charge(charge).reference, {"saved": token}))

    def fetch(self, reference: str) -> Outcome:
        return _outcome(bank.look(reference))

    def void(self, reference: str, *, idempotency_key: str) -> Outcome:
        return _outcome(bank.call_off(reference))

    def refund(self, reference: str, amount: Money, *, idempotency_key: str) -> Returned:
        if bank.give_back(reference, amount, key=idempotency_key):
            return Returned("SUCCEEDED", reference=f"re_{idempotency_key}"[:120])
        return Returned("FAILED", failure_code="charge_not_refundable")

    def find_refund(self, reference: str, *, idempotency_key: str) -> Returned | None:
        is_given = idempotency_key in bank.look(reference).refunds
        return Returned("SUCCEEDED", reference=f"re_{idempotency_key}"[:120]) if is_given else None

    def forget(self, token: str) -> None:
        """The pretend bank's tokens are the same for everybody: nothing is kept of a person."""

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Word:
        ensure_signed(headers, body)
        return self.read_word(body.decode("utf-8", "replace"))

    def read_word(self, body: str) -> Word:
        word = json.loads(body)
        data = word.get("data")
        known: Mapping[str, Any] = data if isinstance(data, dict) else {}
        kind = str(word.get("type", ""))[:80]
        said = {"charge.paid": "SUCCEEDED", "charge.failed": "FAILED"}.get(kind)
        reference = str(known.get("reference", ""))[:120]
        outcome = None
        if said is not None:
            amount = Money(int(known["amount"]), str(known["currency"])) if said == "SUCCEEDED" else None
            outcome = Outcome(
                said,
                may_proceed=said == "SUCCEEDED",
                reference=reference,
                failure_code=str(known.get("failure_code", ""))[:60],
                response={"state": known.get("state"), "scenario": known.get("scenario")},
                amount=amount,
                keepsake=_keepsake(known.get("instrument") or {}, str(known.get("scenario", ""))),
            )
        return Word(str(word.get("id", ""))[:120], kind, reference, str(known.get("key", ""))[:80], outcome)


def _outcome(charge: DemoCharge) -> Outcome:
    status = _SAID.get(State(charge.state), "PENDING")
    return Outcome(
        status,
        may_proceed=status == "SUCCEEDED",
        reference=charge.reference,
        failure_code=charge.failure_code,
        response={"state": charge.state, "scenario": charge.scenario},
        next_action=_next_action(charge),
        amount=charge.amount if status == "SUCCEEDED" else None,
        keepsake=_keepsake(charge.instrument, charge.scenario) if status == "SUCCEEDED" else None,
    )


def _next_action(charge: DemoCharge) -> NextAction:
    if charge.state == State.OPEN:
        return NextAction(Next.FORM)
    if charge.state == State.CHALLENGED:
        return NextAction(Next.REDIRECT, url=reverse("payments:demo_bank", args=[charge.secret]))
    return NextAction(Next.WAIT) if charge.state == State.WORKING else NextAction()


def _keepsake(instrument: Mapping[str, Any], scenario: str) -> Keepsake | None:
    """What the bank keeps for later, where it was asked to and can."""
    if not instrument.get("saves") or not instrument.get("last4"):
        return None
    until = instrument.get("expires_on")
    return Keepsake(
        token=f"{TOKEN}{scenario}",
        brand=str(instrument.get("brand", ""))[:30],
        last4=str(instrument["last4"])[:4],
        expires_on=date.fromisoformat(str(until)) if until else None,
    )
