"""What is done to a wallet. Each verb posts to the ledger and tells it; each is safe to repeat with its key."""

from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import DomainEvent, emit, emit_many
from milkdelivery.core.money import Money
from milkdelivery.core.outside import ensure_in_transaction
from payments.actions.ledger import Posted, post, post_refund
from payments.events import (
    WalletCaptured,
    WalletCorrected,
    WalletCreditLimitSet,
    WalletHeld,
    WalletLow,
    WalletLowMarkSet,
    WalletPaidOut,
    WalletRefunded,
    WalletReleased,
    WalletTakenOver,
    WalletToppedUp,
)
from payments.models import LedgerAccount
from payments.queries import held_by_reference, held_for, is_posted
from payments.rules.ledger import (
    GIVEN_UP,
    AccountKind,
    AmountNotPossible,
    CreditInUse,
    Figures,
    Leg,
    NotHeld,
    Place,
    TransferKind,
    ensure_amount,
    ensure_reason,
    has_become_low,
    held_of,
    moving,
    sale_legs,
    wallet_of,
)

_GATEWAY = Place(AccountKind.GATEWAY)
_CORRECTIONS = Place(AccountKind.CORRECTIONS)


def top_up(user_id: int, amount: Money, *, key: str, reference: str, by: Actor) -> LedgerAccount:
    """Money that a gateway took for a wallet is in it. Safe to repeat with the same key.

    `reference` is the payment. Money that has come is never refused: what may be asked for is checked before it is
    (`rules.ledger.ensure_top_up`). Locks the person's accounts. Emits WalletToppedUp.
    """
    legs = [Leg(_GATEWAY, wallet_of(user_id), amount)]
    with transaction.atomic():
        posted = post(key=key, kind=TransferKind.TOP_UP, legs=legs, reference=reference, by=by)
        wallet = posted.owned[wallet_of(user_id)]
        _tell(posted, [WalletToppedUp(wallet.pk, user_id, amount, wallet.balance)], by=by)
    return wallet


def hold(user_id: int, amount: Money, *, key: str, reference: str, by: Actor) -> None:
    """Set money aside for an order. Safe to repeat with the same key. Nothing to hold is no error.

    Locks the person's accounts. Emits WalletHeld, and WalletLow where that takes the wallet below its mark. Raises
    InsufficientFunds, whose facts say what is missing.
    """
    if not amount:
        return
    legs = [Leg(wallet_of(user_id), held_of(user_id), amount)]
    with transaction.atomic():
        posted = post(key=key, kind=TransferKind.HOLD, legs=legs, reference=reference, by=by)
        _tell(posted, [WalletHeld(posted.owned[wallet_of(user_id)].pk, user_id, amount, reference)], by=by)


def release(
    user_id: int, amount: Money | None, *, currency: str, key: str, reference: str, by: Actor, reason: str = ""
) -> Money:
    """Give free what is set aside for an order: `amount` of it, or all where that is None; how much it was.

    Safe to repeat. Locks the person's accounts. Emits WalletReleased where there was something. Raises NotHeld for more
    than is set aside.
    """
    with transaction.atomic():
        wallet = _locked_wallet(user_id, currency)
        freed = held_for(reference, owner_id=user_id, currency=currency) if amount is None else amount
        legs = moving(Leg(held_of(user_id), wallet_of(user_id), freed))
        if legs:
            _ensure_held(user_id, freed, key=key, reference=reference)
            posted = post(key=key, kind=TransferKind.RELEASE, legs=legs, reference=reference, by=by, reason=reason)
            _tell(posted, [WalletReleased(wallet.pk, user_id, freed, reference)], by=by)
    return freed


def capture(user_id: int, figures: Figures, *, key: str, reference: str, by: Actor) -> None:
    """Pay for a delivered order with what is set aside for it, and give the rest of that free.

    Part of the delivery's transaction. Safe to repeat with the same key. Locks the person's accounts. Emits
    WalletCaptured, and WalletReleased for a rest. Raises NotHeld where less is set aside for the order than it costs.
    """
    ensure_in_transaction("capture()")
    currency = figures.total.currency
    wallet = _locked_wallet(user_id, currency)
    legs = sale_legs(held_of(user_id), figures)
    if legs:
        _ensure_held(user_id, figures.total, key=key, reference=reference)
        posted = post(key=key, kind=TransferKind.CAPTURE, legs=legs, reference=reference, by=by)
        _tell(posted, [WalletCaptured(wallet.pk, user_id, figures.total, reference)], by=by)
    release(user_id, None, currency=currency, key=f"{key}-rest", reference=reference, by=by)


def refund_to_wallet(
    user_id: int,
    amount: Money,
    *,
    key: str,
    reference: str,
    by: Actor,
    reason: str = "",
    is_still_sold: bool = False,
) -> LedgerAccount:
    """Give money of an order back into its household's wallet. Safe to repeat with the same key.

    That not more is given back than was taken is for the caller to hold, whose lock on the order's payments makes two
    refunds wait for each other. Locks the person's accounts. Emits WalletRefunded. Raises AmountNotPossible.
    """
    ensure_amount(amount)
    with transaction.atomic():
        facts = {"reference": reference, "reason": reason}
        posted = post_refund(wallet_of(user_id), amount, key=key, by=by, is_still_sold=is_still_sold, **facts)
        wallet = posted.owned[wallet_of(user_id)]
        _tell(posted, [WalletRefunded(wallet.pk, user_id, amount, reference)], by=by)
    return wallet


def correct(user_id: int, amount: Money, *, reason: str, key: str, by: Actor) -> LedgerAccount:
    """Staff put something right: above zero is added to the wallet, below zero taken from it. What stands in the books
    stays; this is one entry more, with its reason. Safe to repeat with the same key.

    Locks the person's accounts. Emits WalletCorrected, and WalletLow. Raises ReasonMissing, AmountNotPossible, and
    InsufficientFunds where that would take more than is there.
    """
    told = ensure_reason(reason)
    size = amount if amount.minor > 0 else -amount
    ensure_amount(size)
    ours, theirs = _CORRECTIONS, wallet_of(user_id)
    leg = Leg(ours, theirs, size) if amount.minor > 0 else Leg(theirs, ours, size)
    with transaction.atomic():
        posted = post(key=key, kind=TransferKind.CORRECTION, legs=[leg], reference="", by=by, reason=told)
        wallet = posted.owned[theirs]
        _tell(posted, [WalletCorrected(wallet.pk, user_id, amount)], by=by)
    return wallet


def pay_out(user_id: int, amount: Money, *, reference: str, reason: str, key: str, by: Actor) -> LedgerAccount:
    """Money of a wallet was sent to its owner's bank account: `reference` is the bank's. Safe to repeat with the key.

    Never out of credit. Locks the person's accounts. Emits WalletPaidOut. Raises ReasonMissing, AmountNotPossible for
    more than is in the wallet.
    """
    told = ensure_reason(reason)
    ensure_amount(amount)
    with transaction.atomic():
        wallet = _locked_wallet(user_id, amount.currency)
        legs = [Leg(wallet_of(user_id), _GATEWAY, amount)]
        if amount > wallet.balance and not is_posted(key):
            words = {"balance": max(wallet.balance, Money.zero(wallet.currency)).format()}
            raise AmountNotPossible(_("%(balance)s is in the wallet.") % words, field="amount")
        posted = post(key=key, kind=TransferKind.PAY_OUT, legs=legs, reference=reference, by=by, reason=told)
        _tell(posted, [WalletPaidOut(wallet.pk, user_id, amount, reference)], by=by)
    return posted.owned[wallet_of(user_id)]


def give_up(user_id: int, amount: Money, *, by: Actor) -> None:
    """Money that a person leaves behind on closing their account, as they said they would. The reason is a code.

    Part of the transaction that erases them. Locks the person's accounts. Emits WalletCorrected.
    """
    ensure_in_transaction("give_up()")
    legs = [Leg(wallet_of(user_id), _CORRECTIONS, amount)]
    key = f"given-up-{user_id}-{amount.currency}"
    posted = post(key=key, kind=TransferKind.CORRECTION, legs=legs, reference="", by=by, reason=GIVEN_UP)
    emit(WalletCorrected(posted.owned[wallet_of(user_id)].pk, user_id, -amount), actor=by)


def set_credit_limit(user_id: int, limit: Money, *, by: Actor) -> LedgerAccount:
    """How far below zero a household's wallet may go; zero: not at all. Safe to repeat.

    Locks the person's accounts. Emits WalletCreditLimitSet. Raises AmountNotPossible, and CreditInUse for less than is
    owed already.
    """
    if limit:
        ensure_amount(limit, field="credit_limit")
    with transaction.atomic():
        wallet = _locked_wallet(user_id, limit.currency)
        if wallet.balance < -limit:
            words = {"debt": (-wallet.balance).format()}
            raise CreditInUse(
                _("%(debt)s is owed already. The limit can’t be below that.") % words, field="credit_limit"
            )
        if wallet.credit_limit != limit:
            wallet.credit_limit = limit
            wallet.save(update_fields=["credit_limit"])
            emit(WalletCreditLimitSet(wallet.pk, user_id, limit), actor=by)
    return wallet


def set_low_mark(user_id: int, mark: Money, *, by: Actor) -> LedgerAccount:
    """Below which balance the household wants to hear of it; zero: never. Safe to repeat.

    Locks the person's accounts. Emits WalletLowMarkSet. Raises AmountNotPossible.
    """
    if mark:
        ensure_amount(mark, field="low_below")
    with transaction.atomic():
        wallet = _locked_wallet(user_id, mark.currency)
        if wallet.low_below != mark:
            wallet.low_below = mark
            wallet.save(update_fields=["low_below"])
            emit(WalletLowMarkSet(wallet.pk, user_id, mark), actor=by)
    return wallet


def take_over_wallets(*, from_user_id: int, to_user_id: int, by: Actor) -> None:
    """Hand what one person has in wallets, free and set aside, to another. Safe to repeat: then nothing is left.

    Whether the taker may have it is for the caller to have proven. Part of the caller's transaction. Locks the accounts
    of both. Emits WalletTakenOver for each currency. Raises InsufficientFunds where there are debts that the taker's
    wallet can't bear.
    """
    ensure_in_transaction("take_over_wallets()")
    for currency in sorted(set(LedgerAccount.objects.of(from_user_id).values_list("currency", flat=True))):
        rows = LedgerAccount.objects.locked_of({from_user_id, to_user_id}, currency)
        accounts = {row.place: row for row in rows}
        given, taken = accounts[wallet_of(from_user_id)], accounts[wallet_of(to_user_id)]
        for reference, held in held_by_reference(from_user_id, currency).items():
            _hand_over(Leg(held_of(from_user_id), held_of(to_user_id), held), reference=reference, by=by)
        if given.balance.minor > 0:
            _hand_over(Leg(given.place, taken.place, given.balance), reference="", by=by)
        elif given.balance:
            _hand_over(Leg(taken.place, given.place, -given.balance), reference="", by=by)
        emit(WalletTakenOver(taken.pk, to_user_id, from_user_id, given.balance), actor=by)


def _hand_over(leg: Leg, *, reference: str, by: Actor) -> None:
    """Each has a key of its own: that nothing is left is what makes a repeat do nothing."""
    key = f"take-over-{uuid4().hex}"
    post(key=key, kind=TransferKind.TAKE_OVER, legs=[leg], reference=reference, by=by)


def _ensure_held(user_id: int, amount: Money, *, key: str, reference: str) -> None:
    """An order pays with what is set aside for it, never with another's. Raises NotHeld; a repeat has had its look."""
    if not is_posted(key) and amount > held_for(reference, owner_id=user_id, currency=amount.currency):
        raise NotHeld(_("Less than that is set aside for this order."))


def _locked_wallet(user_id: int, currency: str) -> LedgerAccount:
    rows = LedgerAccount.objects.locked_of([user_id], currency)
    return next(row for row in rows if row.kind == AccountKind.WALLET)


def _tell(posted: Posted, told: list[DomainEvent], *, by: Actor) -> None:
    """The events of a transfer that is new, and of each wallet that it took below its mark."""
    if not posted.is_new:
        return
    for place, account in posted.owned.items():
        if place.kind == AccountKind.WALLET and has_become_low(
            posted.before[place], account.balance, account.low_below
        ):
            told.append(WalletLow(account.pk, account.owner_id or 0, account.balance))
    emit_many(told, actor=by)
