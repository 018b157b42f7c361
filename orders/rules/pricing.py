"""The one pricing function. Cart, checkout, quotes, invoices and subscriptions all use it."""

from collections.abc import Sequence
from dataclasses import dataclass

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


def price(items: Sequence[Item], *, terms: Terms, discount: Money | None = None) -> Quote:
    """Price a basket.

    A basket-wide `discount` is spread over the lines by worth, never past what they cost, so that tax is taken after
    it line by line. Delivery is free from the threshold of goods after discount, and for an empty basket.
    """
    currency = terms.currency
    gross = [item.unit_price * item.quantity for item in items]
    items_total = Money.total(gross, currency)
    off = min(discount or Money.zero(currency), items_total)
    shares = off.allocate([amount.minor for amount in gross]) if off else [Money.zero(currency)] * len(items)
    lines = tuple(_line(item, worth, share, terms) for item, worth, share in zip(items, gross, shares, strict=True))
    return Quote(
        lines=lines,
        terms=terms,
        items_total=items_total,
        discount_total=off,
        tax_total=Money.total((line.tax for line in lines), currency),
        deposit_total=Money.total((line.deposit for line in lines), currency),
        delivery_total=_delivery(items_total - off, terms) if items else Money.zero(currency),
    )


def _line(item: Item, gross: Money, discount: Money, terms: Terms) -> PricedLine:
    taxed = gross - discount
    points = item.tax_basis_points
    tax = taxed.tax_within(points) if terms.tax_inclusive else taxed.share(points)
    return PricedLine(item=item, gross=gross, discount=discount, tax=tax, deposit=item.deposit * item.quantity)


def _delivery(goods: Money, terms: Terms) -> Money:
    if terms.free_delivery_from is not None and goods >= terms.free_delivery_from:
        return Money.zero(terms.currency)
    return terms.delivery_fee
