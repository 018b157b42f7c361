"""Claims about delivered goods, as far as orders know them. The money is for payments, whose actions call these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from milkdelivery.core.money import Money
from milkdelivery.core.outside import ensure_in_transaction
from milkdelivery.core.photos import KeptPhoto
from orders.actions.transitions import move, return_lines, settle_claim
from orders.events import ClaimDecided, ClaimOpened, OrderReturned
from orders.models import Claim, ClaimLine, Order, OrderLine
from orders.queries import delivered_at, left_to_claim
from orders.rules.claims import (
    ALL_CLAIMED,
    COUNTED,
    ClaimDecidedAlready,
    Claimed,
    ClaimFacts,
    ClaimLimits,
    ensure_claimable,
    ensure_grant,
    ensure_pieces,
    why_somebody_looks,
)
from orders.rules.holding import ensure_reason

Status = Claim.Status


@dataclass(frozen=True, slots=True)
class ClaimDraft:
    """What a household says. `key` is one tap, however often it is sent; where the money should go may be left open."""

    key: str
    lines: Sequence[Claimed]
    words: str = ""
    photo: KeptPhoto | None = None
    destination: str = ""


def claim_limits() -> ClaimLimits:
    """Until when this dairy takes claims and what its rule grants, by its settings."""

    def amounts(name: str) -> dict[str, Money]:
        return {code: Money.from_decimal(amount, code) for code, amount in getattr(settings, name).items()}

    return ClaimLimits(
        window=timedelta(hours=settings.CLAIM_WITHIN_HOURS),
        amounts=amounts("CLAIM_BY_RULE_AMOUNTS"),
        amounts_of_month=amounts("CLAIM_BY_RULE_MONTH_AMOUNTS"),
        claims_of_month=settings.CLAIM_BY_RULE_MONTH_CLAIMS,
    )


def ensure_draft(order: Order, draft: ClaimDraft) -> None:
    """What is claimed of a locked order was delivered, not too long ago, and was not claimed before.

    Part of the caller's transaction. Raises NotClaimable, ClaimTooLate, BadClaim and ClaimedAlready.
    """
    ensure_in_transaction("a claim")
    ensure_claimable(order.status, delivered_at=delivered_at(order), limits=claim_limits(), now=clock.now())
    left = {line.line_id: line for line in left_to_claim(order)}
    ensure_pieces(draft.lines, left, ClaimLine.Reason.values)


def open_claim(
    order: Order,
    draft: ClaimDraft,
    *,
    worth: Mapping[int, Money],
    is_guest: bool,
    was_paid_back: bool,
    by: Actor,
) -> Claim:
    """Write down a claim that `ensure_draft` let pass, with what was paid for each line of it (`worth`, by line).

    Its `findings` say why a manager has to look; without any the rule may grant it, and the caller does. Part of the
    caller's transaction, which has locked the order. Locks the household's claims. Emits ClaimOpened.
    """
    ensure_in_transaction("a claim")
    now = clock.now()
    Claim.objects.lock_person(order.customer_id)
    amount = Money.total(worth.values(), order.currency)
    before = Claim.objects.of_person(order.customer_id, since=now - COUNTED)
    by_rule = Sum("granted", filter=Q(is_by_rule=True, currency=order.currency))
    counts = before.aggregate(claims=Count("pk"), by_rule=by_rule)
    facts = ClaimFacts(
        amount=amount,
        claims=counts["claims"],
        granted_by_rule=Money(counts["by_rule"] or 0, order.currency),
        reasons=frozenset(str(each.reason) for each in draft.lines),
        has_photo=draft.photo is not None,
        is_guest=is_guest,
        was_paid_back=was_paid_back,
    )
    findings = why_somebody_looks(facts, claim_limits())
    claim = Claim.objects.create(
        order=order,
        key=draft.key,
        words=draft.words.strip(),
        photo=draft.photo.stem if draft.photo else "",
        photo_width=draft.photo.width if draft.photo else 0,
        photo_height=draft.photo.height if draft.photo else 0,
        destination=draft.destination,
        findings=[finding.to_json() for finding in findings],
        amount=amount,
        currency=order.currency,
        actor=by.label,
        opened_at=now,
    )
    ClaimLine.objects.bulk_create(
        ClaimLine(
            claim=claim, line_id=each.line_id, quantity=each.quantity, reason=each.reason, amount=worth[each.line_id]
        )
        for each in draft.lines
    )
    why = tuple(str(finding.why) for finding in findings)
    emit(ClaimOpened(order.pk, claim.pk, order.customer_id, amount, why), actor=by)
    return claim


def ensure_grantable(claim: Claim, granted: Mapping[int, int] | None, *, reason: str) -> dict[int, int]:
    """The pieces of each line that a locked open claim is to be granted: all of it where `granted` is None.

    Raises ClaimDecidedAlready and BadGrant.
    """
    if not claim.is_open:
        raise ClaimDecidedAlready(_decided_already(claim), status=claim.status)
    claimed = {part.line_id: part.quantity for part in claim.lines.all()}
    wanted = claimed if granted is None else dict(granted)
    ensure_grant(wanted, claimed, reason=reason)
    return {line_id: count for line_id, count in wanted.items() if count}


def grant_claim(
    claim: Claim,
    order: Order,
    pieces: Mapping[int, int],
    *,
    amount: Money,
    is_by_rule: bool,
    by: Actor,
    reason: str = "",
) -> None:
    """A locked claim is approved: so many pieces of each line, for which `amount` goes back.

    A line whose every delivered piece was granted is RETURNED; where all lines are, so is the order. Nothing goes back
    on a shelf: what a household could not drink, or never got, nobody can sell. Part of the caller's transaction, which
    has locked the order and decides the refund. Emits ClaimDecided, and OrderReturned.
    """
    ensure_in_transaction("a decision about a claim")
    parts = list(claim.lines.all())
    for part in parts:
        part.granted_quantity = pieces.get(part.line_id, 0)
    ClaimLine.objects.bulk_update(parts, ["granted_quantity"])
    settle_claim(claim, Status.APPROVED, granted=amount, is_by_rule=is_by_rule, by=by, reason=reason)
    _tell(claim, order, by=by)
    _return_what_is_whole(order, by=by)


def reject_claim(claim_id: int, *, by: Actor, reason: str) -> Claim:
    """Refuse a claim; the household reads the reason. Safe to repeat.

    Locks the order, then the claim. Raises ReasonMissing, and ClaimDecidedAlready where it was approved. Emits
    ClaimDecided.
    """
    reason = ensure_reason(reason)
    order_id = Claim.objects.values_list("order_id", flat=True).get(pk=claim_id)
    with transaction.atomic():
        order = Order.objects.locked(order_id)
        claim = Claim.objects.locked(claim_id)
        if claim.status == Status.REJECTED:
            return claim
        if not claim.is_open:
            raise ClaimDecidedAlready(_decided_already(claim), status=claim.status)
        nothing = Money.zero(claim.currency)
        settle_claim(claim, Status.REJECTED, granted=nothing, is_by_rule=False, by=by, reason=reason)
        _tell(claim, order, by=by)
    return claim


def end_settled_claim(claim: Claim, order: Order, *, by: Actor) -> None:
    """A locked open claim ends without a grant, because what it asks for went back another way.

    Part of the caller's transaction, which has locked the order and knows of the money. Emits ClaimDecided.
    """
    ensure_in_transaction("a decision about a claim")
    if not claim.is_open:
        raise ClaimDecidedAlready(_decided_already(claim), status=claim.status)
    nothing = Money.zero(claim.currency)
    settle_claim(claim, Status.SETTLED, granted=nothing, is_by_rule=False, by=by, reason="")
    _tell(claim, order, by=by)


def _decided_already(claim: Claim) -> str:
    return _("This claim was decided meanwhile: %(status)s.") % {"status": claim.get_status_display()}


def _tell(claim: Claim, order: Order, *, by: Actor) -> None:
    told = ClaimDecided(order.pk, claim.pk, order.customer_id, claim.status, claim.granted, claim.is_by_rule)
    emit(told, actor=by)


def _return_what_is_whole(order: Order, *, by: Actor) -> None:
    lines = OrderLine.objects.locked_of(order.pk)
    came = [line for line in lines if line.delivered_quantity]
    granted = dict(
        ClaimLine.objects.filter(claim__order=order, granted_quantity__gt=0)
        .values_list("line_id")
        .annotate(pieces=Sum("granted_quantity"))
    )
    whole = [line for line in came if granted.get(line.pk, 0) >= line.delivered_quantity]
    return_lines(whole)
    if order.status == Order.Status.DELIVERED and len(whole) == len(came):
        move(order, Order.Status.RETURNED, by=by, reason=ALL_CLAIMED)
        emit(OrderReturned(order.pk, order.customer_id), actor=by)
