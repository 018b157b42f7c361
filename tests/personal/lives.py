"""A household that has lived with us for a while: something of theirs stands in every record that can hold it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from accounts import actions as people
from accounts.models import Device, User
from cart.actions import Buyer, add_item, open_cart
from deliveries.actions import assign_driver, mark_delivered, mark_picked_up, rate_delivery
from deliveries.models import Delivery, DriverAction, FailedAttempt
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, RequestFacts, Role
from milkdelivery.core.eventlog import pump
from milkdelivery.core.models import IdempotencyKey
from milkdelivery.core.money import Money
from notifications.models import Notification, PushSubscription
from notifications.tasks import send_queued
from orders.actions import approve_order, cancel_order, hold_order, pack_order
from orders.models import Claim, ClaimLine, Order
from payments import actions as payments
from payments.models import Payment, SavedMethod, Seller, Webhook
from payments.tasks import void_payments
from tests.cart.shopping import buy, next_day
from tests.factories.accounts import PASSWORD, AddressFactory, ManagerFactory, PreferencesFactory, UserFactory
from tests.factories.world import World, small_world
from vendors.actions import join_waitlist

SYSTEM = Actor.system("tests")
EMAIL = "zubeida.qureshi@household.example"
PHONE = "+919845012345"
MARKS = (
    EMAIL,
    PHONE,
    "zubeida",
    "qureshi",
    "begumpura",
    "peacock lane",
    "jacaranda heights",
    "the blue gate",
    "grandmother is asleep",
    "tasted of soap",
    "cancer treatment",
    "owes her neighbour",
    "dog named bruno",
    "203.0.113.77",
    "nokia",
    "zubeida@okbank",
)
"""Words that stand nowhere but in what is kept of the household, in lower case."""


@dataclass(frozen=True)
class Life:
    world: World
    person: User
    manager: User
    delivered: Order
    cancelled: Order
    photo: str
    me: Actor


def live() -> Life:
    world = small_world()
    manager = ManagerFactory(name="Meena Manager")
    staff = Actor.user(manager.pk, Role.MANAGER)
    person = UserFactory(email=EMAIL, phone=PHONE, name="Zubeida Begumpura")
    device = _sign_in(person)
    facts = RequestFacts(str(uuid.uuid4()), ip="203.0.113.77", device_id=str(device.key), user_agent="Nokia 3310")
    me = Actor.user(person.pk, Role.CUSTOMER, facts)
    people.update_profile(person.pk, by=me, name="Zubeida Qureshi")
    PreferencesFactory(user=person)
    door = AddressFactory(
        user=person, line1="17 Peacock Lane", society="Jacaranda Heights", pincode="560034", flat="9C",
        instructions="Behind the blue gate", latitude="12.93", longitude="77.62",
    )  # fmt: skip
    people.write_note(person.pk, text="Dog named Bruno bites", key=uuid.uuid4(), by=staff)
    join_waitlist("560099", EMAIL, language="en", by=me)
    payments.top_up(person.pk, Money(50_000, "INR"), key="life", reference="life", by=SYSTEM)
    payments.pay_out(
        person.pk, Money(30_000, "INR"), reference="UTR1", reason="Zubeida wants it back", key="out", by=staff
    )
    wants: dict[str, Any] = {"buyer": Buyer(user_id=person.pk), "address": door, "payment_method": "WALLET"}
    delivered = buy(world, special_instructions="Grandmother is asleep", **wants).order
    cancelled = buy(world, special_instructions="Grandmother is asleep", **wants).order
    pump.drain()
    hold_order(delivered.pk, by=staff, reason="Qureshi paid late twice")
    pump.drain()
    send_queued()
    approve_order(delivered.pk, by=staff, reason="Zubeida called")
    cancel_order(cancelled.pk, by=me, reason="Cancer treatment, away for weeks")
    pump.drain()
    void_payments(cancelled.pk)
    _deliver(world, delivered, me)
    photo = _claim(delivered)
    _kept_by_payments(person, delivered)
    cart = open_cart(customer_id=person.pk)
    add_item(cart.pk, variant_id=world.milk.pk, quantity=2, region=world.region, on=next_day(world.region), by=me)
    _kept_by_the_rest(person, manager, world, delivered)
    pump.drain()
    for order in (delivered, cancelled):
        order.refresh_from_db()
    person.refresh_from_db()
    return Life(world, person, manager, delivered, cancelled, photo, me)


def _sign_in(person: User) -> Device:
    """In a browser, as it is done: with a session, a device and events that say where from."""
    browser = Client(headers={"User-Agent": "Nokia 3310"}, REMOTE_ADDR="203.0.113.77")
    browser.get("/accounts/login/")
    browser.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    return Device.objects.get(user=person)


def _deliver(world: World, order: Order, me: Actor) -> None:
    payments.save_seller(
        Seller(
            region=world.region, name="Bhor Dairy", invoice_series="BLR", credit_series="BLC",
            invoices_from=order.delivery_date,
        ),
        by=SYSTEM,
    )  # fmt: skip
    pack_order(order.pk, by=SYSTEM)
    drop = Delivery.objects.get(order=order)
    assign_driver(drop.pk, driver_id=world.driver.pk, by=SYSTEM)
    with clock.override(clock.now() + timedelta(days=2)):
        mark_picked_up(drop.pk, by=SYSTEM)
        drop.refresh_from_db()
        assert drop.stop is not None
        FailedAttempt.objects.create(
            delivery=drop, stop=drop.stop, reason="NO_ACCESS", note="Could not find the blue gate",
            actor="user:1", occurred_at=clock.now(), put_back_at=clock.now(),
        )  # fmt: skip
        DriverAction.objects.create(
            driver=world.driver, key="tap", kind="FAILED", delivery=drop, route=drop.stop.route, result="DONE",
            payload={"reason": "NO_ACCESS", "note": "Behind the blue gate", "subject": drop.pk},
            said="Peacock Lane is done", device_at=clock.now(), happened_at=clock.now(), received_at=clock.now(),
        )  # fmt: skip
        mark_delivered(drop.pk, by=SYSTEM)
        payments.issue_invoices([order.pk])
        rate_delivery(drop.pk, stars=2, words="Tasted of soap", by=me)


def _claim(order: Order) -> str:
    stem = "cd" * 16
    default_storage.save(f"claims/{stem}.webp", ContentFile(b"a picture"))
    claim = Claim.objects.create(
        order=order, key="sour", words="Tasted of soap", photo=stem, destination="WALLET", amount=100, currency="INR",
        actor=f"user:{order.customer_id}", opened_at=clock.now(), status="REJECTED", decided_at=clock.now(),
        decided_by="user:1", decision_reason="Zubeida claims too often",
    )  # fmt: skip
    ClaimLine.objects.create(claim=claim, line=order.lines.get(), quantity=1, reason="SPOILED", amount=100)
    return stem


def _kept_by_payments(person: User, order: Order) -> None:
    saved = SavedMethod.objects.create(
        user=person, gateway="demo", token="tok_success", method="UPI", label="zubeida@okbank",
        created_at=clock.now(), last_used_at=clock.now(),
    )  # fmt: skip
    payment = Payment.objects.filter(order=order).latest("pk")
    Payment.objects.filter(pk=payment.pk).update(
        saved_method=saved, gateway_response={"vpa": "zubeida@okbank"}, next_action={"upi": "zubeida@okbank"}
    )
    Webhook.objects.create(
        gateway="demo", event_id="evt_life", kind="charge.paid", body='{"vpa": "zubeida@okbank"}', status="PROCESSED",
        payment=payment, received_at=clock.now(),
    )  # fmt: skip


def _kept_by_the_rest(person: User, manager: User, world: World, order: Order) -> None:
    keys = {"p256dh": "B" * 87, "auth": "a" * 22}
    endpoint = "https://fcm.googleapis.com/fcm/send/nokia"
    PushSubscription.objects.create(user=person, endpoint=endpoint, created_at=clock.real_now(), **keys)
    sign_in = {"kind": "sign_in", "channel": "EMAIL", "status": "SENT", "created_at": clock.now()}
    Notification.objects.create(address=EMAIL, dedupe_key="code", **sign_in)
    Notification.objects.create(
        recipient=person, role="CUSTOMER", kind="welcome", channel="IN_APP", status="SENT", created_at=clock.now(),
        subject="Welcome, Zubeida", body="To Peacock Lane", dedupe_key="bell", sent_at=clock.now(), link="/orders/",
    )  # fmt: skip
    LogEntry.objects.create(
        user_id=manager.pk, content_type=ContentType.objects.get_for_model(User), object_id=str(person.pk),
        object_repr=str(person), action_flag=CHANGE, change_message="owes her neighbour",
    )  # fmt: skip
    IdempotencyKey.objects.create(
        caller=f"user:{person.pk}", operation="orders", key="k", request_hash="h", lease_until=clock.real_now(),
        response_body=b'{"name": "Zubeida Qureshi"}', response_headers={"X-Name": "Zubeida"},
    )  # fmt: skip
