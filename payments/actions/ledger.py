"""The only writer of the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.money import Money
from milkdelivery.core.outside import ensure_in_transaction
from payments.models import LedgerAccount, LedgerEntry, LedgerTransfer
from payments.queries import paid_ahead_for
from payments.rules.ledger import (
    AccountKind,
    KeyOfAnotherTransfer,
    Leg,
    Place,
    TransferKind,
    changes_of,
    ensure_funds,
    ensure_postable,
)

_REFUNDS = Place(AccountKind.REFUNDS)
_PAID_AHEAD = Place(AccountKind.PAID_AHEAD)


@dataclass(frozen=True, slots=True)
class Posted:
    """A transfer that stands in the books. `is_new` is False where an earlier call with the key wrote it.

    `owned` are the accounts of people that took part, as they are now, and what they had before.
    """

    transfer_id: int
    is_new: bool
    owned: dict[Place, LedgerAccount]
    before: dict[Place, Money]


def post(*, key: str, kind: str, legs: Sequence[Leg], reference: str, by: Actor, reason: str = "") -> Posted:
    """Move money: one transfer with an entry for each leg, and the balances of the people who take part.

    Part of the caller's transaction. Idempotent by `key`: a repeat writes nothing, and raises KeyOfAnotherTransfer
    where it comes with other legs. Locks the accounts of the people who take part, by primary key. Raises
    InsufficientFunds and NotHeld; then nothing is written. Tells nothing: the action that calls it does.
    """
    ensure_in_transaction("post()")
    currency = ensure_postable(legs)
    accounts = _accounts(legs, currency)
    known = LedgerTransfer.objects.filter(key=key).first()
    if known is not None:
        return _repeat(known, legs, accounts)
    owned = {place: account for place, account in accounts.items() if account.owner_id is not None}
    before = {place: account.balance for place, account in owned.items()}
    ensure_funds(before, {place: account.credit_limit for place, account in owned.items()}, legs)
    transfer_id = LedgerTransfer.objects.write(
        [(accounts[leg.debit].pk, accounts[leg.credit].pk, leg.amount.minor) for leg in legs],
        key=key,
        kind=kind,
        reference=reference,
        reason=reason,
        actor=by.label,
        occurred_at=clock.now(),
        currency=currency,
    )
    if transfer_id is None:  # only where no person takes part: nothing made the two wait for each other before
        return _repeat(LedgerTransfer.objects.get(key=key), legs, accounts)
    changes = changes_of(legs)
    for place, account in owned.items():
        account.balance += Money(changes[place], currency)
    return Posted(transfer_id, True, owned, before)


def post_refund(
    to: Place, amount: Money, *, key: str, reference: str, by: Actor, reason: str = "", is_still_sold: bool = False
) -> Posted:
    """Money of an order back to `to`: the gateway or a wallet.

    It is booked against refunds; what of it was paid ahead for the order and not delivered is no refund of sales, so
    that is moved out of there as well, except where the sale `is_still_sold`: on delivery it takes the whole of what
    was paid ahead. Part of the caller's transaction; idempotent by `key`. The caller has locked the
    order's payments.
    """
    legs = [Leg(_REFUNDS, to, amount)]
    posted = post(key=key, kind=TransferKind.REFUND, legs=legs, reference=reference, by=by, reason=reason)
    if is_still_sold or not posted.is_new:
        return posted
    ahead = min(amount, paid_ahead_for(reference, currency=amount.currency))
    if ahead.minor > 0:
        legs = [Leg(_PAID_AHEAD, _REFUNDS, ahead)]
        post(key=f"{key}-ahead", kind=TransferKind.REFUND, legs=legs, reference=reference, by=by, reason=reason)
    return posted


def _accounts(legs: Sequence[Leg], currency: str) -> dict[Place, LedgerAccount]:
    """The accounts of the legs: first those of people, locked, then our own."""
    places = {place for leg in legs for place in (leg.debit, leg.credit)}
    owners = {place.owner_id for place in places if place.owner_id is not None}
    rows = LedgerAccount.objects.locked_of(owners, currency) if owners else []
    ours = {place.kind for place in places if place.owner_id is None}
    rows += LedgerAccount.objects.system(ours, currency) if ours else []
    return {account.place: account for account in rows if account.place in places}


def _repeat(known: LedgerTransfer, legs: Sequence[Leg], accounts: dict[Place, LedgerAccount]) -> Posted:
    """What an earlier call wrote under the key. Raises KeyOfAnotherTransfer where this one wants something else."""
    written = LedgerEntry.objects.filter(transfer=known).order_by("pk")
    wanted = [(accounts[leg.debit].pk, accounts[leg.credit].pk, leg.amount) for leg in legs]
    if [(entry.debit_account_id, entry.credit_account_id, entry.amount) for entry in written] != wanted:
        raise KeyOfAnotherTransfer("This key was used for another transfer.")
    owned = {place: account for place, account in accounts.items() if account.owner_id is not None}
    return Posted(known.pk, False, owned, {place: account.balance for place, account in owned.items()})
