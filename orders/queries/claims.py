"""Reads of claims: what can still be claimed, what was, and what waits for a manager."""

from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import NotFound
from orders.models import Claim, ClaimLine, Order, OrderLine
from orders.rules.claims import Left


def delivered_at(order: Order) -> datetime | None:
    """When the order was brought, or None. One query."""
    changes = order.status_changes.filter(to_status=Order.Status.DELIVERED)
    return changes.order_by("-pk").values_list("occurred_at", flat=True).first()


def left_to_claim(order: Order) -> list[Left]:
    """The delivered lines of an order, with the pieces that nobody claimed yet. One query."""
    claimed = ClaimLine.objects.filter(line_id=OuterRef("pk")).order_by().values("line_id")
    lines = OrderLine.objects.named().filter(order=order, delivered_quantity__gt=0).order_by("pk")
    lines = lines.annotate(claimed=Coalesce(Subquery(claimed.annotate(pieces=Sum("quantity")).values("pieces")), 0))
    return [
        Left(line.pk, f"{line.local_name} {line.local_pack}", max(0, line.delivered_quantity - line.claimed))
        for line in lines
    ]


def claims_of_order(order: Order) -> list[Claim]:
    """What was claimed of an order, oldest first. Two queries, one where nothing was."""
    return list(order.claims.whole().order_by("pk"))


def claims_seen_by(by: Actor) -> QuerySet[Claim]:
    """Everybody's for staff, their own for anybody else, newest first. Two queries for a page of them."""
    claims = Claim.objects.all() if by.is_staff else Claim.objects.of_person(by.user_id or 0)
    return claims.whole().order_by("-pk")


def claim_seen_by(by: Actor, claim_id: int) -> Claim:
    """Raises NotFound where there is none, or not for them."""
    found = claims_seen_by(by).filter(pk=claim_id).first()
    if found is None:
        raise NotFound(_("There is no such claim."))
    return found


def open_claims() -> QuerySet[Claim]:
    """What waits for a manager, the oldest first."""
    return Claim.objects.open().whole().order_by("opened_at", "pk")


def other_claims(claim: Claim) -> QuerySet[Claim]:
    """What the same household claimed besides, newest first."""
    return Claim.objects.of_person(claim.order.customer_id).exclude(pk=claim.pk).whole().order_by("-pk")


def claimed_of_vendor(vendor_id: int, *, since: datetime) -> QuerySet[ClaimLine]:
    """What households said was wrong with a dairy's goods since then, newest first. One query.

    What they wrote and photographed is not for the dairy: it shows their kitchens.
    """
    parts = ClaimLine.objects.filter(line__vendor_id=vendor_id, claim__opened_at__gt=since)
    return parts.select_related("line__variant__product", "claim__order").order_by("-pk")
