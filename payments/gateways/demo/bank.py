"""The pretend bank: keeps books of its own, settles late, and writes letters. It knows nothing of our records."""

import json
import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from milkdelivery.core import clock
from milkdelivery.core.jobs import enqueue
from milkdelivery.core.money import Money
from payments.gateways.base import Charge, GatewayUnavailable
from payments.gateways.demo import scenarios
from payments.gateways.demo.scenarios import Deed, Scenario
from payments.gateways.demo.signing import HEADER, sign
from payments.models import DemoCharge

State = DemoCharge.State
LETTERS_TASK = "payments.tasks.write_demo_letters"
BRANDS = {"4": "Visa", "5": "Mastercard", "6": "RuPay", "3": "American Express"}


def open_charge(charge: Charge) -> DemoCharge:
    """A charge by its key: a new one, or the one there is."""
    known = DemoCharge.objects.filter(key=charge.idempotency_key).first()
    if known is not None:
        return known
    try:
        with transaction.atomic():
            return DemoCharge.objects.create(
                key=charge.idempotency_key,
                reference=f"demo_{secrets.token_hex(12)}",
                secret=secrets.token_urlsafe(24),
                amount=charge.amount,
                currency=charge.amount.currency,
                method=charge.method,
                order_number=charge.order_number,
                return_url=charge.return_url,
                instrument={"saves": charge.saves},
                created_at=clock.now(),
            )
    except IntegrityError:
        return DemoCharge.objects.get(key=charge.idempotency_key)


def take(reference: str, details: Mapping[str, str]) -> DemoCharge:
    """Do what the details ask for, once: whoever comes second is told how it stands.

    Raises GatewayUnavailable where the bank can't be reached, or its answer gets lost.
    """
    scenario = scenarios.by_details(details)
    if scenario.deed == Deed.BE_DOWN:
        raise GatewayUnavailable("the pretend bank is closed")
    with transaction.atomic():
        charge = _locked(reference)
        if charge.state != State.OPEN:
            return charge
        charge.scenario = scenario.name
        saves = bool(charge.instrument.get("saves") or details.get("saves"))
        charge.instrument = {"saves": saves, **_instrument(charge.method, scenario, details)}
        _do(charge, scenario)
        charge.save()
    if scenario.deed == Deed.LOSE_ANSWER:
        raise GatewayUnavailable("the answer got lost")
    return charge


def _do(charge: DemoCharge, scenario: Scenario) -> None:
    now = clock.now()
    if scenario.deed in (Deed.PAY, Deed.LOSE_ANSWER):
        _settle(charge, scenario, paid=True)
    elif scenario.deed == Deed.DECLINE:
        _settle(charge, scenario, paid=False)
    elif scenario.deed == Deed.CHALLENGE:
        charge.state = State.CHALLENGED
    else:
        charge.state = State.WORKING
        charge.settles_at = now + scenario.settles_after if scenario.settles_after is not None else None


def _settle(charge: DemoCharge, scenario: Scenario, *, paid: bool) -> None:
    """The money is taken, or will not be. Letters follow."""
    charge.state = State.PAID if paid else State.FAILED
    charge.failure_code = "" if paid else scenario.failure_code or "authentication_failed"
    charge.settles_at = None
    charge.letters = scenario.letters
    charge.letter_at = clock.now() + scenario.letter_after if scenario.letters else None
    if scenario.letters and not scenario.letter_after:
        enqueue(LETTERS_TASK)


def answer(secret: str, *, approve: bool) -> DemoCharge | None:
    """The person's answer on the bank's page. Safe to repeat: the first one counts. None for an unknown page."""
    known = DemoCharge.objects.filter(secret=secret).first()
    if known is None:
        return None
    with transaction.atomic():
        charge = _locked(known.reference)
        if charge.state == State.CHALLENGED:
            _settle(charge, scenarios.BY_NAME[charge.scenario], paid=approve)
            charge.save()
    return charge


def look(reference: str) -> DemoCharge:
    """How a charge stands, settled where it was time to. Raises GatewayUnavailable for one the bank never heard of."""
    settle_due()
    charge = DemoCharge.objects.filter(reference=reference).first()
    if charge is None:
        raise GatewayUnavailable("the pretend bank knows no such charge")
    return charge


def call_off(reference: str) -> DemoCharge:
    """Take nothing, where nothing is taken yet and the bank still can stop."""
    with transaction.atomic():
        charge = _locked(reference)
        scenario = scenarios.BY_NAME.get(charge.scenario)
        if charge.state in (State.OPEN, State.CHALLENGED, State.WORKING) and (scenario is None or scenario.can_void):
            charge.state, charge.failure_code = State.FAILED, "voided"
            charge.settles_at = charge.letter_at = None
            charge.save()
    return charge


def give_back(reference: str, amount: Money, *, key: str) -> bool:
    """Send money back, once for each key; whether there was enough of it."""
    with transaction.atomic():
        charge = _locked(reference)
        if key in charge.refunds:
            return True
        scenario = scenarios.BY_NAME.get(charge.scenario)
        if scenario is not None and not scenario.gives_back:
            return False
        if charge.state != State.PAID or sum(charge.refunds.values()) + amount.minor > charge.amount.minor:
            return False
        charge.refunds = {**charge.refunds, key: amount.minor}
        charge.save(update_fields=["refunds"])
    return True


def _locked(reference: str) -> DemoCharge:
    charge = DemoCharge.objects.locked(reference)
    if charge is None:
        raise GatewayUnavailable("the pretend bank knows no such charge")
    return charge


# -- what the bank does by the clock ---------------------------------------------------------------------------------


def settle_due(limit: int = 100) -> None:
    """Settle what was being worked on and is due."""
    now = clock.now()
    if not DemoCharge.objects.filter(settles_at__lte=now).exists():
        return
    with transaction.atomic():
        for charge in DemoCharge.objects.locked_due(now, limit):
            if charge.settles_at is not None and charge.settles_at <= now:
                _settle(charge, scenarios.BY_NAME[charge.scenario], paid=True)
                charge.save()


def letters_due(limit: int = 100) -> list[tuple[dict[str, str], bytes]]:
    """The letters to be written now, as headers and body: each charge's as often as its scenario says."""
    now, letters = clock.now(), []
    with transaction.atomic():
        for charge in DemoCharge.objects.locked_due(now, limit):
            if charge.letter_at is None or charge.letter_at > now:
                continue
            letters += [letter(charge)] * charge.letters
            charge.letter_at, charge.letters = None, 0
            charge.save(update_fields=["letter_at", "letters"])
    return letters


def letter(charge: DemoCharge) -> tuple[dict[str, str], bytes]:
    """What the bank writes of a charge as it stands, signed now."""
    body = json.dumps(
        {
            "id": f"evt_{charge.reference}_{charge.state.lower()}",
            "type": f"charge.{charge.state.lower()}",
            "data": facts(charge) | {"key": charge.key, "amount": charge.amount.minor, "currency": charge.currency},
        }
    ).encode()
    return {HEADER: sign(body, at=int(clock.real_now().timestamp()))}, body


def facts(charge: DemoCharge) -> dict[str, Any]:
    """What the bank says of a charge to whoever may know."""
    return {
        "reference": charge.reference,
        "state": charge.state,
        "failure_code": charge.failure_code,
        "instrument": charge.instrument,
        "scenario": charge.scenario,
    }


# -- what it is paid with --------------------------------------------------------------------------------------------


def _instrument(method: str, scenario: Scenario, details: Mapping[str, str]) -> dict[str, str]:
    """What people know it by: never a number."""
    if method != "CARD":
        return {"label": _shortened(details["upi"])} if "upi" in details else {}
    number = "".join(details.get("number", scenario.card).split())
    expires = details.get("expires_on") or date(clock.now().year + 3, 12, 31).isoformat()
    return {"brand": BRANDS.get(number[:1], "Card"), "last4": number[-4:], "expires_on": expires}


def _shortened(upi: str) -> str:
    name, _at, house = upi.strip().lower().partition("@")
    return f"{name[:2]}···@{house}"[:80]
