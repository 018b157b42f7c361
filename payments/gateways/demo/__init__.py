"""A pretend bank for cards, UPI and netbanking: needs no account, and does whatever is to be tried."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.urls import reverse

from milkdelivery.core.money import Money
from payments.gateways.base import (
    Charge,
    Envelope,
    Keepsake,
    Next,
    NextAction,
    Outcome,
    Returned,
    WebhookRefused,
    WebhookUnreadable,
    Word,
)
from payments.gateways.demo import bank
from payments.gateways.demo.scenarios import TOKEN
from payments.gateways.demo.signing import ensure_signed
from payments.models import DemoCharge

State = DemoCharge.State
_SAID = {State.PAID: "SUCCEEDED", State.FAILED: "FAILED"}
LONGEST_ID, LONGEST_KIND = 120, 80


class DemoGateway:
    name = "demo"
    methods: Sequence[str] = ("CARD", "UPI", "NETBANKING")
    needs_account = False
    is_immediate = False
    is_on_paper = False
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

    def open_webhook(self, headers: Mapping[str, str], body: bytes) -> Envelope:
        ensure_signed(headers, body)
        try:
            word = _Letter(json.loads(body))
            return Envelope(word.text("id", LONGEST_ID), word.text("type", LONGEST_KIND))
        except ValueError as problem:
            raise WebhookRefused("It does not say which event it is.") from problem

    def read_word(self, body: str) -> Word:
        try:
            return _word(_Letter(json.loads(body)))
        except ValueError as problem:
            raise WebhookUnreadable(str(problem)) from problem


class _Letter:
    """A JSON object of the bank. Raises ValueError for what is not as the bank writes it."""

    def __init__(self, parts: Any) -> None:
        if not isinstance(parts, dict):
            raise ValueError("not an object")
        self.parts: dict[str, Any] = parts

    def text(self, name: str, longest: int, *, is_needed: bool = True) -> str:
        value = self.parts.get(name) or ""
        if not isinstance(value, str) or len(value) > longest or "\0" in value or (is_needed and not value):
            raise ValueError(f"{name} is no text of 1 to {longest} letters")
        return value

    def number(self, name: str) -> int:
        value = self.parts.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
            raise ValueError(f"{name} is no amount")
        return value

    def letter(self, name: str) -> "_Letter":
        return _Letter(self.parts.get(name) or {})


def _word(word: _Letter) -> Word:
    said = {"charge.paid": "SUCCEEDED", "charge.failed": "FAILED"}.get(word.text("type", LONGEST_KIND))
    if said is None:
        return Word()
    data = word.letter("data")
    reference, key = data.text("reference", 120), data.text("key", 80)
    scenario = data.text("scenario", 40, is_needed=False)
    is_paid = said == "SUCCEEDED"
    outcome = Outcome(
        said,
        may_proceed=is_paid,
        reference=reference,
        failure_code=data.text("failure_code", 60, is_needed=False),
        response={"state": data.text("state", 20, is_needed=False), "scenario": scenario},
        amount=Money(data.number("amount"), data.text("currency", 3)) if is_paid else None,
        keepsake=_keepsake(data.letter("instrument").parts, scenario),
    )
    return Word(reference, key, outcome)


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
