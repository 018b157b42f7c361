"""Which promotion a basket gets: reads for the cart, its page and the API. What is used is written by an action.

The terms of promotions that run change a few times a week and are asked for at every look into a cart, so a process
keeps them in memory, at most `FRESH_FOR` old. What an order uses is looked at anew under the promotion's lock.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic
from typing import Any

from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from catalog.models import PromoCode, PromoRedemption, Promotion
from catalog.rules.promotions import (
    Discount,
    Goods,
    Offer,
    PromotionRefused,
    Shopper,
    discount_of,
    is_code,
    normal_code,
    refusal_of,
    unknown_code,
    used_up_code,
)
from milkdelivery.core import clock
from milkdelivery.core.models import Region

FRESH_FOR = 30.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A promotion that a basket can use, and what it takes off. Without a code it came by itself."""

    promotion_id: int
    name: str
    kind: str
    discount: Discount
    code_id: int | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """A promotion as it is kept in memory. What was used of it is as old as the copy."""

    promotion_id: int
    name: str
    kind: str
    is_automatic: bool
    offer: Offer


def promotion_for(
    typed: str, *, basket: Sequence[Goods], region: Region, customer_id: int | None, is_first_order: bool
) -> Applied:
    """What a code gives for a basket, as somebody typed it. One query.

    A guest (`customer_id` None) has used nothing yet; it is checked again when the order is placed. Raises
    PromotionRefused at the field `code`.
    """
    found = code_typed(typed, customer_id=customer_id)
    given = given_by(found, basket=basket, region=region, used=getattr(found, "uses"), is_first_order=is_first_order)  # noqa: B009
    if isinstance(given, PromotionRefused):
        raise given
    return given


def code_typed(typed: str, *, customer_id: int | None) -> PromoCode:
    """The code as somebody typed it, with its promotion and `uses`, how often the person used that. One query.

    Raises PromotionRefused for one that there is not, or not any more.
    """
    code = normal_code(typed)
    if not is_code(code):
        raise unknown_code()
    codes = PromoCode.objects.filter(code=code, is_active=True).select_related("promotion__region")
    found = codes.annotate(uses=uses_by(customer_id, "promotion_id")).first()
    if found is None:
        raise unknown_code()
    return found


def uses_by(customer: Any, promotion: str) -> Coalesce:
    """For `annotate`: how often a person used the promotion that the field `promotion` of the row points at.

    `customer` is an id, an OuterRef, or None for a guest.
    """
    mine = PromoRedemption.objects.counting().filter(user=customer, promotion_id=OuterRef(promotion))
    return Coalesce(Subquery(mine.order_by().values("promotion_id").annotate(n=Count("pk")).values("n")), 0)


def uses_of(customer_id: int, promotion_id: int) -> int:
    """How often a person used a promotion. One query."""
    return PromoRedemption.objects.counting().filter(user=customer_id, promotion_id=promotion_id).count()


def given_by(
    code: PromoCode, *, basket: Sequence[Goods], region: Region, used: int, is_first_order: bool
) -> Applied | PromotionRefused:
    """What a code that was read with its promotion gives, or why it gives nothing. `used` are the person's uses.

    No query, but where the promotion runs no more, or is so new that it is not in memory.
    """
    if not code.is_active:
        return unknown_code()
    running = _kept.running().get(code.promotion_id)
    offer = replace(running.offer, used=code.promotion.used) if running else _read_now(code.promotion_id)
    offer = replace(offer, is_active=code.promotion.is_active)
    shopper = Shopper(region.pk, clock.today(region), is_first_order, used)
    return _given(basket, promotion=code.promotion, offer=offer, shopper=shopper, code=code)


def automatic_promotions(
    *, basket: Sequence[Goods], region: Region, customer_id: int | None, is_first_order: bool
) -> list[Applied]:
    """The promotions that the basket can use by themselves, oldest first. No query, or one where they have limits.

    One order uses one of them: `orders.rules.pricing.best_of` says which.
    """
    today = clock.today(region)
    running = [
        found
        for found in _kept.running().values()
        if found.is_automatic
        and found.offer.region_id == region.pk
        and found.offer.starts_on <= today
        and (found.offer.ends_on is None or today <= found.offer.ends_on)
    ]
    uses = _uses([found for found in running if _is_counted(found.offer, customer_id)], customer_id)
    given = []
    for found in running:
        in_all, own = uses.get(found.promotion_id, (0, 0))
        shopper = Shopper(region.pk, today, is_first_order, own)
        applied = _given(basket, promotion=found, offer=replace(found.offer, used=in_all), shopper=shopper)
        if isinstance(applied, Applied):
            given.append(applied)
    return given


def _is_counted(offer: Offer, customer_id: int | None) -> bool:
    return offer.total_limit is not None or (offer.per_user_limit is not None and customer_id is not None)


def _uses(running: Sequence[Running], customer_id: int | None) -> Mapping[int, tuple[int, int]]:
    """How often promotions were used, in all and by this person, by id. No query where nothing is counted."""
    if not running:
        return {}
    promotions = Promotion.objects.filter(pk__in=[found.promotion_id for found in running])
    rows = promotions.annotate(uses=uses_by(customer_id, "pk")).values_list("pk", "used", "uses")
    return {pk: (in_all, own) for pk, in_all, own in rows}


def shopper_of(promotion: Promotion, *, region: Region, customer_id: int | None, is_first_order: bool) -> Shopper:
    """The facts of a person about a promotion. One query, none for a guest, and none where nobody counts."""
    used = 0
    if customer_id is not None and promotion.per_user_limit is not None:
        used = PromoRedemption.objects.counting().filter(user_id=customer_id, promotion=promotion).count()
    return Shopper(region.pk, clock.today(region), is_first_order, used)


def applied_to(
    basket: Sequence[Goods], *, promotion: Promotion, shopper: Shopper, code: PromoCode | None = None
) -> Applied | PromotionRefused:
    """What the promotion gives as it stands in the database, or why it gives nothing. Reads its scope."""
    return _given(basket, promotion=promotion, offer=promotion.offer, shopper=shopper, code=code)


def _given(
    basket: Sequence[Goods],
    *,
    promotion: Promotion | Running,
    offer: Offer,
    shopper: Shopper,
    code: PromoCode | None = None,
) -> Applied | PromotionRefused:
    if code is not None and code.total_limit is not None and code.used >= code.total_limit:
        return used_up_code()
    refusal = refusal_of(offer, basket, shopper)
    if refusal is not None:
        return refusal
    word = code.code if code else ""
    return Applied(
        promotion_id=promotion.promotion_id if isinstance(promotion, Running) else promotion.pk,
        name=promotion.name,
        kind=promotion.kind,
        discount=replace(discount_of(offer, basket), name=promotion.name, code=word),
        code_id=code.pk if code else None,
        code=word,
    )


# -- what is kept in memory --------------------------------------------------------------------------------------------


def _read_now(promotion_id: int) -> Offer:
    return Promotion.objects.with_scope().get(pk=promotion_id).offer


def _running_now() -> dict[int, Running]:
    """Three queries: promotions that are on and not long over, with their scope. Their days are looked at later."""
    yesterday = clock.now().date() - timedelta(days=1)
    found: QuerySet[Promotion] = Promotion.objects.with_scope().filter(
        Q(ends_on=None) | Q(ends_on__gte=yesterday), is_active=True
    )
    return {
        promotion.pk: Running(promotion.pk, promotion.name, promotion.kind, promotion.is_automatic, promotion.offer)
        for promotion in found.order_by("pk")
    }


class _Kept:
    """Where this process keeps its copy."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._copy: tuple[float, dict[int, Running]] | None = None

    def running(self) -> Mapping[int, Running]:
        copy = self._copy
        if copy is None or monotonic() - copy[0] > FRESH_FOR:
            with self._lock:
                copy = self._copy = (monotonic(), _running_now())
        return copy[1]

    def clear(self) -> None:
        self._copy = None


_kept = _Kept()


def forget_promotions() -> None:
    """Read anew at the next look."""
    _kept.clear()


def on_promotion_saved(**_: object) -> None:
    """Connected to saves in this process: until they are committed, others read what was."""
    _kept.clear()
    transaction.on_commit(_kept.clear)
