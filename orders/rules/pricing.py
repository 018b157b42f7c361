"""The one pricing function. Cart, checkout, quotes, invoices and subscriptions all use it."""

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.rules.promotions import Discount
from milkdelivery.core.money import Money


@dataclass(frozen=True, slots=True)
class Item:
    """A variant as it is to be priced: its price, deposit and tax rate on the delivery day."""

    variant_id: int
    name: str
    pack: str
    hsn_code: str
    quantity: int
    unit_price: Money
    deposit: Money
    tax_basis_points: int

    @property
    def gross(self) -> Money:
        """Price times quantity."""
        return self.unit_price * self.quantity


@dataclass(frozen=True, slots=True)
class Terms:
    """How a region charges: its currency, whether prices include tax, and what bringing it costs."""

    currency: str
    tax_inclusive: bool
    delivery_fee: Money
    free_delivery_from: Money | None


@dataclass(frozen=True, slots=True)
class PricedLine:
    item: Item
    gross: Money
    """Price times quantity."""
    discount: Money
    tax: Money
    """Contained in `total` where prices include tax, added to it where they do not."""
    deposit: Money
    """Refundable, for all pieces of the line."""

    @property
    def total(self) -> Money:
        return self.gross - self.discount


@dataclass(frozen=True, slots=True)
class Quote:
    """What a basket costs, and why. Every sum equals the sum of its lines."""

    lines: tuple[PricedLine, ...]
    terms: Terms
    items_total: Money
    discount_total: Money
    tax_total: Money
    deposit_total: Money
    delivery_total: Money

    @property
    def grand_total(self) -> Money:
        """items - discount + deposit + delivery, plus tax where prices exclude it."""
        total = self.items_total - self.discount_total + self.deposit_total + self.delivery_total
        return total if self.terms.tax_inclusive else total + self.tax_total

    @property
    def to_free_delivery(self) -> Money | None:
        """How much more makes the delivery free; None when it is free already or never is."""
        threshold = self.terms.free_delivery_from
        if threshold is None or not self.delivery_total:
            return None
        return threshold - (self.items_total - self.discount_total)


def price(items: Sequence[Item], *, terms: Terms, discount: Discount | None = None) -> Quote:
    """Price a basket with what a promotion takes off each of its items (`catalog.rules.promotions` works that out).

    Tax is taken after the discount, line by line. Delivery is free from the threshold of goods after discount, where
    the promotion says so, and for an empty basket. Raises ValueError for a discount that is not of this basket: one
    amount for each line, none below zero, none past what the line costs.
    """
    currency = terms.currency
    shares = _shares(items, discount, currency)
    lines = tuple(_line(item, share, terms) for item, share in zip(items, shares, strict=True))
    items_total = Money.total((line.gross for line in lines), currency)
    discount_total = Money.total((line.discount for line in lines), currency)
    is_free = not items or (discount is not None and discount.is_delivery_free)
    return Quote(
        lines=lines,
        terms=terms,
        items_total=items_total,
        discount_total=discount_total,
        tax_total=Money.total((line.tax for line in lines), currency),
        deposit_total=Money.total((line.deposit for line in lines), currency),
        delivery_total=Money.zero(currency) if is_free else _delivery(items_total - discount_total, terms),
    )


def best_of(items: Sequence[Item], discounts: Sequence[Discount], *, terms: Terms) -> int | None:
    """Which of several discounts leaves the least to pay, by its place; the first of equal ones.

    None where there is none, or none leaves less than the basket costs without.
    """
    plain = price(items, terms=terms).grand_total
    totals = [price(items, terms=terms, discount=discount).grand_total for discount in discounts]
    least = min(totals, default=plain)
    return totals.index(least) if least < plain else None


def _shares(items: Sequence[Item], discount: Discount | None, currency: str) -> Sequence[Money]:
    if discount is None:
        return [Money.zero(currency)] * len(items)
    zero = Money.zero(currency)
    fits = len(discount.lines) == len(items) and all(
        zero <= share <= item.gross for item, share in zip(items, discount.lines, strict=True)
    )
    if not fits:
        raise ValueError("the discount is of another basket")
    return discount.lines


def _line(item: Item, discount: Money, terms: Terms) -> PricedLine:
    gross = item.gross
    taxed = gross - discount
    points = item.tax_basis_points
    tax = taxed.tax_within(points) if terms.tax_inclusive else taxed.share(points)
    return PricedLine(item=item, gross=gross, discount=discount, tax=tax, deposit=item.deposit * item.quantity)


def _delivery(goods: Money, terms: Terms) -> Money:
    if terms.free_delivery_from is not None and goods >= terms.free_delivery_from:
        return Money.zero(terms.currency)
    return terms.delivery_fee
