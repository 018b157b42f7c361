"""Which promotion a basket gets: reads for the cart, its page and the API. What is used is written by an action."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from catalog.models import PromoCode, PromoRedemption, Promotion
from catalog.rules.promotions import (
    Discount,
    Goods,
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


@dataclass(frozen=True, slots=True)
class Applied:
    """A promotion that a basket can use, and what it takes off. Without a code it came by itself."""

    promotion_id: int
    name: str
    kind: str
    discount: Discount
    code_id: int | None = None
    code: str = ""


def promotion_for(
    typed: str, *, basket: Sequence[Goods], region: Region, customer_id: int | None, is_first_order: bool
) -> Applied:
    """What a code gives for a basket, as somebody typed it. Five queries at most, whatever the basket.

    A guest (`customer_id` None) has used nothing yet; it is checked again when the order is placed. Raises
    PromotionRefused at the field `code`.
    """
    code = normal_code(typed)
    if not is_code(code):
        raise unknown_code()
    found = PromoCode.objects.filter(code=code, is_active=True).first()
    if found is None:
        raise unknown_code()
    promotion = Promotion.objects.with_scope().get(pk=found.promotion_id)
    shopper = shopper_of(promotion, region=region, customer_id=customer_id, is_first_order=is_first_order)
    applied = applied_to(basket, promotion=promotion, shopper=shopper, code=found)
    if isinstance(applied, PromotionRefused):
        raise applied
    return applied


def automatic_promotions(
    *, basket: Sequence[Goods], region: Region, customer_id: int | None, is_first_order: bool
) -> list[Applied]:
    """The promotions that the basket can use by themselves, oldest first. Four queries, however many there are.

    One order uses one of them: `orders.rules.pricing.best_of` says which.
    """
    today = clock.today(region)
    promotions = list(
        Promotion.objects.with_scope()
        .filter(region=region, is_active=True, is_automatic=True, starts_on__lte=today)
        .exclude(ends_on__lt=today)
        .order_by("pk")
    )
    used = _used_by(customer_id, promotions)
    found = (
        applied_to(
            basket,
            promotion=promotion,
            shopper=Shopper(region.pk, today, is_first_order, used.count(promotion.pk)),
        )
        for promotion in promotions
    )
    return [applied for applied in found if isinstance(applied, Applied)]


def shopper_of(promotion: Promotion, *, region: Region, customer_id: int | None, is_first_order: bool) -> Shopper:
    """The facts of a person about a promotion. One query."""
    used = _used_by(customer_id, [promotion])
    return Shopper(region.pk, clock.today(region), is_first_order, len(used))


def applied_to(
    basket: Sequence[Goods], *, promotion: Promotion, shopper: Shopper, code: PromoCode | None = None
) -> Applied | PromotionRefused:
    """What the promotion gives, or why it gives nothing."""
    offer = promotion.offer
    if code is not None and code.total_limit is not None and code.used >= code.total_limit:
        return used_up_code()
    refusal = refusal_of(offer, basket, shopper)
    if refusal is not None:
        return refusal
    return Applied(
        promotion_id=promotion.pk,
        name=promotion.name,
        kind=promotion.kind,
        discount=discount_of(offer, basket),
        code_id=code.pk if code else None,
        code=code.code if code else "",
    )


def _used_by(customer_id: int | None, promotions: Iterable[Promotion]) -> list[int]:
    """The ids of these promotions, once for each use by this person."""
    if customer_id is None:
        return []
    uses = PromoRedemption.objects.counting().filter(user_id=customer_id, promotion__in=promotions)
    return list(uses.values_list("promotion_id", flat=True))
