"""What can be tried at the pretend bank: numbers, UPI ids and banks, and what each of them does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Deed(StrEnum):
    """What the bank does once it has the details."""

    PAY = "PAY"  # takes the money and says so
    DECLINE = "DECLINE"
    CHALLENGE = "CHALLENGE"  # asks the person on a page of its own
    LOSE_ANSWER = "LOSE_ANSWER"  # takes the money, and the answer gets lost
    BE_DOWN = "BE_DOWN"  # can't be reached
    WORK = "WORK"  # says "later"


@dataclass(frozen=True, slots=True)
class Scenario:
    """`settles_after` and `letters` say when WORK ends and how often it is told; None: it never ends by itself."""

    name: str
    words: str | Promise
    deed: Deed
    failure_code: str = ""
    settles_after: timedelta | None = None
    letter_after: timedelta = timedelta(0)
    letters: int = 1
    card: str = ""
    upi: str = ""
    bank: str | Promise = ""
    can_void: bool = True
    gives_back: bool = True

    @property
    def card_groups(self) -> str:
        """The number as it is printed on a card."""
        return " ".join(self.card[place : place + 4] for place in range(0, len(self.card), 4))


_SOON = timedelta(seconds=20)

ALL = (
    Scenario("success", _("Goes through"), Deed.PAY, card="4242424242424242", upi="success@demo"),
    Scenario(
        "authenticate",
        _("Asks you on the bank’s page"),
        Deed.CHALLENGE,
        card="4000000000003220",
        upi="ask@demo",
        bank=_("Bank of Tomorrow"),
    ),
    Scenario("declined", _("Declined"), Deed.DECLINE, "card_declined", card="4000000000000002", upi="declined@demo"),
    Scenario(
        "insufficient_funds",
        _("Not enough money on it"),
        Deed.DECLINE,
        "insufficient_funds",
        card="4000000000009995",
        upi="poor@demo",
    ),
    Scenario("expired_card", _("Expired, says the bank"), Deed.DECLINE, "expired_card", card="4000000000000069"),
    Scenario("incorrect_cvc", _("Wrong security code"), Deed.DECLINE, "incorrect_cvc", card="4000000000000127"),
    Scenario(
        "timeout",
        _("Times out: the money is taken, the answer gets lost"),
        Deed.LOSE_ANSWER,
        letter_after=timedelta(minutes=1),
        card="4000000000001117",
        upi="timeout@demo",
    ),
    Scenario("down", _("The bank can’t be reached"), Deed.BE_DOWN, card="4000000000002222", upi="down@demo"),
    Scenario(
        "late",
        _("Word comes a minute late"),
        Deed.WORK,
        settles_after=timedelta(minutes=1),
        card="4000000000003337",
        upi="late@demo",
        bank=_("Slow Bank"),
    ),
    Scenario(
        "twice",
        _("Word comes twice"),
        Deed.WORK,
        settles_after=_SOON,
        letters=2,
        card="4000000000004442",
        upi="twice@demo",
    ),
    Scenario(
        "silent",
        _("Word never comes: the bank has to be asked"),
        Deed.WORK,
        settles_after=_SOON,
        letters=0,
        card="4000000000005555",
        upi="silent@demo",
        bank=_("Quiet Bank"),
    ),
    Scenario(
        "never",
        _("Nothing ever comes: the time runs out"),
        Deed.WORK,
        card="4000000000006660",
        upi="never@demo",
    ),
    Scenario(
        "too_late",
        _("Word comes after the time ran out: the money goes back"),
        Deed.WORK,
        settles_after=timedelta(minutes=20),
        card="4000000000007775",
        upi="toolate@demo",
        can_void=False,
    ),
    Scenario(
        "closed",
        _("Goes through, and is closed soon after: money can’t go back to it"),
        Deed.PAY,
        card="4000000000008880",
        upi="closed@demo",
        gives_back=False,
    ),
)
BY_NAME: Mapping[str, Scenario] = {scenario.name: scenario for scenario in ALL}
BY_CARD: Mapping[str, Scenario] = {scenario.card: scenario for scenario in ALL if scenario.card}
BY_UPI: Mapping[str, Scenario] = {scenario.upi: scenario for scenario in ALL if scenario.upi}
BANKS: Mapping[str, Scenario] = {scenario.name: scenario for scenario in ALL if scenario.bank}

UNKNOWN = BY_NAME["declined"]
"""What a number that is none of ours gets."""


def by_details(details: Mapping[str, str]) -> Scenario:
    """The scenario that a form, a token of an app, or a kept card means."""
    if "number" in details:
        return BY_CARD.get("".join(details["number"].split()), UNKNOWN)
    if "upi" in details:
        return BY_UPI.get(details["upi"].strip().lower(), UNKNOWN)
    if "bank" in details:
        return BANKS.get(details["bank"], UNKNOWN)
    word = details.get("saved") or details.get("token", "")
    return BY_NAME.get(word.removeprefix(TOKEN), UNKNOWN)


TOKEN = "demo_"  # noqa: S105 - how its tokens begin
