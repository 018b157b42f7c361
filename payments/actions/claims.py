"""Claims about delivered goods: weighed by what was really paid for them, and granted with their refund.

They stand here and not in orders because a decision and its money are one: the same transaction approves the claim and
decides the refund, under the lock of the order's payments, which every other refund takes too.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.rules import is_contact_only
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import InvalidInput
from milkdelivery.core.money import Money
from orders.actions import ClaimDraft, end_settled_claim, ensure_draft, ensure_grantable, grant_claim, open_claim
from orders.models import Claim, Order
from orders.rules.claims import NO_BOTTLE_LEFT, NotClaimable, NotPaidBack
from payments.actions.refunding import refund_claim, weigh_claim
from payments.gateways import gateway_named
from payments.models import Payment, Refund
from payments.queries import refundable_lines
from payments.rules.refunds import BadLines, LineShare, NothingToRefund, pieces_left, way_back

_RULE = Actor.system("claims")
_BY_HAND = (Refund.Kind.LINES, Refund.Kind.AMOUNT)


class NoSuchWay(InvalidInput):
    """The money can't go there."""

    code = "claim_no_such_way"


def ways_for_claim(attempts: Sequence[Payment], *, is_guest: bool) -> tuple[str, ...]:
    """Where the money of a claim can go, the first one by itself; nothing where no money came for the order."""
    payment = _paid_with(attempts)
    if payment is None:
        return ()
    gives_back = gateway_named(payment.gateway).gives_back
    return way_back(gives_back, is_wallet=payment.method == Payment.Method.WALLET, has_account=not is_guest)


def make_claim(order_id: int, draft: ClaimDraft, *, by: Actor) -> Claim:
    """A household claims delivered goods that were spoiled, wrong or missing. Safe to repeat with the draft's key.

    What the rule allows is granted and its refund decided in the same transaction; anything else waits for a manager.
    Never more pieces than were delivered, and never past what was captured, however many do it at once. Locks the
    order's payments, the order, its lines, the household's claims. Raises NotClaimable, ClaimTooLate, BadClaim,
    ClaimedAlready, NoSuchWay. Emits ClaimOpened and, by rule, ClaimDecided and RefundDecided.
    """
    with transaction.atomic():
        attempts = Payment.objects.locked_of(order_id)
        order = Order.objects.locked(order_id)
        User.objects.keep(order.customer_id)
        known = Claim.objects.filter(key=draft.key).first()
        if known is not None:
            return known
        ensure_draft(order, draft)
        is_guest = is_contact_only(User.objects.get(pk=order.customer_id))
        ways = ways_for_claim(attempts, is_guest=is_guest)
        payment = _paid_with(attempts)
        if payment is None or not ways:
            raise NotClaimable(_("Nothing was paid for this order, so nothing can go back."))
        if draft.destination and draft.destination not in ways:
            raise NoSuchWay(_("The money can’t go there. Choose another way."), field="destination")
        shares = _weighed(payment, draft)
        claim = open_claim(
            order,
            replace(draft, destination=draft.destination or ways[0]),
            worth={share.line_id: share.amount for share in shares},
            is_guest=is_guest,
            was_paid_back=Refund.objects.of_payment(payment.pk).filter(kind__in=_BY_HAND).exists(),
            by=by,
        )
        if not claim.findings:
            _grant(claim, order, payment, shares, is_by_rule=True, by=_RULE)
    return claim


def preview_claim(claim: Claim, granted: Mapping[int, int] | None = None) -> Money:
    """What so many pieces of each line of an open claim would give back, nothing being changed; all where None.

    Raises BadLines for pieces that were paid back otherwise meanwhile, and NothingToRefund.
    """
    attempts = list(Payment.objects.filter(order_id=claim.order_id).select_related("order").order_by("pk"))
    payment = _paid_with(attempts)
    if payment is None:
        raise NothingToRefund(_("Nothing is left to pay back."))
    wanted = {part.line_id: part.quantity for part in claim.lines.all()} if granted is None else granted
    pieces = {line_id: count for line_id, count in wanted.items() if count}
    shares = weigh_claim(payment, pieces, bottles_stay=_bottles_stay(claim))
    return _total(shares, claim.currency)


def approve_claim(claim_id: int, *, granted: Mapping[int, int] | None = None, by: Actor, reason: str = "") -> Claim:
    """A manager grants a claim, all of it or so many pieces of each line (by its id); its money goes back.

    Safe to repeat. Locks the order's payments, the order, the claim, the lines. Raises ClaimDecidedAlready, BadGrant,
    BadLines for pieces that were paid back otherwise meanwhile, and NothingToRefund. Emits ClaimDecided, RefundDecided
    and, where nothing is left of the order, OrderReturned.
    """
    reason = reason.strip()
    order_id = Claim.objects.values_list("order_id", flat=True).get(pk=claim_id)
    with transaction.atomic():
        attempts = Payment.objects.locked_of(order_id)
        order = Order.objects.locked(order_id)
        claim = Claim.objects.locked(claim_id)
        if claim.status == Claim.Status.APPROVED and _is_same(claim, granted):
            return claim
        pieces = ensure_grantable(claim, granted, reason=reason)
        payment = _paid_with(attempts)
        if payment is None:
            raise NothingToRefund(_("Nothing is left to pay back."))
        shares = weigh_claim(payment, pieces, bottles_stay=_bottles_stay(claim))
        _grant(claim, order, payment, shares, is_by_rule=False, by=by, reason=reason)
    return claim


def settle_claim(claim_id: int, *, by: Actor) -> Claim:
    """A manager says that what a claim asks for was paid back already; the household reads just that.

    Safe to repeat. Locks the order's payments, the order, the claim. Raises ClaimDecidedAlready, and NotPaidBack where
    nothing of the order went back but by claims. Emits ClaimDecided.
    """
    order_id = Claim.objects.values_list("order_id", flat=True).get(pk=claim_id)
    with transaction.atomic():
        attempts = Payment.objects.locked_of(order_id)
        order = Order.objects.locked(order_id)
        claim = Claim.objects.locked(claim_id)
        if claim.status == Claim.Status.SETTLED:
            return claim
        payment = _paid_with(attempts)
        if claim.is_open and (payment is None or not _went_back_besides(payment)):
            raise NotPaidBack(_("Nothing of this order was paid back yet. Grant the claim, or refuse it."))
        end_settled_claim(claim, order, by=by)
    return claim


def settle_paid_back(order_id: int) -> list[Claim]:
    """Money of an order goes back: end its open claims for which nothing is left to pay. Safe to repeat.

    Locks the order's payments, the order, its open claims. Emits ClaimDecided.
    """
    with transaction.atomic():
        attempts = Payment.objects.locked_of(order_id)
        order = Order.objects.locked(order_id)
        payment = _paid_with(attempts)
        waiting = Claim.objects.locked_open_of(order_id) if payment is not None else []
        done = [claim for claim in waiting if payment and not left_for_claim(claim, payment)]
        for claim in done:
            end_settled_claim(claim, order, by=_RULE)
    return done


def left_for_claim(claim: Claim, payment: Payment) -> dict[int, int]:
    """The pieces of a claim that were not paid back yet, by line; those that were are left out."""
    if not payment.refundable:
        return {}
    given = [part for refund in Refund.objects.of_payment(payment.pk) for part in refund.lines]
    left = pieces_left(refundable_lines(payment), given)
    pieces = {part.line_id: min(part.quantity, left.get(part.line_id, 0)) for part in claim.lines.all()}
    return {line_id: count for line_id, count in pieces.items() if count}


def grantable(claim: Claim) -> dict[int, int]:
    """What of an open claim can still be granted, by line. A constant number of queries."""
    attempts = list(Payment.objects.filter(order_id=claim.order_id).select_related("order").order_by("pk"))
    payment = _paid_with(attempts)
    return left_for_claim(claim, payment) if payment is not None else {}


def is_paid_back(claim: Claim) -> bool:
    """Whether something of the order went back other than by claims, so that the claim may be settled by it."""
    payment = _paid_with(list(Payment.objects.filter(order_id=claim.order_id).order_by("pk")))
    return payment is not None and _went_back_besides(payment)


def _went_back_besides(payment: Payment) -> bool:
    return Refund.objects.of_payment(payment.pk).exclude(kind=Refund.Kind.CLAIM).exists()


def _grant(
    claim: Claim,
    order: Order,
    payment: Payment,
    shares: Sequence[LineShare],
    *,
    is_by_rule: bool,
    by: Actor,
    reason: str = "",
) -> None:
    refund_claim(payment, shares, claim_id=claim.pk, destination=claim.destination, by=by)
    pieces = {share.line_id: share.quantity for share in shares}
    amount = _total(shares, claim.currency)
    grant_claim(claim, order, pieces, amount=amount, is_by_rule=is_by_rule, by=by, reason=reason)


def _weighed(payment: Payment, draft: ClaimDraft) -> list[LineShare]:
    """What was paid for each line that is claimed. Raises NotClaimable where nothing can go back for one."""
    pieces = {each.line_id: each.quantity for each in draft.lines}
    stay = {each.line_id for each in draft.lines if each.reason not in NO_BOTTLE_LEFT}
    try:
        shares = weigh_claim(payment, pieces, bottles_stay=stay)
    except (BadLines, NothingToRefund) as gone:
        text = _("What you claim was paid back already, or nothing was paid for it.")
        raise NotClaimable(text, field="lines") from gone
    return shares


def _bottles_stay(claim: Claim) -> Collection[int]:
    return {part.line_id for part in claim.lines.all() if part.reason not in NO_BOTTLE_LEFT}


def _paid_with(attempts: Sequence[Payment]) -> Payment | None:
    """The payment whose money came for the order."""
    return next((payment for payment in attempts if payment.is_captured and not payment.is_surplus), None)


def _is_same(claim: Claim, granted: Mapping[int, int] | None) -> bool:
    """Whether a claim was decided just so."""
    done = {part.line_id: part.granted_quantity for part in claim.lines.all()}
    wanted = {part.line_id: part.quantity for part in claim.lines.all()} if granted is None else granted
    return all(done[line_id] == wanted.get(line_id, 0) for line_id in done) and wanted.keys() <= done.keys()


def _total(shares: Sequence[LineShare], currency: str) -> Money:
    return Money.total((share.amount for share in shares), currency)
