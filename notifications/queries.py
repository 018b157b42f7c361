"""The facts that messages tell, read from the books at the moment of sending."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet

from accounts.models import Address, Preferences, User
from accounts.rules.messages import Channel, Group, channels_for, quiet_ends_at
from cart.models import Checkout
from deliveries.models import Delivery, Route
from deliveries.rules import UNDER_WAY
from milkdelivery.core import clock
from milkdelivery.core import rules as time_rules
from milkdelivery.core.actors import Role
from milkdelivery.core.models import Pincode, Region
from milkdelivery.core.money import Money
from milkdelivery.core.queries import region_book
from notifications.models import Notification, PushSubscription
from notifications.rules import KINDS, Kind
from notifications.tokens import Stop
from orders.models import Order, OrderLine
from payments.models import Payment
from payments.rules.attempts import AT_THE_DOOR
from vendors.models import Vendor, VendorMember, Waiting

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


NEW_FOR = timedelta(days=7)
"""How long after their first visit somebody is still welcomed who proves a contact."""


def newcomers(user_ids: Collection[int]) -> Mapping[int, User]:
    """Those of the people who came just now, as households."""
    since = clock.now() - NEW_FOR
    found = User.objects.filter(pk__in=user_ids, is_active=True, created_at__gte=since).prefetch_related("groups")
    return {person.pk: person for person in found if person.role == Role.CUSTOMER}


def routes_by_id(route_ids: Collection[int]) -> list[Route]:
    """With their drivers."""
    return list(Route.objects.filter(pk__in=route_ids).select_related("driver__user").order_by("pk"))


def planned_routes_of(delivery_ids: Collection[int]) -> Mapping[int, int]:
    """The round of each delivery, where that one was planned and not driven yet."""
    planned = Delivery.objects.filter(pk__in=delivery_ids, stop__route__planned_at__isnull=False)
    planned = planned.filter(stop__route__status=Route.Status.PLANNED)
    return dict(planned.values_list("pk", "stop__route_id"))


DOORS_TO_GO = 2


def second_doors(delivery_id: int) -> list[int]:
    """The orders behind the second of the doors that are left of a round, after one of them was done. Two queries."""
    route_id = Delivery.objects.filter(pk=delivery_id).values_list("stop__route_id", flat=True).first()
    if route_id is None:
        return []
    left = Delivery.objects.filter(stop__route_id=route_id, status__in=UNDER_WAY).order_by("stop__sequence", "pk")
    doors: dict[int, list[int]] = {}
    for sequence, order_id in left.values_list("stop__sequence", "order_id"):
        doors.setdefault(sequence, []).append(order_id)
    return list(doors.values())[DOORS_TO_GO - 1] if len(doors) >= DOORS_TO_GO else []


# -- who hears where -------------------------------------------------------------------------------------------------


def chosen_by(user_ids: Collection[int]) -> Mapping[int, Preferences]:
    """What each person chose; whoever did not is missing."""
    return {found.user_id: found for found in Preferences.objects.filter(user_id__in=user_ids)}


def listeners(user_ids: Collection[int]) -> frozenset[int]:
    """Those of the people who let us push to a device of theirs."""
    return frozenset(PushSubscription.objects.filter(user_id__in=user_ids).values_list("user_id", flat=True))


def members_of(vendor_ids: Collection[int]) -> Mapping[int, list[User]]:
    """Who works for each dairy and may sign in."""
    found: dict[int, list[User]] = {}
    members = VendorMember.objects.filter(vendor_id__in=vendor_ids, user__is_active=True).select_related("user")
    for member in members.order_by("pk"):
        found.setdefault(member.vendor_id, []).append(member.user)
    return found


def staff() -> list[User]:
    """Who works in the back office."""
    groups = Q(is_superuser=True) | Q(groups__name__in=[Role.MANAGER, Role.ADMIN])
    return list(User.objects.filter(groups, is_active=True).distinct().order_by("pk"))


def quiet_until(notification: Notification) -> datetime | None:
    """Until when it waits because its reader sleeps; None where it may go out now. At most three queries.

    A household's hours count in the time of the order it tells of, or else of the door that the household used last.
    """
    if not KINDS[notification.kind].is_held or notification.channel == Notification.Channel.IN_APP:
        return None
    chosen = Preferences.objects.filter(user_id=notification.recipient_id or 0).first() or Preferences()
    local = clock.now().astimezone(ZoneInfo(_region_of(notification).time_zone))
    return quiet_ends_at(local, chosen.quiet_from, chosen.quiet_until)


def _region_of(notification: Notification) -> Region:
    book = region_book()
    if order_id := notification.data.get("order_id"):
        return Order.objects.select_related("region").get(pk=order_id).region
    code = notification.data.get("pincode")
    if code is None and notification.recipient_id:
        code = Address.objects.of(notification.recipient_id).values_list("pincode", flat=True).first()
    return book.region_of(code) or book.region(settings.HOME_REGION) or Region.objects.order_by("pk")[0]


# -- the bell --------------------------------------------------------------------------------------------------------


def is_due(channel: str, *, in_haste: bool) -> bool:
    """Whether something waits to be sent in a lane of the channel."""
    return Notification.objects.due(clock.real_now()).on(channel, in_haste=in_haste).exists()


def targets_of(user_id: int) -> list[PushSubscription]:
    """Where to push to a person, as long as the device is not signed out."""
    return list(PushSubscription.objects.alive().filter(user_id=user_id, user__is_active=True).order_by("pk"))


def bell_of(user_id: int) -> QuerySet[Notification]:
    """What a person was told in the app, the latest first."""
    return Notification.objects.in_bell(user_id)


def can_still_be_stopped(stop: Stop) -> bool:
    """Whether mails of the group still go to the person of a link."""
    preferences = Preferences.objects.filter(user_id=stop.user_id).first() or Preferences()
    if stop.group == Group.NEWS:
        return preferences.newsletter
    return Channel.EMAIL in channels_for(stop.group, preferences.channels)


def pushes_of(user_id: int) -> QuerySet[PushSubscription]:
    """Where a person asked us to push."""
    return PushSubscription.objects.alive().filter(user_id=user_id)
