"""What a gateway promises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from milkdelivery.core.money import Money


@dataclass(frozen=True, slots=True)
class Charge:
    """What is to be taken. The key makes a repeated call the same call."""

    idempotency_key: str
    amount: Money
    method: str
    order_number: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the gateway said.

    `status` is PENDING, SUCCEEDED or FAILED. `may_proceed` says whether the order goes on now: cash is pending until
    the door, and the order goes on all the same.
    """

    status: str
    may_proceed: bool
    reference: str = ""
    failure_code: str = ""
    response: Mapping[str, Any] = field(default_factory=dict)


class Gateway(Protocol):
    """Calls may be slow and may be repeated: they happen outside transactions and under an idempotency key."""

    name: str
    methods: Sequence[str]
    needs_account: bool
    """Whether only somebody with an account of their own can pay with it, no guest."""

    def begin(self, charge: Charge) -> Outcome:
        """Start taking the money."""

    def void(self, reference: str, *, idempotency_key: str) -> Outcome:
        """Call off what has not been taken yet."""
