"""The checkout form: all of an order on one page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.core import signing
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.forms.fields import Contact, ContactField, NameField
from accounts.models import Address, Preferences, User
from accounts.rules import NEEDED
from cart.actions import Buyer, Destination, Purchase
from cart.models import Cart, CartLine
from cart.queries import Plan, usual_time, with_facts
from cart.rules import LONGEST_CODE, Problem
from milkdelivery.core.errors import DomainError
from milkdelivery.core.models import DeliverySlot, Region
from milkdelivery.core.money import Money
from milkdelivery.core.queries import RegionBook, normal_pincode
from milkdelivery.core.rules import DeliveryDay
from orders.models import OrderLine
from payments.gateways import usable_methods
from payments.models import LedgerAccount, Payment

NEW = "new"
DOOR = ("flat", "floor", "tower", "society", "line1", "line2", "landmark", "city", "state")
AS_CHOSEN = "LINES"
"""What is wanted where something runs out stands at each line of the cart."""
NEXT_DAYS = 5
"""Shown at once; later days open on demand."""

CART_SALT = "milk.checkout"
CART_REFERENCE_AGE = 2 * 86_400
"""Seconds; a page that was open for longer starts anew."""

# Where the cart's problems and the domain's errors show on this form.
FIELD_OF = {
    "promo_code": "promo",
    "slot": "when",
    "delivery_date": "when",
    "payment_method": "payment_method",
    "address": "address",
    "name": "name",
    "contact": "contact",
}


def cart_reference(cart: Cart) -> str:
    """What the form says of the cart it is about. Signed, so that a form speaks only for a cart that it was made of."""
    return signing.dumps(cart.pk, salt=CART_SALT)


def read_anew(cart: Cart) -> Cart:
    """A cart as it is now, with its code."""
    return with_facts().get(pk=cart.pk)


def cart_meant(reference: str) -> Cart | None:
    """The cart that a form is about, whatever became of it since."""
    try:
        cart_id = signing.loads(reference, salt=CART_SALT, max_age=CART_REFERENCE_AGE)
    except signing.BadSignature:
        return None
    return Cart.objects.select_related("promo_code").filter(pk=cart_id).first()


def when_value(slot: DeliverySlot, day: date) -> str:
    return f"{slot.pk}:{day.isoformat()}"


@dataclass(frozen=True, slots=True)
class WhenChoice:
    """A delivery that can be chosen."""

    value: str
    day: DeliveryDay
    is_chosen: bool


def _text(label: Any, *, longest: int, **options: Any) -> forms.CharField:
    attrs = options.pop("attrs", {})
    return forms.CharField(label=label, max_length=longest, widget=forms.TextInput(attrs=attrs), **options)


class CheckoutForm(forms.Form):
    """Who, where to, when and how to pay. Keeps everything typed whatever is wrong.

    `user` is the signed-in person, if there is one; `addresses` are theirs.
    """

    name = NameField(error_messages={"required": _("Tell us your name.")})
    contact = ContactField(
        error_messages={"required": _("Enter an e-mail address or a phone number.")},
        help_text=_("The confirmation goes there. No password is needed."),
    )
    address = forms.ChoiceField(
        label=_("Deliver to"),
        widget=forms.RadioSelect,
        required=False,
        error_messages={"invalid_choice": _("This address is not there any more. Choose another.")},
    )
    pincode = _text(
        _("Pincode"),
        longest=12,
        required=False,
        attrs={"inputmode": "numeric", "autocomplete": "postal-code"},
    )
    flat = _text(_("Flat or house no."), longest=40, required=False)
    floor = _text(_("Floor"), longest=20, required=False)
    tower = _text(_("Tower"), longest=40, required=False)
    society = _text(_("Society or building"), longest=120, required=False)
    line1 = _text(_("Street"), longest=200, required=False, attrs={"autocomplete": "address-line1"})
    line2 = _text(_("Area"), longest=200, required=False, attrs={"autocomplete": "address-line2"})
    landmark = _text(_("Landmark"), longest=120, required=False)
    city = _text(_("City"), longest=80, required=False, attrs={"autocomplete": "address-level2"})
    state = _text(
        pgettext_lazy("address", "State"), longest=80, required=False, attrs={"autocomplete": "address-level1"}
    )
    when = forms.CharField(
        label=_("When"),
        max_length=40,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a delivery day.")},
    )
    payment_method = forms.ChoiceField(
        label=_("How to pay"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose how to pay."),
            "invalid_choice": _("This way to pay is not available. Choose another."),
        },
    )
    if_short = forms.ChoiceField(
        label=_("If something runs out"),
        widget=forms.RadioSelect,
        choices=[*OrderLine.IfShort.choices, (AS_CHOSEN, _("As I chose for each in the cart"))],
        required=False,
        error_messages={"invalid_choice": _("Choose what we do where there is not enough.")},
    )
    promo = forms.CharField(
        label=_("Promo code"),
        required=False,
        max_length=LONGEST_CODE,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "maxlength": LONGEST_CODE,
            }
        ),
    )
    instructions = forms.CharField(
        label=_("A note for the driver"),
        required=False,
        max_length=255,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 255}),
        help_text=_("Leave at the door, don’t ring."),
    )
    expected_total = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        user: User | None,
        addresses: Sequence[Address],
        book: RegionBook,
        home: Region,
        purse: LedgerAccount | None = None,
        **kwargs: Any,
    ) -> None:
        self.purse = purse
        self.user, self.addresses, self.book, self._home = user, list(addresses), book, home
        super().__init__(*args, **{"use_required_attribute": False, "label_suffix": "", **kwargs})
        labels = dict(Payment.Method.choices)
        methods = usable_methods(has_account=purse is not None)
        self.fields["payment_method"].choices = [(method, labels[method]) for method in methods]  # type: ignore[attr-defined]
        self.fields["address"].choices = [*((str(a.pk), str(a)) for a in self.addresses), (NEW, _("A new address"))]  # type: ignore[attr-defined]
        if not self.addresses:
            del self.fields["address"]
        if user is not None:
            del self.fields["contact"]
            if user.name:
                del self.fields["name"]

    # -- what is chosen at this look ---------------------------------------------------------------------------------

    def chosen(self, name: str) -> str:
        """What a field shows now: what was typed, or what was there at first."""
        return str(self[name].value() or "") if name in self.fields else ""

    @cached_property
    def chosen_address(self) -> Address | None:
        """The saved address that is chosen; None for a new one."""
        choice = self.chosen("address")
        return next((address for address in self.addresses if str(address.pk) == choice), None)

    @property
    def is_new_address(self) -> bool:
        return self.chosen_address is None

    @property
    def chosen_pincode(self) -> str:
        return self.chosen_address.pincode if self.chosen_address else normal_pincode(self.chosen("pincode")[:12])

    @property
    def region(self) -> Region:
        """The market that the order is for."""
        return self.book.region_of(self.chosen_pincode) or self._home

    @cached_property
    def chosen_when(self) -> tuple[DeliverySlot, date] | None:
        slot_id, _colon, day = self.chosen("when")[:40].partition(":")
        slot = self.book.slots.get(int(slot_id)) if slot_id.isascii() and slot_id.isdecimal() else None
        try:
            return (slot, date.fromisoformat(day)) if slot else None
        except ValueError:
            return None

    @property
    def shows_more(self) -> bool:
        """Whether the parts of an address that most doors do without have something to show."""
        return any(self.chosen(name) or self.has_error(name) for name in ("floor", "line2", "landmark", "state"))

    def calendar(self) -> Iterator[tuple[DeliverySlot, list[WhenChoice], list[WhenChoice]]]:
        """Every slot of the region with the days that can still be chosen: the next ones, and those later."""
        chosen = self.chosen("when")
        for entry in self.book.calendar(self.region.id):
            values = [(when_value(entry.slot, day.date), day) for day in entry.days]
            choices = [WhenChoice(value, day, value == chosen) for value, day in values]
            yield entry.slot, choices[:NEXT_DAYS], choices[NEXT_DAYS:]

    # -- what is wrong -------------------------------------------------------------------------------------------------

    def clean_when(self) -> str:
        if self.chosen_when is None:
            raise forms.ValidationError(_("Choose a delivery day."))
        return str(self.cleaned_data["when"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.is_new_address and not self.has_error("address"):
            self._clean_door(data)
        return data

    def _clean_door(self, data: Mapping[str, Any]) -> None:
        for name, message in NEEDED.items():
            if not data.get(name) and not self.has_error(name):
                self.add_error(name, str(message))
        if data.get("pincode") and not self.book.looks_like_pincode(self.chosen_pincode):
            self.add_error("pincode", _("A pincode has six digits, such as 560034."))

    def add_problems(self, problems: Sequence[Problem]) -> None:
        """What keeps the cart from being ordered, each at its field."""
        for problem in problems:
            self._add_at(problem.field, problem.message)

    def add_refusal(self, refusal: DomainError) -> None:
        self._add_at(refusal.field, refusal.message)

    def _add_at(self, place: str | None, message: Any) -> None:
        door = "pincode" if self.is_new_address else "address"
        name = door if place == "pincode" else FIELD_OF.get(place or "")
        self.add_error(name if name in self.fields else None, str(message))

    # -- what it becomes -----------------------------------------------------------------------------------------------

    def purchase(self) -> Purchase:
        """All that was chosen, of a valid form."""
        data = self.cleaned_data
        contact: Contact = data.get("contact") or Contact()
        slot, day = self.chosen_when or (None, None)
        return Purchase(
            buyer=Buyer(
                user_id=self.user.pk if self.user else None,
                name=data.get("name", ""),
                email=contact.email,
                phone=contact.phone,
            ),
            destination=self._destination(),
            plan=Plan(
                pincode=self.chosen_pincode,
                slot=slot,
                delivery_date=day,
                payment_method=data["payment_method"],
                expected_total=self._expected_total(),
            ),
            special_instructions=data["instructions"],
            if_short="" if data["if_short"] == AS_CHOSEN else data["if_short"],
        )

    def _destination(self) -> Destination:
        if self.chosen_address is not None:
            return Destination(address_id=self.chosen_address.pk)
        return Destination(fields={name: self.cleaned_data[name] for name in DOOR})

    def _expected_total(self) -> Money:
        """The total that was on the page. What can't be read equals no total, so the page shows the true one again."""
        currency, _colon, minor = self.cleaned_data["expected_total"].partition(":")
        known = minor.isascii() and minor.isdecimal()
        return Money(int(minor) if known else -1, currency)


def choice_of(lines: Sequence[CartLine]) -> str:
    """What the cart's lines say of what runs out: the same for all, or each its own."""
    chosen = {line.if_short for line in lines}
    return chosen.pop() if len(chosen) == 1 else AS_CHOSEN if chosen else OrderLine.IfShort.SEND_AVAILABLE


def total_value(total: Money) -> str:
    """The total as the form carries it."""
    return f"{total.currency}:{total.minor}"


def first_choices(
    *,
    addresses: Sequence[Address],
    last_address_id: int | None,
    preferences: Preferences | None,
    pincode: str | None,
    book: RegionBook,
    home: Region,
    has_wallet: bool = False,
) -> dict[str, Any]:
    """What is chosen before anything was: the last address, the usual slot on its next day, the usual way to pay."""
    address = _first_address(addresses, last_address_id, pincode)
    region = book.region_of(address.pincode if address else pincode) or home
    soonest = usual_time(book.calendar(region.id), preferences)
    methods = usable_methods(has_account=has_wallet)
    wanted = preferences.payment_method if preferences else ""
    return {
        "address": str(address.pk) if address else NEW,
        "pincode": pincode or "",
        "city": region.name,
        "when": when_value(*soonest) if soonest else "",
        "payment_method": wanted if wanted in methods else next(iter(methods), ""),
    }


def _first_address(addresses: Sequence[Address], last_id: int | None, pincode: str | None) -> Address | None:
    """The one used last, or the default, if the chosen pincode is theirs."""
    here = [address for address in addresses if pincode is None or normal_pincode(address.pincode) == pincode]
    return min(here, key=lambda address: (address.pk != last_id, not address.is_default, address.pk), default=None)
