"""The facts that messages tell, read from the books at the moment of sending."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from accounts.models import Preferences, User
from cart.models import Checkout
from deliveries.models import Delivery
from milkdelivery.core import rules as time_rules
from milkdelivery.core.models import Pincode
from milkdelivery.core.money import Money
from notifications.models import Notification
from notifications.rules import Kind
from orders.models import Order, OrderLine
from payments.models import Payment
from payments.rules.attempts import AT_THE_DOOR
from vendors.models import Vendor, Waiting

LIKE_A_LINK = re.compile(r"\S[./:@\\]\S")


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order as its household is told of it. `cash_due` is what the driver will ask for, None where nothing.
    `payments` are all attempts at it, oldest first.

    `missing` are the lines that nobody can bring; the others come.
    """

    order: Order
    customer: User
    lines: tuple[OrderLine, ...]
    missing: tuple[OrderLine, ...]
    delivery: Delivery | None
    cash_due: Money | None
    payments: tuple[Payment, ...]
    change_until: datetime

    @property
    def cancel_reason(self) -> str:
        """Why the order was cancelled, as its history says; "" for any other. One query."""
        if self.order.status != Order.Status.CANCELLED:
            return ""
        change = self.order.status_changes.filter(to_status=Order.Status.CANCELLED).first()
        return change.reason if change else ""

    @property
    def paid(self) -> tuple[Payment, ...]:
        """The payments whose money came."""
        return tuple(payment for payment in self.payments if payment.is_captured and payment.amount)

    @property
    def held(self) -> Payment | None:
        """The payment that is set aside in the wallet until the delivery."""
        held = (p for p in self.payments if (p.method, p.status) == (Payment.Method.WALLET, Payment.Status.PENDING))
        return next(held, None)

    @property
    def first_name(self) -> str:
        return greeting_of(self.customer)

    @property
    def driver_name(self) -> str:
        """First name of whoever brings it, "" while nobody does."""
        driver = self.delivery.driver if self.delivery else None
        return driver.user.get_short_name() if driver else ""


@dataclass(frozen=True, slots=True)
class VendorFacts:
    """The part of an order that one dairy fills, and until when it must stand packed."""

    vendor: Vendor
    order: Order
    lines: tuple[OrderLine, ...]
    pack_by: datetime


def order_facts(order_id: int) -> OrderFacts:
    """Four queries."""
    order = Order.objects.select_related("customer", "slot", "region").get(pk=order_id)
    lines = tuple(order.lines.named())
    payments = tuple(Payment.objects.filter(order=order).order_by("pk"))
    due = (payment for payment in payments if payment.status == Payment.Status.PENDING)
    cash = next((payment for payment in due if payment.method == Payment.Method.COD), None)
    return OrderFacts(
        order=order,
        customer=order.customer,
        lines=tuple(line for line in lines if line.comes),
        missing=tuple(line for line in lines if not line.comes),
        delivery=Delivery.objects.select_related("stop__route__driver__user").filter(order=order).first(),
        cash_due=cash.amount if cash else None,
        payments=payments,
        change_until=time_rules.cutoff_at(order.slot, order.delivery_date, order.region.time_zone),
    )


def greeting_of(person: User) -> str:
    """To greet with; "" where it looks like an address: anybody may type a name and somebody else's contact."""
    name = person.get_short_name()
    if len(name.rstrip(".")) == 1:
        name = person.name
    return "" if LIKE_A_LINK.search(name) else name


def contact_is_known(person: User) -> bool:
    """Whether the contact that this person typed was proven by somebody else. Told to that contact alone."""
    if person.contact_email:
        return User.objects.someone_else_proved(email=person.contact_email, user_id=person.pk)
    return User.objects.filter(phone=person.contact_phone).exclude(pk=person.pk).exists()


def vendor_facts(order_id: int, vendor_id: int) -> VendorFacts:
    """Three queries."""
    order = Order.objects.select_related("slot", "region").get(pk=order_id)
    return VendorFacts(
        vendor=Vendor.objects.get(pk=vendor_id),
        order=order,
        lines=tuple(order.lines.named().filter(vendor_id=vendor_id)),
        pack_by=time_rules.pack_at(order.slot, order.delivery_date, order.region.time_zone),
    )


def said_next(order_ids: Collection[int]) -> set[int]:
    """Those of the orders of which another message follows at once: their checkout goes on by itself, paid at the door
    or from a wallet, or staff placed them and a link to pay is sent. One query."""
    going = Checkout.objects.filter(
        Q(payment_method__in=AT_THE_DOOR) | Q(order__source=Order.Source.STAFF), order_id__in=order_ids
    )
    return set(going.values_list("order_id", flat=True))


def orders_by_id(order_ids: Collection[int]) -> dict[int, Order]:
    """The orders with their customers."""
    return Order.objects.select_related("customer").in_bulk(order_ids)


def vendors_by_order(order_ids: Collection[int]) -> dict[int, list[Vendor]]:
    """The dairies that got lines of each order."""
    pairs = OrderLine.objects.filter(order_id__in=order_ids, vendor__isnull=False)
    found = set(pairs.values_list("order_id", "vendor_id"))
    vendors = Vendor.objects.in_bulk({vendor_id for _, vendor_id in found})
    by_order: dict[int, list[Vendor]] = {}
    for order_id, vendor_id in sorted(found):
        by_order.setdefault(order_id, []).append(vendors[vendor_id])
    return by_order


def vendors_by_id(vendor_ids: Collection[int]) -> dict[int, Vendor]:
    return Vendor.objects.in_bulk(vendor_ids)


def waiting_of(waiting_id: int) -> Waiting | None:
    """Somebody who waits for us, or waited; None once they left the list."""
    return Waiting.objects.filter(pk=waiting_id).first()


def place_of(pincode: str) -> Pincode | None:
    """A pincode that we know, with its region."""
    return Pincode.objects.select_related("region").filter(code=pincode).first()


def languages_of(user_ids: Collection[int]) -> Mapping[int, str]:
    """The language that each person chose; whoever did not is missing."""
    return dict(Preferences.objects.filter(user_id__in=user_ids).values_list("user_id", "language"))


def was_told_of_assignment(order_id: int, vendor_id: int) -> bool:
    key = assignment_key(order_id, vendor_id)
    told = Notification.objects.filter(Q(dedupe_key=key) | Q(dedupe_key__startswith=f"{key}:"))
    return told.filter(status=Notification.Status.SENT).exists()


def assignment_key(order_id: int, vendor_id: int) -> str:
    """Of the first word to a dairy about an order; what it gets later adds to it."""
    return f"{Kind.VENDOR_ASSIGNMENT}:{order_id}:{vendor_id}"
