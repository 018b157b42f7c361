"""Which messages there are, whom each is for, how, until when it makes sense, and how long to keep trying."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.rules.messages import MUST_REACH, Group


class Kind(StrEnum):
    WELCOME = "welcome"
    ORDER_CONFIRMED = "order_confirmed"
    ORDER_CANCELLED = "order_cancelled"
    CHECKOUT_FAILED = "checkout_failed"
    ORDER_HELD = "order_held"
    ORDER_APPROVED = "order_approved"
    ORDER_REJECTED = "order_rejected"
    HELD_ORDER = "held_order"
    """To staff: somebody has to decide."""
    OUT_FOR_DELIVERY = "out_for_delivery"
    NEAR = "near"
    """Two doors to go."""
    ORDER_RESCHEDULED = "order_rescheduled"
    ORDER_CHANGED = "order_changed"
    """It did not get to its door and is brought again."""
    ORDER_UNDELIVERED = "order_undelivered"
    """It did not get to its door and is not brought again."""
    DELIVERED = "delivered"
    OUT_OF_STOCK = "out_of_stock"
    """Something of a confirmed order does not come."""
    WAITLIST_JOINED = "waitlist_joined"
    AREA_OPENED = "area_opened"
    VENDOR_ASSIGNMENT = "vendor_assignment"
    VENDOR_CANCELLATION = "vendor_cancellation"
    VENDOR_DEMAND = "vendor_demand"
    """What a dairy is to bring for a delivery, once nobody can change it any more."""
    DRIVER_ROUND = "driver_round"
    """A round is theirs, or has more or fewer stops than they were told."""
    DRIVER_CALLED_OFF = "driver_called_off"
    LINE_UNFILLED = "line_unfilled"
    """To staff: no dairy brings something of an order."""
    NOBODY_DRIVES = "nobody_drives"
    """To staff: deliveries past their cut-off are on no round, or on one without a driver."""
    DEAD_LETTERS = "dead_letters"
    """To staff: the pump has given something up."""
    GATEWAY_WORDS = "gateway_words"
    """To staff: a gateway said what could not be processed."""
    STOCK_LOW = "stock_low"
    STOCK_DRIFT = "stock_drift"
    """A recount of stock found rows that disagree with their logs."""
    LEDGER_DRIFT = "ledger_drift"
    """A recount of the books found balances that disagree with their entries."""
    PAY_LINK = "pay_link"
    """Staff placed an order for a caller, who pays it by a link."""
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_FAILED = "payment_failed"
    REFUND_MADE = "refund_made"
    REFUND_FAILED = "refund_failed"
    """To staff: money can't go back the way it came."""
    REFUND_OVERDUE = "refund_overdue"
    """To staff: nobody knows yet whether money went back."""
    TAX_MISSING = "tax_missing"
    """To staff: packs can't be sold, because no tax rate covers them."""
    WALLET_LOW = "wallet_low"
    WALLET_TOPPED_UP = "wallet_topped_up"
    CLAIM_RECEIVED = "claim_received"
    """A claim waits for somebody to look at it."""
    CLAIM_DECIDED = "claim_decided"
    CLAIM_TO_DECIDE = "claim_to_decide"
    """To staff: somebody has to look."""
    PROMOTION = "promotion"
    """An offer, to households that want to hear of such."""
    DAILY_REPORT = "daily_report"
    """To staff: what yesterday brought."""
    SIGN_IN = "sign_in"
    """Written by the sign-in pages: codes, links and warnings."""
    ACCOUNT_CLOSED = "account_closed"
    """The last word to somebody who was erased."""


class Audience(StrEnum):
    HOUSEHOLD = "HOUSEHOLD"
    VENDOR = "VENDOR"
    DRIVER = "DRIVER"
    STAFF = "STAFF"


class Severity(StrEnum):
    """How much a message to staff presses."""

    INFO = "INFO"
    WARNING = "WARNING"
    """Somebody should look today."""
    CRITICAL = "CRITICAL"
    """Milk, money or trust is lost while nobody looks."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What is so of every message of a kind.

    `group` says which of the person's choices counts, and with it whether it may be switched off at all. `is_held`:
    quiet hours hold it back; what answers something one has just done comes at once, and so does money. `worth` is how
    long it is worth telling, by the clock of the business; None is for ever. `statuses` are those of the order in which
    it is so; None where something else makes it true, and its letter looks at that.
    """

    name: Promise
    audience: Audience
    group: Group
    is_held: bool = False
    worth: timedelta | None = None
    severity: Severity | None = None
    statuses: frozenset[str] | None = None

    @property
    def must_reach(self) -> bool:
        return self.group in MUST_REACH

    @property
    def can_be_switched_off(self) -> bool:
        return self.audience == Audience.HOUSEHOLD and not self.must_reach


_COMING = frozenset({"CONFIRMED", "ON_HOLD", "PACKED", "OUT_FOR_DELIVERY", "DELIVERED"})
_HOURS = timedelta(hours=1)
_DAY = timedelta(days=1)


def _household(
    name: Promise, group: Group, *, is_held: bool = False, worth: timedelta | None = None, statuses: str = ""
) -> Spec:
    found = frozenset(statuses.split()) or None
    return Spec(name, Audience.HOUSEHOLD, group, is_held=is_held, worth=worth, statuses=found)


def _vendor(name: Promise, *, statuses: str = "", worth: timedelta | None = 7 * _DAY) -> Spec:
    return Spec(name, Audience.VENDOR, Group.WORK, worth=worth, statuses=frozenset(statuses.split()) or None)


def _driver(name: Promise) -> Spec:
    return Spec(name, Audience.DRIVER, Group.WORK, worth=12 * _HOURS)


def _staff(name: Promise, severity: Severity, *, statuses: str = "") -> Spec:
    found = frozenset(statuses.split()) or None
    return Spec(name, Audience.STAFF, Group.WORK, worth=7 * _DAY, severity=severity, statuses=found)


KINDS: Mapping[str, Spec] = {
    # -- a household's orders: what they did is answered at once, what happened to it can wait for the morning
    Kind.WELCOME: _household(_("Welcome"), Group.ORDERS, is_held=True, worth=3 * _DAY),
    Kind.ORDER_CONFIRMED: _household(_("Order confirmed"), Group.MONEY, statuses=" ".join(sorted(_COMING))),
    Kind.ORDER_CANCELLED: _household(_("Order cancelled"), Group.MONEY, statuses="CANCELLED"),
    Kind.CHECKOUT_FAILED: _household(_("Order came to nothing"), Group.MONEY, statuses="CANCELLED"),
    Kind.ORDER_HELD: _household(_("Order on hold"), Group.ORDERS, statuses="ON_HOLD"),
    Kind.ORDER_APPROVED: _household(_("Order approved"), Group.MONEY, statuses="CREATED CONFIRMED PACKED"),
    Kind.ORDER_REJECTED: _household(_("Order rejected"), Group.MONEY, statuses="CANCELLED"),
    Kind.OUT_OF_STOCK: _household(_("Something does not come"), Group.MONEY, statuses=" ".join(sorted(_COMING))),
    Kind.ORDER_CHANGED: _household(_("Order changed for you"), Group.ORDERS, statuses="CONFIRMED ON_HOLD PACKED"),
    Kind.CLAIM_RECEIVED: _household(_("Claim received"), Group.ORDERS, worth=2 * _DAY),
    Kind.CLAIM_DECIDED: _household(_("Claim decided"), Group.MONEY),
    # -- on the way: nobody is woken at five for milk that stands at the door at six
    Kind.OUT_FOR_DELIVERY: _household(
        _("On its way"), Group.DELIVERIES, is_held=True, worth=2 * _HOURS, statuses="OUT_FOR_DELIVERY"
    ),
    Kind.NEAR: _household(
        _("Nearly there"),
        Group.DELIVERIES,
        is_held=True,
        worth=timedelta(minutes=20),
        statuses="OUT_FOR_DELIVERY",
    ),
    Kind.DELIVERED: _household(_("Delivered"), Group.DELIVERIES, is_held=True, worth=2 * _DAY, statuses="DELIVERED"),
    Kind.ORDER_RESCHEDULED: _household(
        _("Not handed over, brought again"), Group.DELIVERIES, is_held=True, statuses="CONFIRMED ON_HOLD PACKED"
    ),
    Kind.ORDER_UNDELIVERED: _household(_("Not handed over"), Group.MONEY, statuses="RETURNED"),
    # -- money
    Kind.PAY_LINK: _household(_("Link to pay an order"), Group.MONEY),
    Kind.PAYMENT_RECEIVED: _household(_("Payment received"), Group.MONEY),
    Kind.PAYMENT_FAILED: _household(_("Payment failed"), Group.MONEY),
    Kind.REFUND_MADE: _household(_("Money went back"), Group.MONEY),
    Kind.WALLET_LOW: _household(_("Little left in the wallet"), Group.MONEY),
    Kind.WALLET_TOPPED_UP: _household(_("Wallet topped up"), Group.MONEY),
    # -- offers: only to whoever agreed, never at night, and never before anything else
    Kind.PROMOTION: _household(_("Promotion"), Group.NEWS, is_held=True, worth=3 * _DAY),
    # -- who waits for us to come
    Kind.WAITLIST_JOINED: _household(_("On the waiting list"), Group.ORDERS, worth=2 * _DAY),
    Kind.AREA_OPENED: _household(_("We come to your area"), Group.ORDERS, is_held=True),
    # -- sign-in: in words of others, see `notifications.mail_backend`
    Kind.SIGN_IN: _household(_("Sign-in"), Group.SECURITY, worth=timedelta(minutes=15)),
    Kind.ACCOUNT_CLOSED: _household(_("Account closed"), Group.SECURITY, worth=3 * _DAY),
    # -- dairies
    Kind.VENDOR_ASSIGNMENT: _vendor(_("To a dairy: new lines"), statuses="CONFIRMED ON_HOLD"),
    Kind.VENDOR_CANCELLATION: _vendor(_("To a dairy: lines cancelled"), statuses="CANCELLED"),
    Kind.VENDOR_DEMAND: _vendor(_("To a dairy: what to bring"), worth=6 * _HOURS),
    # -- drivers
    Kind.DRIVER_ROUND: _driver(_("To a driver: a round")),
    Kind.DRIVER_CALLED_OFF: _driver(_("To a driver: a round is called off")),
    # -- staff, and of low stock the dairy too
    Kind.LINE_UNFILLED: _staff(_("To staff: no dairy brings something"), Severity.WARNING),
    Kind.NOBODY_DRIVES: _staff(_("To staff: orders that nobody drives"), Severity.CRITICAL),
    Kind.DEAD_LETTERS: _staff(_("To staff: dead letters"), Severity.CRITICAL),
    Kind.GATEWAY_WORDS: _staff(_("To staff: words of a gateway not understood"), Severity.CRITICAL),
    Kind.STOCK_LOW: _staff(_("Stock ran low"), Severity.INFO),
    Kind.DAILY_REPORT: _staff(_("To staff: daily report"), Severity.INFO),
    Kind.HELD_ORDER: _staff(_("To staff: an order to decide about"), Severity.WARNING, statuses="ON_HOLD"),
    Kind.CLAIM_TO_DECIDE: _staff(_("To staff: a claim to decide about"), Severity.WARNING),
    Kind.TAX_MISSING: _staff(_("To staff: packs without a tax rate"), Severity.CRITICAL),
    Kind.REFUND_FAILED: _staff(_("To staff: a refund failed"), Severity.CRITICAL),
    Kind.REFUND_OVERDUE: _staff(_("To staff: a refund is overdue"), Severity.WARNING),
    Kind.STOCK_DRIFT: _staff(_("Stock does not add up"), Severity.CRITICAL),
    Kind.LEDGER_DRIFT: _staff(_("Books do not add up"), Severity.CRITICAL),
}

IN_HASTE = frozenset({Kind.SIGN_IN})
"""Somebody stands before a form and waits: these have lanes of their own."""

AT_LEISURE = frozenset({Kind.PROMOTION})
"""Thousands at once, and none of them presses: they go out while nothing else is due on their channel."""

OWN_WORDS = frozenset({Kind.SIGN_IN, Kind.ACCOUNT_CLOSED})
"""Written when they are queued, not when they are sent: it stands nowhere else, and goes once it is settled."""

TO_STAFF = [kind for kind, spec in KINDS.items() if spec.audience == Audience.STAFF]

TO_CHOSEN_STAFF = frozenset({Kind.DAILY_REPORT})
"""Not for everybody of staff: each reader is named."""

KIND_NAMES: Mapping[str, Promise] = {kind: spec.name for kind, spec in KINDS.items()}
"""For people who read the log."""

WAITS_FOR_UNDO: Mapping[str, frozenset[str]] = {
    Kind.DELIVERED: frozenset({"DELIVERED"}),
    Kind.ORDER_RESCHEDULED: frozenset({"CONFIRMED"}),
    Kind.ORDER_UNDELIVERED: frozenset({"RETURNED"}),
}
"""What a driver may take back for some minutes: it is told after those, and not where the order came there anew since
(that has a message of its own)."""

RECEIPT_WAITS = timedelta(minutes=2)
"""A receipt of its own is written only where the confirmation, which says the same, has not gone out by then."""

FAILURE_WAITS = timedelta(minutes=1)
"""Whoever stands before the page where one pays reads it there, and has mostly tried again by then."""

LEASE = timedelta(seconds=150)
"""How long a sender may hold a message. Longer than the job queue lets a task run, so its holder is gone by then."""

FIRST_BACK_OFF = timedelta(seconds=30)
LONGEST_BACK_OFF = timedelta(hours=2)
ATTEMPTS = 45
"""With this back-off about three days, as mail servers themselves keep trying."""


MOST_SUBSCRIPTIONS = 10
"""Browsers and apps of one person that we push to."""


PUSH_SERVICES = (
    "fcm.googleapis.com",
    "push.services.mozilla.com",
    "push.apple.com",
    "notify.windows.com",
)
"""Whose endpoints we take, and those of hosts below them: nobody gets us to call an address of their choice."""

LONGEST_ENDPOINT = 500


def is_push_endpoint(address: str) -> bool:
    """Whether that is where a browser's own push service listens."""
    if len(address) > LONGEST_ENDPOINT or not address.isascii() or not address.isprintable() or " " in address:
        return False
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    is_known = any(host == known or host.endswith(f".{known}") for known in PUSH_SERVICES)
    is_plain = parts.username is None and port in (None, 443) and bool(parts.path.strip("/"))
    return parts.scheme == "https" and is_known and is_plain


def is_still_so(kind: str, order_status: str) -> bool:
    statuses = KINDS[kind].statuses
    return statuses is None or order_status in statuses


def is_worth_telling(kind: str, age: timedelta) -> bool:
    """A code that arrives later is of no use and only frightens; "on its way" is a lie once it stands at the door."""
    worth = KINDS[kind].worth
    return worth is None or age <= worth


def back_off(attempts: int) -> timedelta | None:
    """How long to wait after so many failed attempts, doubling; None when it is enough."""
    if attempts >= ATTEMPTS:
        return None
    return min(LONGEST_BACK_OFF, FIRST_BACK_OFF * 2 ** min(attempts - 1, 20))
