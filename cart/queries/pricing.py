"""What is in a cart, what it costs at this look, and which promotion it gets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from cart.models import Cart, CartLine
from cart.queries.lookup import with_facts
from cart.rules import line_state
from catalog.models import PromoCode, Variant
from catalog.promotions import Applied, automatic_promotions, given_by, uses_of
from catalog.queries import Sellable, sellable
from catalog.rules.promotions import Goods, PromotionRefused
from inventory.queries import Availability, availability_at
from milkdelivery.core import clock
from milkdelivery.core.models import Region
from milkdelivery.core.money import Money
from milkdelivery.core.queries import RegionBook
from orders.queries import has_ordered
from orders.rules.pricing import Item, PricedLine, Quote, Terms, best_of, price

NO_GAIN = "promotion_no_gain"
"""The code could be used, but the basket costs no less with it: another promotion takes as much off, say."""


@dataclass(frozen=True, slots=True)
class LineView:
    """A cart line at this look. Without `sold` it can't be bought any more and has no price; without `priced` it counts
    for nothing, because nothing of it can come."""

    line: CartLine
    sold: Sellable | None
    availability: Availability
    state: str
    priced: PricedLine | None

    @property
    def quantity(self) -> int:
        return self.line.quantity

    @property
    def unit_price(self) -> Money | None:
        """What a piece costs, whether any can come or not."""
        return self.sold.price.price if self.sold else None

    @property
    def counts(self) -> bool:
        """Whether it is in the total."""
        return self.priced is not None


@dataclass(frozen=True, slots=True)
class Deal:
    """What promotions do for a cart: the one that it gets, and what became of the code on it."""

    applied: Applied | None = None
    code: str = ""
    refusal: PromotionRefused | None = None
    """Why the code takes nothing off now."""

    @property
    def is_used(self) -> bool:
        """Whether the code takes something off now."""
        return bool(self.code) and self.applied is not None and self.applied.code == self.code

    @property
    def is_lost(self) -> bool:
        """Whether the household counts on a code that can't be used: it must hear so before it orders."""
        return self.refusal is not None and self.refusal.code != NO_GAIN


NO_DEAL = Deal()


@dataclass(frozen=True, slots=True)
class CartView:
    """Everything a page or the API shows of a cart. The quote leaves out what can't be bought, and what can't come."""

    cart: Cart | None
    lines: tuple[LineView, ...]
    quote: Quote
    deal: Deal = NO_DEAL
    goods: tuple[Goods, ...] = ()
    """What can be bought, as promotions see it, in the order of the quote."""

    @property
    def count(self) -> int:
        """Pieces that are in the total."""
        return sum(view.quantity for view in self.lines if view.counts)

    @property
    def vanished(self) -> tuple[LineView, ...]:
        """What was dropped since the household looked last."""
        return tuple(view for view in self.lines if view.sold is None and not view.line.told_gone)


@dataclass(frozen=True, slots=True)
class Person:
    """Who the cart is for, as far as promotions ask. A guest has used nothing yet."""

    customer_id: int | None = None
    is_first_order: bool = True
    code_uses: int = 0
    """How often they used the promotion of the code on the cart."""


GUEST = Person()


def view_cart(
    cart: Cart | None,
    *,
    region: Region,
    book: RegionBook,
    pincode: str | None,
    on: date | None = None,
    person: Person | None = None,
) -> CartView:
    """Price a cart for a delivery on `on` (the next one, if not given). Three queries, whatever it holds; one more
    where a promotion that applies by itself has limits. `person` is whom it is for, where the cart does not say."""
    lines = list(cart.lines.all()) if cart else []
    code = cart.promo_code if cart else None
    whose = person or person_of(cart)
    return view_lines(lines, cart=cart, region=region, book=book, pincode=pincode, on=on, person=whose, code=code)


def person_of(cart: Cart | None) -> Person:
    """The facts that came with the cart, or else one query more."""
    if cart is None or cart.customer_id is None:
        return GUEST
    if not hasattr(cart, "has_ordered"):
        cart = with_facts().get(pk=cart.pk)
    return Person(cart.customer_id, not cart.has_ordered, cart.code_uses)  # type: ignore[attr-defined]


def person_by_id(customer_id: int | None, *, code: PromoCode | None = None) -> Person:
    """Somebody who orders without a cart of theirs. One query, and one more for a `code`; none for a guest."""
    if customer_id is None:
        return GUEST
    used = uses_of(customer_id, code.promotion_id) if code is not None else 0
    return Person(customer_id, not has_ordered(customer_id), used)


def lines_of(quantities: Mapping[int, int]) -> list[CartLine]:
    """Lines that are in no cart, of those of the variants that there are. One query."""
    variants = Variant.objects.select_related("product__category").filter(pk__in=quantities).order_by("pk")
    return [CartLine(variant=variant, quantity=quantities[variant.pk]) for variant in variants]


def view_lines(
    lines: Sequence[CartLine],
    *,
    cart: Cart | None = None,
    region: Region,
    book: RegionBook,
    pincode: str | None,
    on: date | None = None,
    person: Person = GUEST,
    code: PromoCode | None = None,
) -> CartView:
    """The same for lines read already. Two queries; one more where something is not sold and its line was read without
    its variant."""
    day = on or next_day(book, region)
    ids = [line.variant_id for line in lines]
    sold = sellable(ids, region=region, on=day) if ids else {}
    _give_variants(lines, sold)
    # The book is a few seconds old: what it knows no tax of isn't sold before it does.
    sold = {pk: found for pk, found in sold.items() if book.knows_tax(region.id, found.variant.hsn_code, on=day)}
    left = availability_at(pincode, ids, region_id=region.pk, on=day) if ids else {}
    missing = {pk for pk in sold if not left[pk].quantity}
    if missing and not _is_open(book, region, pincode, on):
        missing = set()  # nobody comes there, or then: that says nothing of the goods
    bought = [line for line in lines if line.variant_id in sold and line.variant_id not in missing]
    items = [item_of(sold[line.variant_id], line.quantity, book=book, region=region, on=day) for line in bought]
    goods = tuple(goods_of(sold[line.variant_id], line.quantity) for line in bought)
    terms = terms_of(region)
    deal = _deal(items, goods, terms=terms, region=region, person=person, code=code)
    quote = price(items, terms=terms, discount=deal.applied.discount if deal.applied else None)
    priced = {line.variant_id: result for line, result in zip(bought, quote.lines, strict=True)}
    return CartView(
        cart=cart,
        lines=tuple(_line_view(line, sold.get(line.variant_id), left[line.variant_id], priced) for line in lines),
        quote=quote,
        deal=deal,
        goods=goods,
    )


def _give_variants(lines: Sequence[CartLine], sold: Mapping[int, Sellable]) -> None:
    """Each line its variant: what is sold was just read with its price, and is not read twice."""
    missing = {line.variant_id for line in lines if not CartLine.variant.is_cached(line)} - sold.keys()
    others = Variant.objects.select_related("product__category").in_bulk(missing) if missing else {}
    for line in lines:
        if line.variant_id in sold:
            line.variant = sold[line.variant_id].variant
        elif line.variant_id in others:
            line.variant = others[line.variant_id]


def _is_open(book: RegionBook, region: Region, pincode: str | None, day: date | None) -> bool:
    """Whether anything is brought to the place on the day, as far as they are given."""
    if pincode is not None:
        place = book.pincode(pincode)
        if place is None or not place.is_served:
            return False
    return day is None or any(day == other.date for entry in book.calendar(region.id) for other in entry.days)


def _deal(
    items: Sequence[Item],
    goods: Sequence[Goods],
    *,
    terms: Terms,
    region: Region,
    person: Person,
    code: PromoCode | None,
) -> Deal:
    """One order uses one promotion: the one that leaves least to pay, and the code where it makes no difference."""
    word = code.code if code else ""
    if not items:
        return Deal(code=word)
    is_first = person.is_first_order
    given: Applied | PromotionRefused | None = None
    if code is not None:
        given = given_by(code, basket=goods, region=region, used=person.code_uses, is_first_order=is_first)
    coded = [given] if isinstance(given, Applied) else []
    offers = coded + automatic_promotions(
        basket=goods, region=region, customer_id=person.customer_id, is_first_order=is_first
    )
    best = best_of(items, [offer.discount for offer in offers], terms=terms) if offers else None
    applied = offers[best] if best is not None else None
    refusal = given if isinstance(given, PromotionRefused) else None
    if coded and applied is not coded[0]:
        refusal = _no_gain(applied)
    return Deal(applied=applied, code=word, refusal=refusal)


def _no_gain(better: Applied | None) -> PromotionRefused:
    if better is None:
        return PromotionRefused(NO_GAIN, _("It takes nothing off this cart. Keep it for another order."))
    words = _("“%(name)s” takes more off, by itself. Keep your code for another order.")
    return PromotionRefused(NO_GAIN, words % {"name": better.name})


def _line_view(line: CartLine, sold: Sellable | None, left: Availability, priced: dict[int, PricedLine]) -> LineView:
    state = line_state(on_sale=sold is not None, wanted=line.quantity, available=left.quantity, state=left.state)
    return LineView(line=line, sold=sold, availability=left, state=state, priced=priced.get(line.variant_id))


def next_day(book: RegionBook, region: Region) -> date:
    """The day that prices are shown for: the next delivery's, or today where none is open."""
    upcoming = book.next_delivery(region.id)
    return upcoming[1].date if upcoming else clock.today(region)


def terms_of(region: Region) -> Terms:
    return Terms(
        currency=region.currency,
        tax_inclusive=region.tax_inclusive,
        delivery_fee=region.delivery_fee,
        free_delivery_from=region.free_delivery_from,
    )


def item_of(sold: Sellable, quantity: int, *, book: RegionBook, region: Region, on: date) -> Item:
    variant = sold.variant
    return Item(
        variant_id=variant.pk,
        name=variant.product.name,
        pack=variant.name,
        hsn_code=variant.hsn_code,
        quantity=quantity,
        unit_price=sold.price.price,
        deposit=sold.price.deposit,
        tax_basis_points=book.tax_points(region.id, variant.hsn_code, on=on),
    )


def goods_of(sold: Sellable, quantity: int) -> Goods:
    """A line as promotions see it."""
    product = sold.variant.product
    return Goods(product.pk, product.category_id, quantity, sold.price.price)
