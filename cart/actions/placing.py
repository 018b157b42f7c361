"""The press of the button: from a cart to an order and its checkout."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.actions import register_contact, remember_address, save_address, update_profile
from accounts.models import Address, User
from accounts.queries import device_of
from cart.actions.steps import FIRST_STEP
from cart.actions.transitions import move
from cart.events import CheckoutStarted
from cart.models import Cart, Checkout
from cart.queries import CartView, Plan, person_by_id, problems_of, view_cart, wallet_problems, with_facts
from cart.rules import LEASE, CheckoutRefused, Problem, ensure_choice, ensure_open
from catalog.actions import Purchase as PromotionUse
from catalog.actions import redeem_promotion
from catalog.promotions import forget_promotions
from catalog.rules.promotions import PromotionRefused
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import NotFound
from milkdelivery.core.eventlog import emit
from milkdelivery.core.models import DeliverySlot, Region
from milkdelivery.core.queries import RegionBook, is_served_now, normal_pincode, region_book, served_now
from milkdelivery.core.text import seen_lines
from orders.actions import OrderDraft, create_order
from orders.models import Order, OrderLine
from orders.queries import has_ordered
from orders.snapshots import snapshot_of

NOT_SERVED = Problem("not_served", _("We don't deliver to this pincode yet."), "pincode")


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who orders. A known person may add a missing name; a guest gives a name and one way to be reached."""

    user_id: int | None = None
    name: str = ""
    email: str = ""
    phone: str = ""
    device_id: int | None = None
    """Where it is not the one that the request came from."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to: an address that the person has, or the fields of a new one."""

    address_id: int | None = None
    fields: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """All that was chosen on the checkout page."""

    buyer: Buyer
    destination: Destination
    plan: Plan
    special_instructions: str = ""
    source: str = Order.Source.CHECKOUT
    if_short: str = ""
    """What is wanted where there is not enough of any line; nothing: what the cart's lines say."""

    @property
    def is_by_staff(self) -> bool:
        return self.source == Order.Source.STAFF


def place_order(cart_id: int, purchase: Purchase, *, by: Actor) -> Checkout:
    """Turn a cart into an order, whose workflow `run_checkout` then carries on.

    Safe to repeat: a cart becomes one order, and pressing again finds it. Raises CheckoutRefused with everything that
    has to be mended, and changes nothing then; CartClosed for a cart that has joined another. A promotion is used for
    the order in the same transaction, under its lock. Emits OrderPlaced, CheckoutStarted and PromotionRedeemed.
    """
    with transaction.atomic():
        known_code = normal_pincode(purchase.plan.pincode)
        carts: Any = with_facts().annotate(comes_there=served_now(known_code))
        cart = carts.locked(cart_id)
        if cart.status == Cart.Status.ORDERED:
            return Checkout.objects.select_related("order").get(cart=cart)
        ensure_open(cart.status)
        wanted = _looked_over(cart, purchase, comes_to=known_code if cart.comes_there else "")
        is_first = purchase.buyer.user_id is None or not has_ordered(purchase.buyer.user_id)
        customer, device_id = _customer(purchase, wanted.address, by=by)
        order = create_order(_draft(wanted, purchase, customer, device_id), by=by)
        cart.customer = customer
        move(cart, Cart.Status.ORDERED)
        checkout = Checkout.objects.create(
            order=order,
            cart=cart,
            payment_method=purchase.plan.payment_method,
            next_step=FIRST_STEP,
            started_at=clock.now(),
            next_attempt_at=clock.real_now() + LEASE,
        )
        emit(CheckoutStarted(cart.pk, order.pk, is_first), actor=by)
        _use_promotion(order, wanted.view, is_first_order=is_first, by=by)  # last: others wait for its lock
    return checkout


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is ordered, with nothing in its way."""

    view: CartView
    address: Address
    region: Region
    pincode: str
    slot: DeliverySlot
    day: date


def _looked_over(cart: Cart, purchase: Purchase, *, comes_to: str) -> _Wanted:
    """A locked cart, priced for its buyer at the door of the order. Raises CheckoutRefused with all that has to be
    mended. `comes_to` is the pincode of which the lock's own query said that it is served now."""
    book = region_book()
    address = _address(purchase, book)
    plan = replace(purchase.plan, pincode=normal_pincode(address.pincode))
    region = book.region_of(plan.pincode)
    if region is None:
        raise CheckoutRefused([NOT_SERVED])
    buyer_id = purchase.buyer.user_id
    is_for_other = cart.customer_id is None and buyer_id is not None
    person = person_by_id(buyer_id, code=cart.promo_code) if is_for_other else None
    view = view_cart(cart, region=region, book=book, pincode=plan.pincode, on=plan.delivery_date, person=person)
    problems = problems_of(view, plan, region=region, book=book)
    problems += wallet_problems(view, plan, user_id=buyer_id)
    if not problems and plan.pincode != comes_to and not is_served_now(plan.pincode):
        problems = [NOT_SERVED]  # closed since this process read its book
    if problems or plan.slot is None or plan.delivery_date is None:
        raise CheckoutRefused(problems)
    return _Wanted(view, address, region, plan.pincode, plan.slot, plan.delivery_date)


def _draft(wanted: _Wanted, purchase: Purchase, customer: User, device_id: int | None) -> OrderDraft:
    return OrderDraft(
        customer_id=customer.pk,
        region=wanted.region,
        address=snapshot(wanted.address, customer),
        pincode=wanted.pincode,
        delivery_date=wanted.day,
        slot=wanted.slot,
        quote=wanted.view.quote,
        source=purchase.source,
        special_instructions=seen_lines(purchase.special_instructions),
        device_id=device_id,
        is_from_their_place=not purchase.is_by_staff,
        if_short=_choices(wanted.view, purchase.if_short),
    )


def _choices(view: CartView, chosen: str) -> dict[int, str]:
    if chosen:
        ensure_choice(chosen, among=OrderLine.IfShort.values)
    return {line.line.variant_id: chosen or line.line.if_short for line in view.lines}


def _use_promotion(order: Order, view: CartView, *, is_first_order: bool, by: Actor) -> None:
    """Use what the cart was priced with, looked at once more under its lock. Raises CheckoutRefused where it gives
    something else by now: the new total is shown before anybody pays."""
    applied = view.deal.applied
    if applied is None:
        return
    use = PromotionUse(
        reference=order.number,
        customer_id=order.customer_id,
        region=order.region,
        basket=view.goods,
        is_first_order=is_first_order,
        delivery_saved=view.quote.delivery_saved,
    )
    try:
        redeem_promotion(applied, purchase=use, by=by)
    except PromotionRefused as refusal:
        forget_promotions()  # what this process remembers is older than that
        if applied.code:
            problem = Problem(refusal.code, refusal.message, "promo_code", {"promo_code": applied.code})
        else:
            problem = Problem("total_changed", _("An offer has just ended. Look the total over and press again."))
        raise CheckoutRefused([problem]) from refusal


def _device_in_use(customer_id: int, by: Actor) -> int | None:
    """The customer's device that the request came from; None for a caller's order, or a device they signed out."""
    return device_of(customer_id, by.request.device_id if by.request else None)


def snapshot(address: Address, customer: User) -> dict[str, Any]:
    """What the order remembers of the door and of whom to ask for there."""
    return snapshot_of(address, name=customer.name, phone=customer.phone_number)


def _address(purchase: Purchase, book: RegionBook) -> Address:
    """The chosen address, or a new one that is not saved yet. Raises NotFound for somebody else's."""
    destination = purchase.destination
    if destination.address_id is not None:
        known = Address.objects.of(purchase.buyer.user_id or 0).filter(pk=destination.address_id).first()
        if known is None:
            raise NotFound(_("There is no such address."), field="address")
        return known
    code = normal_pincode(purchase.plan.pincode)
    region = book.region_of(code)
    country = region.country if region else ""
    return Address(**{**(destination.fields or {}), "pincode": code, "country": country})


def _customer(purchase: Purchase, address: Address, *, by: Actor) -> tuple[User, int | None]:
    """Who orders and from which device, with a new address kept as theirs, and this one as the one used last."""
    buyer = purchase.buyer
    by = by.without_device() if purchase.is_by_staff else by
    if buyer.user_id is None:
        guest, first = register_contact(name=buyer.name, email=buyer.email, phone=buyer.phone, address=address, by=by)
        customer, device_id = guest, buyer.device_id or (first.pk if first else None)
    else:
        customer = User.objects.get(pk=buyer.user_id)
        if buyer.name and not customer.name:
            customer = update_profile(customer.pk, by=by, name=buyer.name)
        if address.pk is None:
            address.user = customer
            save_address(address, by=by)
        device_id = buyer.device_id or _device_in_use(customer.pk, by)
    if customer.last_selected_address_id != address.pk:
        remember_address(customer.pk, address.pk)
    return customer, device_id
