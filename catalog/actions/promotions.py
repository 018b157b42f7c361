"""Writes of promotions: their terms, their codes, and every use."""

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from catalog.events import (
    PromotionCreated,
    PromotionGivenBack,
    PromotionHandedOver,
    PromotionRedeemed,
    PromotionUpdated,
)
from catalog.models import Category, Product, PromoCode, PromoRedemption, Promotion
from catalog.promotions import Applied, applied_to, shopper_of
from catalog.rules.promotions import (
    Discount,
    Goods,
    PromotionRefused,
    is_code,
    normal_code,
    unknown_code,
    used_already,
)
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError, InvalidInput
from milkdelivery.core.eventlog import emit, emit_many
from milkdelivery.core.models import Region
from milkdelivery.core.money import Money
from milkdelivery.core.outside import ensure_in_transaction
from milkdelivery.core.taken import unless_taken

MOST_CODES = 5_000
"""Made at once."""

_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""Without those that are mistaken for each other."""
_RANDOM = 10
"""Random letters of a made code: 30^10 of them, far beyond guessing."""
LONGEST_PREFIX = 12


class LimitBelowUse(DomainError):
    code = "promotion_limit_below_use"


class BadCodes(InvalidInput):
    code = "promo_codes_invalid"


class OtherPromotionUsed(DomainError):
    """The order has used a promotion already, or gave its use back: one order, one promotion, once."""

    code = "promotion_of_order_used"


@dataclass(frozen=True, slots=True)
class Purchase:
    """An order that uses a promotion. `reference` is its number, `delivery_saved` what bringing it would have cost."""

    reference: str
    customer_id: int
    region: Region
    basket: Sequence[Goods]
    is_first_order: bool
    delivery_saved: Money


def save_promotion(
    promotion: Promotion,
    *,
    products: Iterable[Product] | None = None,
    categories: Iterable[Category] | None = None,
    by: Actor,
) -> Promotion:
    """Create or change a promotion, and its scope where it is given. Orders that used it keep their discount.

    Locks it. Raises LimitBelowUse. Emits PromotionCreated or PromotionUpdated.
    """
    with transaction.atomic():
        is_new = promotion.pk is None
        if is_new:
            promotion.save()
        else:
            promotion.used = Promotion.objects.locked(promotion.pk).used
            if promotion.total_limit is not None and promotion.total_limit < promotion.used:
                raise LimitBelowUse(used_already(promotion.used), field="total_limit")
            promotion.save()
        if products is not None:
            promotion.products.set(products)
        if categories is not None:
            promotion.categories.set(categories)
        emit(PromotionCreated(promotion.pk) if is_new else PromotionUpdated(promotion.pk), actor=by)
    return promotion


def switch_promotion(promotion_id: int, *, on: bool, by: Actor) -> Promotion:
    """Switch a promotion on or off. What was placed with it stays. Safe to repeat. Emits PromotionUpdated."""
    with transaction.atomic():
        promotion = Promotion.objects.locked(promotion_id)
        if promotion.is_active == on:
            return promotion
        promotion.is_active = on
        promotion.save(update_fields=["is_active"])
        emit(PromotionUpdated(promotion.pk, "active"), actor=by)
    return promotion


def save_code(code: PromoCode, *, by: Actor) -> PromoCode:
    """Create or change a code of a promotion. Emits PromotionUpdated. Raises LimitBelowUse and TakenMeanwhile."""
    with unless_taken({"catalog_promocode_code_key": "code"}), transaction.atomic():
        Promotion.objects.locked(code.promotion_id)
        if code.pk is not None:
            code.used = PromoCode.objects.locked(code.pk).used
            if code.total_limit is not None and code.total_limit < code.used:
                raise LimitBelowUse(used_already(code.used), field="total_limit")
        code.save()
        emit(PromotionUpdated(code.promotion_id, "codes"), actor=by)
    return code


def generate_codes(
    promotion_id: int, *, count: int, by: Actor, prefix: str = "", total_limit: int | None = 1
) -> list[PromoCode]:
    """Make codes that nobody can guess, each good for `total_limit` orders (None: any number).

    At most MOST_CODES at once. Raises BadCodes. Emits PromotionUpdated.
    """
    start = f"{normal_code(prefix)}-" if prefix.strip() else ""
    if not 1 <= count <= MOST_CODES:
        raise BadCodes(_("Between 1 and %(most)d codes at once.") % {"most": MOST_CODES}, field="count")
    if len(prefix) > LONGEST_PREFIX or not is_code(_random_code(start)):
        text = _("Use up to %(most)d letters A-Z, digits and dashes.") % {"most": LONGEST_PREFIX}
        raise BadCodes(text, field="starts_with")
    with transaction.atomic():
        promotion = Promotion.objects.locked(promotion_id)
        made: dict[str, PromoCode] = {}
        while len(made) < count:
            wanted = {_random_code(start) for _number in range(count - len(made))}
            taken = set(PromoCode.objects.filter(code__in=wanted).values_list("code", flat=True))
            made |= {
                code: PromoCode(promotion=promotion, code=code, total_limit=total_limit) for code in wanted - taken
            }
        codes = PromoCode.objects.bulk_create(made.values())
        emit(PromotionUpdated(promotion.pk, "codes"), actor=by)
    return codes


def redeem_promotion(applied: Applied, *, purchase: Purchase, by: Actor) -> PromoRedemption:
    """Use a promotion for an order, after looking at all of its terms once more under its lock.

    Belongs into the transaction that writes the order, late: the promotion stays locked until it ends. The same order
    again gets the use that it has. Locks the promotion, then the code. Raises PromotionRefused (with the code
    `promotion_changed` where it would now give something else than `applied`) and OtherPromotionUsed. Emits
    PromotionRedeemed.
    """
    with transaction.atomic():
        promotion = Promotion.objects.locked(applied.promotion_id)
        known = PromoRedemption.objects.filter(reference=purchase.reference).first()
        if known is not None:
            return _same_use(known, promotion)
        code = PromoCode.objects.locked(applied.code_id) if applied.code_id is not None else None
        discount = _discount_now(promotion, code, purchase)
        if discount != applied.discount:
            raise PromotionRefused(
                "promotion_changed", _("This offer has just changed. Look the total over and press again.")
            )
        redemption = _write(promotion, code, purchase, discount)
        Promotion.objects.filter(pk=promotion.pk).update(used=promotion.used + 1)
        if code is not None:
            PromoCode.objects.filter(pk=code.pk).update(used=code.used + 1)
        emit(PromotionRedeemed(promotion.pk, purchase.reference, purchase.customer_id, redemption.amount), actor=by)
    return redemption


def give_redemption_back(reference: str, *, by: Actor) -> bool:
    """Let the use of an order that came to nothing count no more; whether there was one. Safe to repeat.

    Locks the promotion, then the code. Emits PromotionGivenBack.
    """
    found = PromoRedemption.objects.counting().filter(reference=reference).first()
    if found is None:
        return False
    with transaction.atomic():
        promotion = Promotion.objects.locked(found.promotion_id)
        redemption = PromoRedemption.objects.get(pk=found.pk)
        if redemption.given_back_at is not None:
            return True
        redemption.given_back_at = clock.now()
        redemption.save(update_fields=["given_back_at"])
        Promotion.objects.filter(pk=promotion.pk).update(used=promotion.used - 1)
        if redemption.code_id is not None:
            code = PromoCode.objects.locked(redemption.code_id)
            PromoCode.objects.filter(pk=code.pk).update(used=code.used - 1)
        emit(PromotionGivenBack(promotion.pk, reference, redemption.user_id), actor=by)
    return True


def hand_redemptions_over(references: Collection[str], *, to_user_id: int, by: Actor) -> int:
    """The orders behind these uses are another person's now, and so are the uses: they count against that one's limit.

    Part of the caller's transaction, with the orders locked. How many moved; safe to repeat. Emits
    PromotionHandedOver for each. What was used stays used, even past the limit of who takes it over.
    """
    ensure_in_transaction("hand_redemptions_over()")
    uses = PromoRedemption.objects.filter(reference__in=references).exclude(user_id=to_user_id).order_by("pk")
    moved = list(uses.values_list("pk", "promotion_id", "reference"))
    if moved:
        PromoRedemption.objects.filter(pk__in=[pk for pk, _promotion, _reference in moved]).update(user_id=to_user_id)
        emit_many(
            (PromotionHandedOver(promotion_id, reference, to_user_id) for _pk, promotion_id, reference in moved),
            actor=by,
        )
    return len(moved)


def _same_use(known: PromoRedemption, promotion: Promotion) -> PromoRedemption:
    if known.promotion_id != promotion.pk or known.given_back_at is not None:
        raise OtherPromotionUsed(_("This order has used an offer already."))
    return known


def _discount_now(promotion: Promotion, code: PromoCode | None, purchase: Purchase) -> Discount:
    if code is not None and (not code.is_active or code.promotion_id != promotion.pk):
        raise unknown_code()
    if code is None and not promotion.is_automatic:
        raise unknown_code()
    shopper = shopper_of(
        promotion,
        region=purchase.region,
        customer_id=purchase.customer_id,
        is_first_order=purchase.is_first_order,
    )
    applied = applied_to(purchase.basket, promotion=promotion, shopper=shopper, code=code)
    if isinstance(applied, PromotionRefused):
        raise applied
    return applied.discount


def _write(promotion: Promotion, code: PromoCode | None, purchase: Purchase, discount: Discount) -> PromoRedemption:
    currency = promotion.region.currency
    amount = Money.total(discount.lines, currency)
    if discount.is_delivery_free:
        amount += purchase.delivery_saved
    try:
        with transaction.atomic():
            return PromoRedemption.objects.create(
                promotion=promotion,
                code=code,
                reference=purchase.reference,
                user_id=purchase.customer_id,
                amount=amount,
                currency=currency,
            )
    except IntegrityError as taken:
        raise OtherPromotionUsed(_("This order has used an offer already.")) from taken


def _random_code(start: str) -> str:
    return start + "".join(secrets.choice(_LETTERS) for _letter in range(_RANDOM))
