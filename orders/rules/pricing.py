"""The one pricing function. Cart, checkout, quotes, invoices and subscriptions all use it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

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

    @property
    def tax_rate(self) -> str:
        """In percent."""
        return rate_of(self.tax_basis_points)


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


class DeliveryReason(StrEnum):
    """Why the delivery costs what it does."""

    NO_FEE = "NO_FEE"
    """The region takes none, or nothing is brought."""
    FEE = "FEE"
    FREE_FROM = "FREE_FROM"
    """The goods after discount reach the region's threshold."""
    PROMOTION = "PROMOTION"


@dataclass(frozen=True, slots=True)
class TaxShare:
    """The tax of all lines with one rate, and what it is on."""

    basis_points: int
    net: Money
    tax: Money

    @property
    def rate(self) -> str:
        """In percent, without needless zeros: "5", "2.5"."""
        return rate_of(self.basis_points)


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
    delivery_reason: DeliveryReason
    promotion_name: str = ""
    promo_code: str = ""

    @property
    def taxes(self) -> tuple[TaxShare, ...]:
        """The tax by rate, lowest first; the sum of its lines' to the last paisa."""
        parts = ((line.item.tax_basis_points, line.total, line.tax) for line in self.lines)
        return taxes_of(parts, tax_inclusive=self.terms.tax_inclusive)

    @property
    def delivery_saved(self) -> Money:
        """What bringing it would have cost without the promotion."""
        is_saved = self.delivery_reason == DeliveryReason.PROMOTION
        return self.terms.delivery_fee if is_saved else Money.zero(self.terms.currency)

    @property
    def grand_total(self) -> Money:
        """items - discount + deposit + delivery, plus tax where prices exclude it."""
        total = self.items_total - self.discount_total + self.deposit_total + self.delivery_total
        return total if self.terms.tax_inclusive else total + self.tax_total

    @property
    def goods_total(self) -> Money:
        """The goods after discount: what the threshold of free delivery looks at."""
        return self.items_total - self.discount_total

    @property
    def to_free_delivery(self) -> Money | None:
        """How much more makes the delivery free; None when it is free already or never is."""
        threshold = self.terms.free_delivery_from
        if threshold is None or not self.delivery_total:
            return None
        return threshold - self.goods_total


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
    fee, reason = _delivery(items, items_total - discount_total, discount, terms)
    return Quote(
        lines=lines,
        terms=terms,
        items_total=items_total,
        discount_total=discount_total,
        tax_total=Money.total((line.tax for line in lines), currency),
        deposit_total=Money.total((line.deposit for line in lines), currency),
        delivery_total=fee,
        delivery_reason=reason,
        promotion_name=discount.name if discount else "",
        promo_code=discount.code if discount else "",
    )


def is_no_dearer(item: Item, than: Item, *, tax_inclusive: bool) -> bool:
    """Whether a piece of the one can come for a piece of the other and nobody pays more: not for the goods, not in
    deposits, and not in tax where that comes on top."""
    is_taxed_no_more = tax_inclusive or item.tax_basis_points <= than.tax_basis_points
    return item.unit_price <= than.unit_price and item.deposit <= than.deposit and is_taxed_no_more


def taxes_of(parts: Iterable[tuple[int, Money, Money]], *, tax_inclusive: bool) -> tuple[TaxShare, ...]:
    """Rate, total and tax of lines, summed by rate, lowest rate first. Lines without tax are left out."""
    shares: dict[int, TaxShare] = {}
    for basis_points, total, tax in parts:
        if not tax:
            continue
        net = total - tax if tax_inclusive else total
        known = shares.get(basis_points)
        shares[basis_points] = TaxShare(
            basis_points, known.net + net if known else net, known.tax + tax if known else tax
        )
    return tuple(shares[basis_points] for basis_points in sorted(shares))


def rate_of(basis_points: int) -> str:
    """A rate in percent, without needless zeros."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") if rest else str(whole)


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


def _delivery(
    items: Sequence[Item], goods: Money, discount: Discount | None, terms: Terms
) -> tuple[Money, DeliveryReason]:
    """What bringing it costs, and why. The threshold comes before the promotion: nobody spends a code for nothing."""
    free = Money.zero(terms.currency)
    if not items or not terms.delivery_fee:
        return free, DeliveryReason.NO_FEE
    if terms.free_delivery_from is not None and goods >= terms.free_delivery_from:
        return free, DeliveryReason.FREE_FROM
    if discount is not None and discount.is_delivery_free:
        return free, DeliveryReason.PROMOTION
    return terms.delivery_fee, DeliveryReason.FEE
