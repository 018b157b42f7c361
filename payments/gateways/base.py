"""What a gateway promises. docs/adr/0013-payment-protocol.md says why, and how Stripe fits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Protocol

from milkdelivery.core.errors import DomainError
from milkdelivery.core.money import Money

TOLERANCE = timedelta(minutes=5)
"""How old the signature of a webhook may be. Real time."""


class GatewayUnavailable(Exception):
    """The gateway did not answer, so nobody knows what it did: it is asked again under the same key."""


class WebhookRefused(DomainError):
    """The word is not the gateway's, or too old to be believed."""

    code = "webhook_refused"
    status = 400


class WebhookUnreadable(Exception):
    """The gateway said something that we don't understand."""


class Next(StrEnum):
    """What the household does next, where the gateway waits for it."""

    NOTHING = ""
    FORM = "FORM"  # fill in our form, which goes to `submit`
    ELEMENT = "ELEMENT"  # fill in the gateway's own form in the browser, opened by `client_secret`
    REDIRECT = "REDIRECT"  # go to `url`, and come back
    WAIT = "WAIT"  # the gateway works on it, or the person answers on a phone


@dataclass(frozen=True, slots=True)
class NextAction:
    kind: Next = Next.NOTHING
    url: str = ""
    client_secret: str = ""

    def to_json(self) -> dict[str, str]:
        parts = {"kind": self.kind.value, "url": self.url, "client_secret": self.client_secret}
        return {name: value for name, value in parts.items() if value}


@dataclass(frozen=True, slots=True)
class Keepsake:
    """A way to pay that the gateway keeps for later, as it calls it and as people know it."""

    token: str
    brand: str = ""
    last4: str = ""
    label: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """What is to be taken. The key makes a repeated call the same call; the person is named by a key of ours.

    `order_number` is empty for what is no order. `return_url` is where the person comes back to from a page of the
    gateway. `saves` asks the gateway to keep the way to pay.
    """

    idempotency_key: str
    amount: Money
    method: str
    order_number: str
    customer: str = ""
    return_url: str = ""
    saves: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the gateway said.

    `status` is PENDING, SUCCEEDED or FAILED. `may_proceed` says whether the order goes on now: cash is pending until
    the door, and the order goes on all the same. `amount` is what the gateway says it took, where it says so.
    `keepsake` is what it keeps for later charges.
    """

    status: str
    may_proceed: bool
    reference: str = ""
    failure_code: str = ""
    response: Mapping[str, Any] = field(default_factory=dict)
    next_action: NextAction = NextAction()
    amount: Money | None = None
    keepsake: Keepsake | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """What became of money on its way back. `status` is PENDING, SUCCEEDED or FAILED."""

    status: str
    reference: str = ""
    failure_code: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Which event a webhook is about, its signature having been found good."""

    event_id: str
    kind: str


@dataclass(frozen=True, slots=True)
class Word:
    """What a webhook tells.

    `key` is the idempotency key of the charge, for a word that is faster than the answer that names the reference.
    Without an `outcome` it is nothing that we act on.
    """

    reference: str = ""
    key: str = ""
    outcome: Outcome | None = None


class Gateway(Protocol):
    """Calls may be slow and may be repeated: they happen outside transactions and under an idempotency key.

    Any of them may raise GatewayUnavailable. What is said twice is the same charge's present state.
    """

    name: str
    methods: Sequence[str]
    needs_account: bool
    """Whether only somebody with an account of their own can pay with it, no guest."""
    is_immediate: bool
    """Whether the order never waits for it: no time runs out, and nobody asks it again."""
    is_on_paper: bool
    """Whether its `begin` does nothing and says nothing that is not known beforehand: nothing is to be noted of it."""
    gives_back: bool
    """Whether money can go back the way it came."""

    def begin(self, charge: Charge) -> Outcome:
        """Start taking the money, or say how far it is."""

    def submit(self, reference: str, details: Mapping[str, str], *, idempotency_key: str) -> Outcome:
        """What the person filled in (never kept), or `{"saved": token}` of what the gateway keeps."""

    def charge_saved(self, charge: Charge, token: str) -> Outcome:
        """Take the money with what the gateway keeps, the person not being there."""

    def fetch(self, reference: str) -> Outcome:
        """How far a charge is."""

    def void(self, reference: str, *, idempotency_key: str) -> Outcome:
        """Call off what has not been taken yet. SUCCEEDED: too late; PENDING: can't be told yet."""

    def refund(self, reference: str, amount: Money, *, idempotency_key: str) -> Returned:
        """Send money back the way it came."""

    def find_refund(self, reference: str, *, idempotency_key: str) -> Returned | None:
        """What became of money that was sent back under this key; None where the gateway never heard of the key."""

    def forget(self, token: str) -> None:
        """Keep a way to pay no longer."""

    def open_webhook(self, headers: Mapping[str, str], body: bytes) -> Envelope:
        """Check signature and age, and see which event it is. Header names are lower case. Raises WebhookRefused."""

    def read_word(self, body: str) -> Word:
        """Read what was checked when it came. Raises WebhookUnreadable."""
