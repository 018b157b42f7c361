"""What is kept of a household's orders, and of what they said was wrong with them."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from milkdelivery.core.erasing import Leaving, Obstacle, erases, holds, obstructs
from milkdelivery.core.personal import Enclosure, encloses, record, tells
from orders.actions.erasing import forget_orders
from orders.models import Claim, ClaimLine, Order, OrderLine, OrderStatusChange
from orders.photos import open_photo
from orders.queries import COMING

TOTALS = ("items_total", "discount_total", "tax_total", "deposit_total", "delivery_total", "grand_total")


@tells("orders", Order, OrderLine, OrderStatusChange)
def orders(user_id: int) -> list[dict[str, Any]]:
    """With the door that each went to, its lines, and what happened to it. Three queries."""
    placed = Order.objects.of(user_id).select_related("slot", "region").prefetch_related("lines", "status_changes")
    return [_order(order) for order in placed.order_by("pk")]


def _order(order: Order) -> dict[str, Any]:
    facts = ("number", "status", "payment_status", "source", "placed_at", "delivery_date", "pincode", "address")
    where = ("special_instructions", "promotion_name", "promo_code", "ip", "place")
    return record(
        order,
        *facts,
        *where,
        *TOTALS,
        slot=order.slot.code,
        lines=[_line(line) for line in order.lines.all()],
        history=[record(step, "to_status", "reason", "occurred_at") for step in order.status_changes.all()],
    )


def _line(line: OrderLine) -> dict[str, Any]:
    pieces = ("name", "pack", "quantity", "delivered_quantity", "shortage", "status", "if_short")
    return record(line, *pieces, "unit_price", "discount", "tax", "deposit", "total")


@tells("claims", Claim, ClaimLine)
def claims(user_id: int) -> list[dict[str, Any]]:
    """Two queries. Their photos come along as files."""
    said = ("status", "words", "destination", "amount", "granted", "opened_at", "decision_reason", "decided_at")
    return [
        record(
            claim,
            *said,
            order=claim.order.number,
            photo=_photo_name(claim) if claim.photo else "",
            lines=[
                record(part, "quantity", "granted_quantity", "reason", "amount", name=part.line.name)
                for part in claim.lines.all()
            ],
        )
        for claim in Claim.objects.of_person(user_id).whole().order_by("pk")
    ]


@encloses
def photos(user_id: int) -> Iterator[Enclosure]:
    """One query."""
    for claim in Claim.objects.of_person(user_id).exclude(photo="").select_related("order").order_by("pk"):
        yield Enclosure(_photo_name(claim), partial(_read, claim.photo))


def _photo_name(claim: Claim) -> str:
    return f"claims/{claim.order.number}-{claim.pk}.webp"


def _read(stem: str) -> bytes:
    with open_photo(stem) as kept:
        content: bytes = kept.read()
    return content


@obstructs
def under_way(user_id: int) -> list[Obstacle]:
    """Each order that is still to come, and each claim that nobody has decided about."""
    coming = Order.objects.of(user_id).filter(status__in=COMING).order_by("pk")
    open_claims = Claim.objects.open().filter(order__customer_id=user_id).select_related("order").order_by("pk")
    return [
        *(_in_the_way(order, "order_under_way", _UNDER_WAY) for order in coming),
        *(_in_the_way(claim.order, "claim_open", _CLAIM_OPEN) for claim in open_claims),
    ]


_UNDER_WAY = _("Order %(number)s is still under way. Wait until it has come, or cancel it.")
_CLAIM_OPEN = _("We are still looking at what was wrong with order %(number)s.")


def _in_the_way(order: Order, code: str, text: Any) -> Obstacle:
    return Obstacle(code, str(text % {"number": order}), "orders:detail", str(order))


@holds
def hold(user_id: int) -> None:
    Order.objects.locked_of(user_id)


@erases
def erase(leaving: Leaving) -> None:
    forget_orders(leaving)
