"""What a request wants to order, and everything that stands in its way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError as FormError
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from accounts import queries as people
from accounts.api.serializers import NEEDED_PARTS, NameField
from accounts.forms.fields import LONGEST_CONTACT, Contact, contact_of
from accounts.models import Address, User
from cart.actions import Buyer, Destination, Purchase
from cart.actions.direct import no_such_pack, wrong_code
from cart.api.basket import AppShopping, shopping_of_app
from cart.api.serializers import LARGEST_ID
from cart.models import Cart
from cart.queries import (
    CartView,
    Plan,
    lines_of,
    open_cart_of,
    person_by_id,
    problems_of,
    view_cart,
    view_lines,
    wallet_problems,
)
from cart.rules import LONGEST_CODE, Problem
from catalog.models import PromoCode
from catalog.promotions import code_typed
from catalog.rules.promotions import PromotionRefused
from milkdelivery.core.api import MoneyField
from milkdelivery.core.api.places import LONGEST_PINCODE
from milkdelivery.core.api.throttles import PromoCodes, count
from milkdelivery.core.errors import NotAllowed, NotFound
from milkdelivery.core.models import DeliverySlot
from milkdelivery.core.queries import normal_pincode
from milkdelivery.core.rules import MAX_LINES, MAX_QUANTITY
from milkdelivery.core.web import actor_of
from orders.models import Order, OrderLine
from payments.models import Payment

NOT_THEIRS = "The address is not the person's, or there is no such customer."


# -- what is sent ------------------------------------------------------------------------------------------------------


class ChosenLine(serializers.Serializer[Any]):
    variant_id = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY)
    if_short = serializers.ChoiceField(
        OrderLine.IfShort.choices, required=False, help_text="What is wanted where there is not enough."
    )


class NewDoor(serializers.ModelSerializer[Address]):
    """A new address, kept for the person who orders."""

    pincode = serializers.CharField(max_length=LONGEST_PINCODE)

    class Meta:
        model = Address
        fields = [
            "label",
            "flat",
            "floor",
            "tower",
            "society",
            "line1",
            "line2",
            "landmark",
            "city",
            "state",
            "pincode",
            "latitude",
            "longitude",
            "instructions",
        ]
        extra_kwargs = NEEDED_PARTS


class PurchaseSerializer(serializers.Serializer[Any]):
    """All that is chosen for an order. What is missing is answered at its field, all of it at once."""

    lines = ChosenLine(  # type: ignore[call-arg]
        many=True, required=False, allow_empty=False, max_length=MAX_LINES, help_text="Without them: the caller's cart."
    )
    name = NameField(required=False, help_text="Of a guest, or of a person whose name we don't know.")
    contact = serializers.CharField(
        required=False, max_length=LONGEST_CONTACT, help_text="Of a guest: an e-mail address or a phone number."
    )
    address_id = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_ID, help_text="Of an address that the person has."
    )
    address = NewDoor(required=False)
    slot = serializers.ChoiceField(DeliverySlot.Code.choices, required=False)
    delivery_date = serializers.DateField(required=False)
    payment_method = serializers.ChoiceField(Payment.Method.choices, required=False)
    if_short = serializers.ChoiceField(
        OrderLine.IfShort.choices, required=False, help_text="Of all lines. Without it: what each line says."
    )
    special_instructions = serializers.CharField(required=False, allow_blank=True, max_length=255)
    promo_code = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_CODE,
        help_text="For `lines`, as it was typed. A cart has its own: POST cart/promo/.",
    )
    expected_total = MoneyField(required=False, help_text="What the person saw. Another total is refused.")
    customer = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_ID, help_text="For whom a manager or an admin orders."
    )

    def validate_contact(self, value: str) -> Contact:
        try:
            return contact_of(value)
        except FormError as refusal:
            raise serializers.ValidationError(refusal.messages) from refusal

    def validate_lines(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The same pack twice adds up, to no more than a line holds."""
        if any(count > MAX_QUANTITY for count in pieces_of(value).values()):
            raise serializers.ValidationError(_("Choose between 1 and %(most)d pieces.") % {"most": MAX_QUANTITY})
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("promo_code", "").strip() and "lines" not in attrs:
            text = _("Put the code on the cart before you order what is in it.")
            raise serializers.ValidationError({"promo_code": [text]})
        return attrs


def pieces_of(lines: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Pieces by variant; the same one twice adds up."""
    pieces: dict[int, int] = {}
    for line in lines:
        pieces[line["variant_id"]] = pieces.get(line["variant_id"], 0) + line["quantity"]
    return pieces


# -- what it means -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wish:
    """What a request wants to order: whose, what, and everything else that was chosen."""

    shopping: AppShopping
    person: User | None
    pieces: Mapping[int, int] | None
    """By variant; None for what is in the cart."""
    cart: Cart | None
    purchase: Purchase
    gaps: tuple[Problem, ...]
    if_short: Mapping[int, str]
    """What is wanted where there is not enough, by variant of the lines that were named."""
    code: PromoCode | None = None
    """The promo code for the lines that were named."""


def read_wish(request: Request, chosen: Mapping[str, Any]) -> Wish:
    """Raises NotAllowed, and NotFound for a customer or an address that the caller can't know."""
    shopping = shopping_of_app(request)
    person = _person(request, shopping, chosen)
    plan, destination = _plan(shopping, person, chosen)
    contact: Contact = chosen.get("contact", Contact()) if person is None else Contact()
    buyer = Buyer(
        user_id=person.pk if person else None, name=chosen.get("name", ""), email=contact.email, phone=contact.phone
    )
    purchase = Purchase(
        buyer=buyer,
        destination=destination or Destination(),
        plan=plan,
        special_instructions=chosen.get("special_instructions", ""),
        source=Order.Source.STAFF if "customer" in chosen else Order.Source.CHECKOUT,
        if_short=chosen.get("if_short", ""),
    )
    lines = chosen.get("lines")
    pieces = pieces_of(lines) if lines is not None else None
    cart = None
    if pieces is None:
        cart = open_cart_of(person.pk) if person else shopping.cart
    code, wrong_code = _code(request, person, chosen)
    gaps = (*_gaps_of(buyer, person), *_gaps(destination, plan), *wrong_code)
    if_short = {line["variant_id"]: line["if_short"] for line in lines or () if "if_short" in line}
    return Wish(shopping, person, pieces, cart, purchase, gaps, if_short, code)


def _person(request: Request, shopping: AppShopping, chosen: Mapping[str, Any]) -> User | None:
    if "customer" not in chosen:
        return shopping.user
    if not actor_of(request).is_staff:
        raise NotAllowed(_("Only staff order for others."), field="customer")
    customer = people.person(chosen["customer"])
    if not customer.is_active:
        raise NotFound(_("There is no such person."), field="customer")
    return customer


def _plan(shopping: AppShopping, person: User | None, chosen: Mapping[str, Any]) -> tuple[Plan, Destination | None]:
    door = dict(chosen.get("address", {}))
    pincode, destination = normal_pincode(door.pop("pincode", "")), Destination(fields=door) if door else None
    if "address_id" in chosen:
        known = people.addresses_of(person.pk if person else 0).filter(pk=chosen["address_id"]).first()
        if known is None:
            raise NotFound(_("There is no such address."), field="address_id")
        pincode, destination = normal_pincode(known.pincode), Destination(address_id=known.pk)
    region = shopping.book.region_of(pincode) or shopping.region
    slots = shopping.book.slots_of(region.id)
    plan = Plan(
        pincode=pincode,
        slot=next((slot for slot in slots if slot.code == chosen.get("slot")), None),
        delivery_date=chosen.get("delivery_date"),
        payment_method=chosen.get("payment_method", ""),
        expected_total=chosen.get("expected_total"),
    )
    return plan, destination


def _code(
    request: Request, person: User | None, chosen: Mapping[str, Any]
) -> tuple[PromoCode | None, Sequence[Problem]]:
    """The promo code that was typed, or what is wrong with it: a wrong one counts as a guess."""
    typed = chosen.get("promo_code", "").strip()
    if not typed:
        return None, ()
    try:
        return code_typed(typed, customer_id=person.pk if person else None), ()
    except PromotionRefused as refusal:
        count(PromoCodes, request)
        return None, [wrong_code(refusal, typed)]


def _gaps_of(buyer: Buyer, person: User | None) -> Sequence[Problem]:
    gaps = []
    if not (buyer.name or (person and person.name)):
        gaps.append(Problem("name_missing", _("Tell us your name."), "name"))
    if person is None and not (buyer.email or buyer.phone):
        gaps.append(Problem("contact_missing", _("Enter an e-mail address or a phone number."), "contact"))
    return gaps


def _gaps(destination: Destination | None, plan: Plan) -> Sequence[Problem]:
    gaps = []
    if destination is None:
        gaps.append(Problem("address_missing", _("Tell us where to deliver."), "address"))
    if plan.slot is None:
        gaps.append(Problem("slot_missing", _("Choose a delivery time."), "slot"))
    if plan.delivery_date is None:
        gaps.append(Problem("date_missing", _("Choose a delivery day."), "delivery_date"))
    if not plan.payment_method:
        gaps.append(Problem("payment_method_missing", _("Choose how to pay."), "payment_method"))
    return gaps


def look_over(wish: Wish) -> tuple[CartView, list[Problem]]:
    """What would be ordered, at today's prices, and everything that stands in its way. Nothing is kept for anybody."""
    plan, shopping = wish.purchase.plan, wish.shopping
    book = shopping.book
    region = book.region_of(plan.pincode) or shopping.region
    pincode = plan.pincode or shopping.code
    where: dict[str, Any] = {"region": region, "book": book, "pincode": pincode, "on": plan.delivery_date}
    if wish.pieces is None:
        view = view_cart(wish.cart, **where)
        unknown = []
    else:
        person = person_by_id(wish.person.pk if wish.person else None, code=wish.code)
        view = view_lines(lines_of(wish.pieces), person=person, code=wish.code, **where)
        known = {line.line.variant_id for line in view.lines}
        unknown = [no_such_pack(variant_id) for variant_id in wish.pieces if variant_id not in known]
    told = {gap.field for gap in wish.gaps}
    if "address" in told:
        told.add("pincode")
    if unknown:
        told.add("lines")
    found = problems_of(view, plan, region=region, book=book)
    found += wallet_problems(view, plan, user_id=wish.purchase.buyer.user_id)
    more = [problem for problem in found if problem.field not in told and not (unknown and not problem.field)]
    return view, [*unknown, *wish.gaps, *more]
