"""Who is told of what happened. Handlers only write rows; a worker renders and sends them after the commit."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings

from accounts.events import UserDeactivated, UserDeviceRevoked, UserUpdated
from analytics.events import DailyReportMade
from cart.events import CheckoutCompleted, CheckoutFailed
from catalog.events import PacksUntaxed
from deliveries.events import DeliveryAssigned, DeliveryCompleted, DeliveryFailed, RouteCalledOff, RoutePlanned
from inventory.events import StockLow, StockRecounted
from milkdelivery.core.actors import Role
from milkdelivery.core.eventlog import Envelope, subscribe
from milkdelivery.core.events import PincodeOpened
from milkdelivery.core.jobs import enqueue
from notifications import (
    catalogue_letters,
    claim_letters,
    money_letters,
    payment_letters,
    report_letters,
    stock_letters,
    work_letters,
)
from notifications.actions import end_pushes, queue, waitlist_note
from notifications.models import Notification
from notifications.queries import (
    assignment_key,
    languages_of,
    newcomers,
    orders_by_id,
    planned_routes_of,
    routes_by_id,
    said_next,
    second_doors,
    vendors_by_id,
    vendors_by_order,
    waiting_of,
)
from notifications.rules import FAILURE_WAITS, RECEIPT_WAITS, Kind
from orders.events import (
    ClaimDecided,
    ClaimOpened,
    OrderApproved,
    OrderCancelled,
    OrderChanged,
    OrderConfirmed,
    OrderDelivered,
    OrderHeld,
    OrderLeft,
    OrderLineShort,
    OrderRejected,
    OrderRescheduled,
    OrderUndelivered,
    VendorReplaced,
)
from orders.models import Order
from orders.rules.holding import REJECTED
from orders.rules.status import UNDO_WITHIN
from payments.events import (
    LedgerRecounted,
    PaymentFailed,
    PaymentInitiated,
    PaymentRefunded,
    PaymentSucceeded,
    RefundFailed,
    RefundOverdue,
    WalletLow,
    WalletToppedUp,
)
from vendors.events import WaitlistJoined

Envelopes = Sequence[Envelope[Any]]
Channel = Notification.Channel

HOUSEHOLDS = "notifications.households"
VENDORS = "notifications.vendors"
STOCK = "notifications.stock"
MONEY = "notifications.money"
CLAIMS = "notifications.claims"
STAFF = "notifications.staff"
CALLED_OFF = "order_called_off"


@subscribe(HOUSEHOLDS, CheckoutCompleted, batch=True)
def on_checkout_completed(envelopes: Envelopes) -> None:
    queue(_to_households(Kind.ORDER_CONFIRMED, envelopes))


@subscribe(HOUSEHOLDS, CheckoutFailed, batch=True)
def on_checkout_failed(envelopes: Envelopes) -> None:
    """One that was undone because its order was cancelled has been told of by the cancellation."""
    queue(_to_households(Kind.CHECKOUT_FAILED, [told for told in envelopes if told.event.code != CALLED_OFF]))


@subscribe(HOUSEHOLDS, OrderCancelled, batch=True)
def on_order_cancelled(envelopes: Envelopes) -> None:
    """A checkout that undoes itself cancels its order too, and says so in its own words; so does a rejection."""
    plain = [told for told in envelopes if told.actor.name != "checkout" and told.event.reason != REJECTED]
    queue(_to_households(Kind.ORDER_CANCELLED, plain))


@subscribe(HOUSEHOLDS, OrderHeld, batch=True)
def on_order_held(envelopes: Envelopes) -> None:
    queue(_to_households(Kind.ORDER_HELD, envelopes))


@subscribe(HOUSEHOLDS, OrderApproved, batch=True)
def on_order_approved(envelopes: Envelopes) -> None:
    """An order that nobody has to pay first is confirmed next, and that says it; so does the link to pay of one that
    staff placed."""
    fresh = {told.event.order_id for told in envelopes if told.event.status == Order.Status.CREATED}
    certain = said_next(fresh)
    queue(_to_households(Kind.ORDER_APPROVED, [told for told in envelopes if told.event.order_id not in certain]))


@subscribe(HOUSEHOLDS, OrderRejected, batch=True)
def on_order_rejected(envelopes: Envelopes) -> None:
    queue(_to_households(Kind.ORDER_REJECTED, envelopes))


@subscribe(STAFF, OrderHeld, batch=True)
def on_order_to_decide(envelopes: Envelopes) -> None:
    """Whoever may decide hears of each hold, a colleague's too: undecided it ends at the cut-off."""
    queue(
        Notification(
            role=Role.ADMIN,
            kind=Kind.HELD_ORDER,
            channel=Channel.EMAIL,
            address=settings.ADMIN_EMAIL,
            data={"order_id": told.event.order_id},
            dedupe_key=f"{Kind.HELD_ORDER}:{told.id}",
            event_id=told.id,
        )
        for told in envelopes
    )


@subscribe(HOUSEHOLDS, OrderLeft, batch=True)
def on_order_left(envelopes: Envelopes) -> None:
    queue(_to_households(Kind.OUT_FOR_DELIVERY, envelopes))


@subscribe(HOUSEHOLDS, OrderChanged, batch=True)
def on_order_changed(envelopes: Envelopes) -> None:
    queue(_to_households(Kind.ORDER_CHANGED, envelopes))


@subscribe(HOUSEHOLDS, OrderRescheduled, batch=True)
def on_order_rescheduled(envelopes: Envelopes) -> None:
    queue(_to_households(Kind.ORDER_RESCHEDULED, envelopes, tells_why=True), after=UNDO_WITHIN)


@subscribe(HOUSEHOLDS, OrderUndelivered, batch=True)
def on_order_undelivered(envelopes: Envelopes) -> None:
    queue(_to_households(Kind.ORDER_UNDELIVERED, envelopes, tells_why=True), after=UNDO_WITHIN)


@subscribe(HOUSEHOLDS, OrderDelivered, batch=True)
def on_order_delivered(envelopes: Envelopes) -> None:
    queue(_to_households(Kind.DELIVERED, envelopes), after=UNDO_WITHIN)


@subscribe(HOUSEHOLDS, OrderLineShort, batch=True)
def on_order_line_short(envelopes: Envelopes) -> None:
    """An order of which nothing is left is cancelled, and that says it."""
    queue(_to_households(Kind.OUT_OF_STOCK, [told for told in envelopes if not told.event.is_whole]))


@subscribe(STAFF, OrderLineShort, batch=True)
def on_line_unfilled(envelopes: Envelopes) -> None:
    """Nobody takes it: staff may know a dairy that does, or call the household. Once for an order."""
    queue(
        Notification(
            role=Role.ADMIN,
            kind=Kind.LINE_UNFILLED,
            channel=Channel.EMAIL,
            address=settings.ADMIN_EMAIL,
            data={"order_id": told.event.order_id},
            dedupe_key=f"{Kind.LINE_UNFILLED}:{told.event.order_id}",
            event_id=told.id,
        )
        for told in envelopes
    )


@subscribe(HOUSEHOLDS, DeliveryCompleted, batch=True)
def on_door_done(envelopes: Envelopes) -> None:
    queue(_nearly_there(envelopes))


@subscribe(HOUSEHOLDS, DeliveryFailed, batch=True)
def on_door_failed(envelopes: Envelopes) -> None:
    queue(_nearly_there(envelopes))


@subscribe("notifications.people", UserUpdated, batch=True)
def on_contact_proven(envelopes: Envelopes) -> None:
    """Whoever has just shown that a contact is theirs for the first time is welcome. Not before: until then a stranger
    may have typed it."""
    proven = [told for told in envelopes if {"email", "phone"} & set(told.event.fields)]
    people = newcomers({told.event.user_id for told in proven})
    languages = languages_of(people.keys())
    queue(
        Notification(
            recipient=people[told.event.user_id],
            role=Role.CUSTOMER,
            kind=Kind.WELCOME,
            channel=Channel.EMAIL if people[told.event.user_id].mail_address else Channel.SMS,
            language=languages.get(told.event.user_id, "en"),
            address=people[told.event.user_id].mail_address or people[told.event.user_id].phone_number,
            dedupe_key=f"{Kind.WELCOME}:{told.event.user_id}",
            event_id=told.id,
        )
        for told in proven
        if told.event.user_id in people
    )


@subscribe("notifications.drivers", RoutePlanned, batch=True)
def on_route_planned(envelopes: Envelopes) -> None:
    events = {told.event.route_id: told.id for told in envelopes}
    queue(work_letters.rounds(routes_by_id(events), events))


@subscribe("notifications.drivers", DeliveryAssigned, batch=True)
def on_stop_added(envelopes: Envelopes) -> None:
    """Orders gather on a round until it is planned; after that, each is news to its driver."""
    by_delivery = planned_routes_of({told.event.delivery_id for told in envelopes})
    events = {
        by_delivery[told.event.delivery_id]: told.id for told in envelopes if told.event.delivery_id in by_delivery
    }
    queue(work_letters.rounds(routes_by_id(events), events))


@subscribe("notifications.drivers", RouteCalledOff, batch=True)
def on_route_called_off(envelopes: Envelopes) -> None:
    events = {told.event.route_id: told.id for told in envelopes}
    queue(work_letters.called_off(routes_by_id(events), events))


@subscribe(VENDORS, OrderConfirmed, batch=True)
def on_order_confirmed(envelopes: Envelopes) -> None:
    """A dairy hears of its lines once they are certain."""
    queue(_to_vendors(Kind.VENDOR_ASSIGNMENT, envelopes))


@subscribe(VENDORS, OrderCancelled, batch=True)
def on_confirmed_order_cancelled(envelopes: Envelopes) -> None:
    queue(_to_vendors(Kind.VENDOR_CANCELLATION, [told for told in envelopes if told.event.was_confirmed]))


@subscribe(VENDORS, VendorReplaced, batch=True)
def on_vendor_replaced(envelopes: Envelopes) -> None:
    """A dairy got what another one gave back, of an order that it may have some of already."""
    vendors = vendors_by_id({told.event.vendor_id for told in envelopes})
    queue(
        Notification(
            role=Role.VENDOR,
            kind=Kind.VENDOR_ASSIGNMENT,
            channel=Channel.EMAIL,
            address=vendors[told.event.vendor_id].email,
            data={"order_id": told.event.order_id, "vendor_id": told.event.vendor_id},
            dedupe_key=f"{assignment_key(told.event.order_id, told.event.vendor_id)}:{told.id}",
            event_id=told.id,
        )
        for told in envelopes
    )


@subscribe("notifications.push", UserDeviceRevoked)
def on_device_revoked(envelope: Envelope[UserDeviceRevoked]) -> None:
    """Somebody signed it out from afar."""
    end_pushes(envelope.event.user_id, device_id=envelope.event.device_id, by=envelope.actor)


@subscribe("notifications.push", UserDeactivated)
def on_person_deactivated(envelope: Envelope[UserDeactivated]) -> None:
    """Their access is closed, so no device of theirs is written to."""
    end_pushes(envelope.event.user_id, is_everywhere=True, by=envelope.actor)


@subscribe("notifications.waitlist", WaitlistJoined)
def on_waitlist_joined(envelope: Envelope[WaitlistJoined]) -> None:
    """A word to the mailbox that was typed, with the way off the list. A phone is written to once, when we come."""
    waiting = waiting_of(envelope.event.waiting_id)
    if waiting is not None and "@" in waiting.contact:
        queue([waitlist_note(Kind.WAITLIST_JOINED, waiting, event_id=envelope.id)])


@subscribe("notifications.waitlist", PincodeOpened)
def on_pincode_opened(envelope: Envelope[PincodeOpened]) -> None:
    """Many may wait, so a worker tells them."""
    enqueue("notifications.tasks.tell_waiting", envelope.event.pincode)


@subscribe(STOCK, StockLow, batch=True)
def on_stock_low(envelopes: Envelopes) -> None:
    queue(stock_letters.low_stock(envelopes))


@subscribe(STOCK, StockRecounted, batch=True)
def on_stock_recounted(envelopes: Envelopes) -> None:
    queue(stock_letters.drift(envelopes))


@subscribe(STAFF, PacksUntaxed, batch=True)
def on_packs_untaxed(envelopes: Envelopes) -> None:
    queue(catalogue_letters.untaxed(envelopes))


@subscribe(MONEY, LedgerRecounted, batch=True)
def on_books_recounted(envelopes: Envelopes) -> None:
    queue(money_letters.drift(envelopes))


@subscribe(MONEY, WalletLow, batch=True)
def on_wallet_low(envelopes: Envelopes) -> None:
    queue(money_letters.to_households(Kind.WALLET_LOW, envelopes))


@subscribe(MONEY, WalletToppedUp, batch=True)
def on_wallet_topped_up(envelopes: Envelopes) -> None:
    queue(money_letters.to_households(Kind.WALLET_TOPPED_UP, envelopes))


@subscribe(MONEY, PaymentInitiated, batch=True)
def on_payment_to_make(envelopes: Envelopes) -> None:
    """A household for whom staff ordered does not stand before our page: the page comes to them."""
    queue(payment_letters.links(envelopes))


@subscribe(MONEY, PaymentSucceeded, batch=True)
def on_payment_succeeded(envelopes: Envelopes) -> None:
    queue(payment_letters.received(envelopes), after=RECEIPT_WAITS)


@subscribe(MONEY, PaymentFailed, batch=True)
def on_payment_failed(envelopes: Envelopes) -> None:
    queue(payment_letters.failed(envelopes), after=FAILURE_WAITS)


@subscribe(MONEY, PaymentRefunded, batch=True)
def on_payment_refunded(envelopes: Envelopes) -> None:
    queue(payment_letters.refunded(envelopes))


@subscribe(MONEY, RefundFailed, batch=True)
def on_refund_failed(envelopes: Envelopes) -> None:
    queue(payment_letters.to_staff(Kind.REFUND_FAILED, envelopes))


@subscribe(MONEY, RefundOverdue, batch=True)
def on_refund_overdue(envelopes: Envelopes) -> None:
    queue(payment_letters.to_staff(Kind.REFUND_OVERDUE, envelopes))


@subscribe(STAFF, DailyReportMade, batch=True)
def on_daily_report(envelopes: Envelopes) -> None:
    queue(report_letters.to_readers(envelopes))


@subscribe(CLAIMS, ClaimOpened, batch=True)
def on_claim_opened(envelopes: Envelopes) -> None:
    """One that the rule granted at once is told of by its decision."""
    waiting = [told for told in envelopes if told.event.why]
    queue([*_of_claims(Kind.CLAIM_RECEIVED, waiting), *claim_letters.to_staff(waiting)])


@subscribe(CLAIMS, ClaimDecided, batch=True)
def on_claim_decided(envelopes: Envelopes) -> None:
    queue(_of_claims(Kind.CLAIM_DECIDED, envelopes))


def _of_claims(kind: Kind, envelopes: Envelopes) -> Iterator[Notification]:
    """To the household that has the order; a word of one claim is a word of its own, whatever the order's status."""
    claims = {told.id: told.event.claim_id for told in envelopes}
    for note in _to_households(kind, envelopes):
        note.data = {"claim_id": claims[note.event_id or 0]}
        yield note


def _to_households(kind: Kind, envelopes: Envelopes, *, tells_why: bool = False) -> Iterator[Notification]:
    """By mail, or as a text message where only a phone is known. `tells_why` keeps the reason that the event names."""
    orders = orders_by_id({told.event.order_id for told in envelopes})
    languages = languages_of({order.customer_id for order in orders.values()})
    for told in envelopes:
        order = orders[told.event.order_id]
        customer = order.customer
        address = customer.mail_address or customer.phone_number
        if not address:
            continue
        yield Notification(
            recipient=customer,
            role=Role.CUSTOMER,
            kind=kind,
            channel=Channel.EMAIL if customer.mail_address else Channel.SMS,
            language=languages.get(customer.pk, "en"),
            address=address,
            data={"order_id": order.pk} | ({"reason": told.event.reason} if tells_why else {}),
            dedupe_key=f"{kind}:{told.id}",
            event_id=told.id,
        )


def _nearly_there(envelopes: Envelopes) -> Iterator[Notification]:
    """To the households who are the second door from now on: a word to open the gate, or put the kettle on."""
    coming = {told.id: second_doors(told.event.delivery_id) for told in envelopes}
    orders = orders_by_id({order_id for pairs in coming.values() for order_id in pairs})
    languages = languages_of({order.customer_id for order in orders.values()})
    for event_id, order_ids in coming.items():
        for order_id in order_ids:
            customer = orders[order_id].customer
            address = customer.mail_address or customer.phone_number
            if address:
                yield Notification(
                    recipient=customer,
                    role=Role.CUSTOMER,
                    kind=Kind.NEAR,
                    channel=Channel.EMAIL if customer.mail_address else Channel.SMS,
                    language=languages.get(customer.pk, "en"),
                    address=address,
                    data={"order_id": order_id},
                    dedupe_key=f"{Kind.NEAR}:{order_id}",
                    event_id=event_id,
                )


def _to_vendors(kind: Kind, envelopes: Envelopes) -> Iterator[Notification]:
    vendors = vendors_by_order({told.event.order_id for told in envelopes})
    for told in envelopes:
        order_id = told.event.order_id
        for vendor in vendors.get(order_id, ()):
            is_first_word = kind == Kind.VENDOR_ASSIGNMENT
            yield Notification(
                role=Role.VENDOR,
                kind=kind,
                channel=Channel.EMAIL,
                address=vendor.email,
                data={"order_id": order_id, "vendor_id": vendor.pk},
                dedupe_key=assignment_key(order_id, vendor.pk) if is_first_word else f"{kind}:{told.id}:{vendor.pk}",
                event_id=told.id,
            )
