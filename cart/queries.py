"""What is in a cart, what it costs at this look, and what keeps it from being ordered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cart.models import Cart, CartLine, Checkout
from cart.rules import Problem, line_state
from catalog.models import Variant
from catalog.queries import Sellable, sellable
from inventory.queries import Availability, availability_at
from milkdelivery.core import clock
from milkdelivery.core.models import DeliverySlot, Region
from milkdelivery.core.money import Money
from milkdelivery.core.queries import RegionBook
from orders.rules.pricing import Item, PricedLine, Quote, Terms, price
from payments.gateways import usable_methods
from payments.queries import missing_for


@dataclass(frozen=True, slots=True)
class LineView:
    """A cart line at this look. Without `sold` it can't be bought any more and has no price."""

    line: CartLine
    sold: Sellable | None
    availability: Availability
    state: str
    priced: PricedLine | None

    @property
    def quantity(self) -> int:
        return self.line.quantity


@dataclass(frozen=True, slots=True)
class CartView:
    """Everything a page or the API shows of a cart. The quote leaves out what can't be bought."""

    cart: Cart | None
    lines: tuple[LineView, ...]
    quote: Quote

    @property
    def count(self) -> int:
        return sum(view.quantity for view in self.lines if view.sold)

    @property
    def vanished(self) -> tuple[LineView, ...]:
        return tuple(view for view in self.lines if view.sold is None)


@dataclass(frozen=True, slots=True)
class Contents:
    """The little that every page needs of a cart: pieces by variant. An empty cart has no id here."""

    cart_id: int | None
    quantities: Mapping[int, int]


EMPTY = Contents(None, {})


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be ordered: from where to where, when, and how it is paid."""

    pincode: str
    slot: DeliverySlot | None
    delivery_date: date | None
    payment_method: str
    expected_total: Money | None = None
    """What the person saw; None where nothing was shown."""


def open_cart_of(customer_id: int) -> Cart | None:
    return Cart.objects.open().filter(customer_id=customer_id).first()


def guest_cart(token: UUID) -> Cart | None:
    """A guest's open cart by the token that the caller has verified."""
    return Cart.objects.open().filter(token=token, customer=None).first()


def ordered_cart(token: UUID) -> Cart | None:
    """The cart behind a token that has become an order."""
    return Cart.objects.filter(token=token, status=Cart.Status.ORDERED).first()


def contents_of(*, customer_id: int | None = None, token: UUID | None = None) -> Contents:
    """What is in the open cart of a customer, or of a guest by token. One query, none without either."""
    lines = CartLine.objects.filter(cart__status=Cart.Status.OPEN)
    if customer_id is not None:
        lines = lines.filter(cart__customer_id=customer_id)
    elif token is not None:
        lines = lines.filter(cart__token=token, cart__customer=None)
    else:
        return EMPTY
    rows = list(lines.values_list("cart_id", "variant_id", "quantity"))
    return Contents(rows[0][0], {variant_id: count for _cart, variant_id, count in rows}) if rows else EMPTY


def last_checkout_of(customer_id: int, *, since: datetime) -> Checkout | None:
    """The last checkout of a customer that was started after that instant."""
    found = Checkout.objects.select_related("order").filter(order__customer_id=customer_id, started_at__gte=since)
    return found.order_by("-pk").first()


def checkout_of_cart(cart_id: int) -> Checkout | None:
    return Checkout.objects.select_related("order").filter(cart_id=cart_id).first()


def checkout_of_order(order_id: int) -> Checkout | None:
    return Checkout.objects.filter(order_id=order_id).first()


def unpaid_checkouts() -> dict[int, int]:
    """The checkouts that wait for their payment, by order."""
    waiting = Checkout.objects.filter(state=Checkout.State.WAITING, waiting_for="payment")
    return dict(waiting.values_list("order_id", "pk"))


def view_cart(
    cart: Cart | None, *, region: Region, book: RegionBook, pincode: str | None, on: date | None = None
) -> CartView:
    """Price a cart for a delivery on `on` (the next one, if not given). Three queries, whatever it holds."""
    lines = list(cart.lines.select_related("variant__product__category")) if cart else []
    return view_lines(lines, cart=cart, region=region, book=book, pincode=pincode, on=on)


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
) -> CartView:
    """The same for lines read already, with their variants. Two queries."""
    day = on or next_day(book, region)
    ids = [line.variant_id for line in lines]
    sold = sellable(ids, region=region, on=day) if ids else {}
    left = availability_at(pincode, ids, region_id=region.pk, on=day) if ids else {}
    bought = [line for line in lines if line.variant_id in sold]
    quote = price(
        [item_of(sold[line.variant_id], line.quantity, book=book, region=region, on=day) for line in bought],
        terms=terms_of(region),
    )
    priced = {line.variant_id: result for line, result in zip(bought, quote.lines, strict=True)}
    return CartView(
        cart=cart,
        lines=tuple(_line_view(line, sold.get(line.variant_id), left[line.variant_id], priced) for line in lines),
        quote=quote,
    )


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


def problems_of(view: CartView, plan: Plan, *, region: Region, book: RegionBook) -> list[Problem]:
    """Everything that keeps the cart from being ordered by this plan. No query."""
    place = _place_problems(plan, region=region, book=book)
    return [
        *_line_problems(view, is_served=not place),
        *place,
        *_time_problems(plan, region=region, book=book),
        *_money_problems(view, plan),
    ]


def wallet_problems(view: CartView, plan: Plan, *, user_id: int | None) -> list[Problem]:
    """What keeps a wallet from paying for the cart. One query, and only where a wallet is to pay."""
    if plan.payment_method not in usable_methods(has_account=True) or plan.payment_method in usable_methods():
        return []
    if user_id is None:
        text = _("Sign in to pay from your wallet, or choose another way to pay.")
        return [Problem("payment_method_not_usable", text, "payment_method")]
    missing = missing_for(user_id, view.quote.grand_total)
    if not missing:
        return []
    text = _("%(missing)s is missing in your wallet. Top it up, or choose another way to pay.")
    facts = {"missing": str(missing.to_decimal())}
    return [Problem("insufficient_funds", text % {"missing": missing.format()}, "payment_method", facts)]


def _line_problems(view: CartView, *, is_served: bool) -> Sequence[Problem]:
    """Where nobody delivers nothing is available: that is said once, of the place."""
    if not view.lines:
        return [Problem("cart_empty", _("Your cart is empty."))]
    if not is_served:
        return []
    problems = []
    for line in view.lines:
        facts = {"variant_id": line.line.variant_id, "state": line.state}
        name = f"{line.line.variant.product.local_name} {line.line.variant.local_name}"
        if line.state == "UNAVAILABLE":
            text = _("%(name)s is not available now. Take it out to go on.") % {"name": name}
            problems.append(Problem("line_unavailable", text, "lines", facts))
        elif line.state == "SHORT":
            left = line.availability.quantity
            text = ngettext("Only %(left)d of %(name)s is left.", "Only %(left)d of %(name)s are left.", left)
            text %= {"left": left, "name": name}
            problems.append(Problem("line_short", text, "lines", {**facts, "available": left}))
    return problems


def _place_problems(plan: Plan, *, region: Region, book: RegionBook) -> Sequence[Problem]:
    pincode = book.pincode(plan.pincode)
    if pincode is None or not pincode.is_served:
        return [Problem("not_served", _("We don't deliver to this pincode yet."), "pincode")]
    if pincode.region_id != region.id:
        return [Problem("other_region", _("This cart was filled for another region."), "pincode")]
    return []


def _time_problems(plan: Plan, *, region: Region, book: RegionBook) -> Sequence[Problem]:
    if plan.slot is None or not plan.slot.is_active or plan.slot.region_id != region.id:
        return [Problem("slot_closed", _("Choose a delivery time."), "slot")]
    if plan.delivery_date is None:
        return [Problem("date_missing", _("Choose a delivery day."), "delivery_date")]
    open_days = book.open_days(plan.slot)
    if any(day.date == plan.delivery_date for day in open_days):
        return []
    if plan.delivery_date < clock.today(book.regions[plan.slot.region_id]):
        return [Problem("date_past", _("This day has passed. Choose another."), "delivery_date")]
    if clock.now() >= book.cutoff_at(plan.slot, plan.delivery_date):
        text = _("The time to order for this day has just passed. Choose another day.")
        return [Problem("cutoff_passed", text, "delivery_date")]
    return [Problem("date_closed", _("We don't deliver on this day. Choose another."), "delivery_date")]


def _money_problems(view: CartView, plan: Plan) -> Sequence[Problem]:
    if plan.payment_method not in usable_methods(has_account=True):
        text = _("This way to pay is not available. Choose another.")
        return [Problem("payment_method_not_usable", text, "payment_method")]
    total = view.quote.grand_total
    if plan.expected_total is not None and plan.expected_total != total:
        text = _("The total is now %(total)s. Look it over and press again.") % {"total": total.format()}
        return [Problem("total_changed", text, None, {"total": str(total.to_decimal())})]
    return []
