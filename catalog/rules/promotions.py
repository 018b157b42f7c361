"""What a promotion gives, and to whom. No database: the facts are handed in."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Protocol

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from milkdelivery.core.errors import DomainError
from milkdelivery.core.money import Money

CODE_PATTERN = r"^[A-Z0-9](?:[A-Z0-9-]{1,22}[A-Z0-9])$"
"""Three to 24 capital letters, digits and dashes inside: easy to read out, hard to mistype."""

_CODE = re.compile(CODE_PATTERN, re.ASCII)
_PERCENT_POINTS = 100
_WHOLE = 100
"""Per cent."""


class Kind(StrEnum):
    PERCENT = "PERCENT"
    FIXED = "FIXED"
    FREE_DELIVERY = "FREE_DELIVERY"
    BUY_X_GET_Y = "BUY_X_GET_Y"


@dataclass(frozen=True, slots=True)
class Goods:
    """One line of a basket, as far as promotions care."""

    product_id: int
    category_id: int
    quantity: int
    unit_price: Money

    @property
    def worth(self) -> Money:
        return self.unit_price * self.quantity


@dataclass(frozen=True, slots=True)
class Offer:
    """The terms of a promotion. `currency` is its region's; an empty scope is the whole catalogue."""

    kind: str
    currency: str
    region_id: int
    starts_on: date
    ends_on: date | None = None
    percent: int | None = None
    amount: Money | None = None
    max_discount: Money | None = None
    buy_quantity: int | None = None
    get_quantity: int | None = None
    minimum_basket: Money | None = None
    is_first_order_only: bool = False
    per_user_limit: int | None = None
    total_limit: int | None = None
    product_ids: frozenset[int] = frozenset()
    category_ids: frozenset[int] = frozenset()
    is_active: bool = True
    used: int = 0
    """Times that it was used, by anybody."""

    def reaches(self, goods: Goods) -> bool:
        """Whether the goods are in its scope."""
        if not self.product_ids and not self.category_ids:
            return True
        return goods.product_id in self.product_ids or goods.category_id in self.category_ids


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who would use it, where and when. `on` is the business date in the region; `used` counts this person's uses."""

    region_id: int
    on: date
    is_first_order: bool
    used: int = 0


@dataclass(frozen=True, slots=True)
class Discount:
    """What a promotion takes off: one amount for each line of the basket, in its order.

    `name` and `code` say to people where it comes from; two that take off the same are equal.
    """

    lines: tuple[Money, ...]
    is_delivery_free: bool = False
    name: str = field(default="", compare=False)
    code: str = field(default="", compare=False)


class Terms(Protocol):
    """What a promotion takes off, as its record and its `Offer` both say it."""

    @property
    def kind(self) -> str: ...
    @property
    def percent(self) -> int | None: ...
    @property
    def amount(self) -> Money | None: ...
    @property
    def max_discount(self) -> Money | None: ...
    @property
    def buy_quantity(self) -> int | None: ...
    @property
    def get_quantity(self) -> int | None: ...


def terms_in_words(terms: Terms) -> str:
    """10 % off, at most ₹50."""
    match terms.kind:
        case Kind.PERCENT:
            words = _("%(percent)d %% off") % {"percent": terms.percent}
            if terms.max_discount is not None:
                words += _(", at most %(most)s") % {"most": terms.max_discount.format()}
        case Kind.FIXED:
            words = _("%(amount)s off") % {"amount": terms.amount.format() if terms.amount else ""}
        case Kind.BUY_X_GET_Y:
            words = _("Buy %(buy)d, get %(get)d free") % {"buy": terms.buy_quantity, "get": terms.get_quantity}
        case _other:
            words = _("Free delivery")
    return words


class PromotionRefused(DomainError):
    """The promotion can't be used. Its own `code` says why, for programs; its words are for the household."""

    code = "promotion_refused"

    def __init__(self, code: str, message: Any, **facts: Any) -> None:
        super().__init__(message, field="code", **facts)
        self.code = code  # type: ignore[misc]  # one class, and a code for each reason


def normal_code(typed: str) -> str:
    """A code as it is kept: letter case, and blanks around it, don't matter."""
    return typed.strip().upper()


def is_code(code: str) -> bool:
    """Whether a normal code has the form of one."""
    return _CODE.fullmatch(code) is not None


MENDABLE = frozenset({"promotion_nothing_in_scope", "promotion_basket_too_small", "promotion_too_few_pieces"})
"""Refusals that more in the cart puts right: the code may stay on it meanwhile."""


def unknown_code() -> PromotionRefused:
    """Also for what was switched off: strangers learn nothing by guessing."""
    return PromotionRefused("promotion_unknown", _("We don't know this code."))


def used_already(times: int) -> str:
    """Why a limit can't be below what was used."""
    words = ngettext(
        "It was used %(used)d time already. Switch it off instead.",
        "It was used %(used)d times already. Switch it off instead.",
        times,
    )
    return words % {"used": times}


def used_up_code() -> PromotionRefused:
    return PromotionRefused("promotion_used_up", _("This code has been used."))


def refusal_of(offer: Offer, basket: Sequence[Goods], shopper: Shopper) -> PromotionRefused | None:
    """Why the promotion can't be used for this basket; None where it can. What the person can mend comes last."""
    return _refusal_of_time(offer, shopper) or _refusal_of_person(offer, shopper) or _refusal_of_basket(offer, basket)


def _refusal_of_time(offer: Offer, shopper: Shopper) -> PromotionRefused | None:
    if not offer.is_active:
        return unknown_code()
    if offer.region_id != shopper.region_id:
        return PromotionRefused("promotion_other_region", _("This offer is for another region."))
    if shopper.on < offer.starts_on:
        words = _("This offer starts on %(day)s.") % {"day": date_format(offer.starts_on)}
        return PromotionRefused("promotion_not_started", words, starts_on=offer.starts_on.isoformat())
    if offer.ends_on is not None and shopper.on > offer.ends_on:
        words = _("This offer ended on %(day)s.") % {"day": date_format(offer.ends_on)}
        return PromotionRefused("promotion_ended", words, ended_on=offer.ends_on.isoformat())
    return None


def _refusal_of_person(offer: Offer, shopper: Shopper) -> PromotionRefused | None:
    if offer.is_first_order_only and not shopper.is_first_order:
        return PromotionRefused("promotion_first_order_only", _("This offer is for a first order."))
    if offer.per_user_limit is not None and shopper.used >= offer.per_user_limit:
        return PromotionRefused("promotion_used_by_you", _("You have used this offer already."))
    if offer.total_limit is not None and offer.used >= offer.total_limit:
        return PromotionRefused("promotion_used_up", _("This offer is used up."))
    return None


def _refusal_of_basket(offer: Offer, basket: Sequence[Goods]) -> PromotionRefused | None:
    reached = [goods for goods in basket if offer.reaches(goods)]
    worth = Money.total((goods.worth for goods in reached), offer.currency)
    if not worth:
        return PromotionRefused("promotion_nothing_in_scope", _("Nothing in your cart is part of this offer."))
    if offer.minimum_basket is not None and worth < offer.minimum_basket:
        missing = offer.minimum_basket - worth
        words = _("Add %(missing)s more to use this offer.") % {"missing": missing.format()}
        return PromotionRefused("promotion_basket_too_small", words, missing=missing)
    if offer.kind == Kind.BUY_X_GET_Y and not any(_free_pieces(offer, reached)):
        missing_pieces = (offer.buy_quantity or 0) + 1 - sum(goods.quantity for goods in reached)
        words = ngettext(
            "Add %(count)d more piece of the offer to get one free.",
            "Add %(count)d more pieces of the offer to get one free.",
            missing_pieces,
        ) % {"count": missing_pieces}
        return PromotionRefused("promotion_too_few_pieces", words, missing=missing_pieces)
    return None


def gives_away(offer: Offer, *, cheapest: Money | None) -> Money | None:
    """How much anybody may take for nothing, order after order: goods worth up to this. None where nobody may.

    `cheapest` is the price of the cheapest pack that the offer is for. Whoever has used up a limit pays, so an amount
    that everybody gets only a few times is none. See `takes_everything` for what has no end.
    """
    amount = offer.max_discount if offer.percent == _WHOLE else offer.amount
    if amount is None or cheapest is None or _is_limited(offer):
        return None
    return amount if amount >= max(cheapest, offer.minimum_basket or cheapest) else None


def gives_more_than_it_sells(offer: Offer) -> bool:
    """Whether anybody gets more pieces for nothing than they pay for, order after order."""
    is_kind = offer.kind == Kind.BUY_X_GET_Y
    return is_kind and not _is_limited(offer) and (offer.get_quantity or 0) > (offer.buy_quantity or 0)


def _is_limited(offer: Offer) -> bool:
    return offer.is_first_order_only or offer.per_user_limit is not None or offer.total_limit is not None


def takes_everything(offer: Offer) -> bool:
    """Whether it leaves nothing to pay for goods, however many."""
    return offer.percent == _WHOLE and offer.max_discount is None


def discount_of(offer: Offer, basket: Sequence[Goods]) -> Discount:
    """What a usable promotion takes off each line: whole minor units, never past a line's worth, nothing out of scope.

    A percentage is rounded half up once, over all that it reaches, and its parts sum to it exactly.
    """
    return _DISCOUNTS[Kind(offer.kind)](offer, basket)


def _percent(offer: Offer, basket: Sequence[Goods]) -> Discount:
    worth = Money.total((goods.worth for goods in basket if offer.reaches(goods)), offer.currency)
    off = worth.share((offer.percent or 0) * _PERCENT_POINTS)
    return _spread(min(off, offer.max_discount) if offer.max_discount is not None else off, offer, basket)


def _fixed(offer: Offer, basket: Sequence[Goods]) -> Discount:
    return _spread(offer.amount or Money.zero(offer.currency), offer, basket)


def _free_delivery(offer: Offer, basket: Sequence[Goods]) -> Discount:
    return Discount(tuple(Money.zero(offer.currency) for _goods in basket), is_delivery_free=True)


def _buy_x_get_y(offer: Offer, basket: Sequence[Goods]) -> Discount:
    free = _free_pieces(offer, basket)
    return Discount(tuple(goods.unit_price * pieces for goods, pieces in zip(basket, free, strict=True)))


_DISCOUNTS: dict[Kind, Callable[[Offer, Sequence[Goods]], Discount]] = {
    Kind.PERCENT: _percent,
    Kind.FIXED: _fixed,
    Kind.FREE_DELIVERY: _free_delivery,
    Kind.BUY_X_GET_Y: _buy_x_get_y,
}


def _spread(off: Money, offer: Offer, basket: Sequence[Goods]) -> Discount:
    """An amount over the lines in scope, by worth."""
    weights = [goods.worth.minor if offer.reaches(goods) else 0 for goods in basket]
    most = Money(sum(weights), offer.currency)
    if not most:
        return Discount(tuple(Money.zero(offer.currency) for _goods in basket))
    return Discount(tuple(min(off, most).allocate(weights)))


def _free_pieces(offer: Offer, basket: Sequence[Goods]) -> list[int]:
    """How many pieces of each line are free: of every `buy + get` pieces the cheapest `get`, and of a last group that
    is not full whatever is past `buy`."""
    buy, get = offer.buy_quantity or 0, offer.get_quantity or 0
    reached = [place for place, goods in enumerate(basket) if offer.reaches(goods)]
    groups, rest = divmod(sum(basket[place].quantity for place in reached), buy + get or 1)
    left = groups * get + max(0, rest - buy)
    free = [0] * len(basket)
    for place in sorted(reached, key=lambda place: (basket[place].unit_price.minor, place)):
        free[place] = min(left, basket[place].quantity)
        left -= free[place]
    return free
