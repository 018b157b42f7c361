"""Everybody who may come along, with something of their own, in one dairy."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.test import Client

from accounts.actions import write_note
from accounts.models import User
from accounts.rules.messages import Group
from analytics.actions import make_report
from cart.actions import Buyer, add_item, open_cart
from cart.models import CartLine
from catalog.models import ProductImage, PromoRedemption
from deliveries.actions import assign_driver, mark_delivered, mark_picked_up, save_shift, save_vehicle
from deliveries.models import Delivery, DriverAction, Proof, Route, Shift, Vehicle
from deliveries.photos import photo_address as door_photo_address
from inventory import actions as stock
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.eventlog import pump
from milkdelivery.core.money import Money
from milkdelivery.core.queries import load_region_book
from notifications.models import Notification, PushSubscription
from notifications.tokens import stop_url
from orders.actions import accept_lines, pack_order
from orders.models import Claim, ClaimLine, Order, OrderLine
from orders.tokens import claims_link, photo_address, take_over_token
from payments.actions import (
    Means,
    Wish,
    issue_credit_note,
    issue_invoices,
    move_refund,
    pay_top_up,
    recount_books,
    refund_payment,
    save_seller,
    top_up,
)
from payments.links import pay_token
from payments.models import Invoice, Payment, Refund, Seller, Webhook
from tests.cart.shopping import buy
from tests.factories.accounts import PASSWORD, AddressFactory, DeviceFactory, PreferencesFactory, UserFactory
from tests.factories.catalog import PriceListEntryFactory
from tests.factories.core import HolidayFactory
from tests.factories.deliveries import DriverFactory
from tests.factories.promotions import PromoCodeFactory
from tests.factories.vendors import CapacityUseFactory, VendorMemberFactory
from tests.factories.world import World, small_world
from vendors.actions import join_waitlist
from vendors.links import leave_url
from vendors.models import Waiting

ROLES = ("guest", "customer", "other", "vendor", "driver", "driver2", "manager", "admin", "vendor2")
"""The columns of the tables. The order, the address, the round and the lines to fill are `customer`'s, `driver`'s and
`vendor`'s."""

SYSTEM = Actor.system("tests")
LOGIN = "/api/v1/auth/app/v1/auth/login"


@dataclass(frozen=True)
class Person:
    """How somebody calls: a browser's session, an app's token, the sign-in API's session."""

    session: str = ""
    access: str = ""
    app_session: str = ""

    def client(self, path: str) -> Client:
        headers = {}
        if path.startswith("/api/v1/auth/"):
            headers = {"X-Session-Token": self.app_session}
        elif path.startswith("/api/"):
            headers = {"Authorization": f"Bearer {self.access}"}
        browser = Client(headers={name: value for name, value in headers.items() if self.access})
        browser.raise_request_exception = False
        if self.session and not headers:
            browser.cookies[settings.SESSION_COOKIE_NAME] = self.session
        return browser


@dataclass(frozen=True)
class Town:
    """The dairy, its people, and what the addresses in the tables stand for."""

    world: World
    people: dict[str, Person]
    names: dict[str, Any]


def build() -> Town:
    world = small_world()
    users = {
        "customer": world.customer,
        "other": UserFactory(),
        "vendor": VendorMemberFactory(vendor=world.vendor, user=UserFactory(role=Role.VENDOR)).user,
        "vendor2": VendorMemberFactory(user=UserFactory(role=Role.VENDOR)).user,
        "driver": world.driver.user,
        "driver2": DriverFactory(hub=world.hub).user,
        "manager": UserFactory(role=Role.MANAGER),
        "admin": UserFactory(role=Role.ADMIN),
    }
    address = AddressFactory(user=world.customer, pincode="560034")
    PreferencesFactory(user=world.customer)
    manager = Actor(kind="user", user_id=users["manager"].pk, role=Role.MANAGER)
    write_note(world.customer.pk, text="Rings twice", key=uuid.uuid4(), by=manager)
    order = buy(world, buyer=Buyer(user_id=world.customer.pk), address=address).order
    packed, carried, invoiced = (
        buy(world, buyer=Buyer(user_id=world.customer.pk), address=address).order for _ in range(3)
    )
    guests = buy(world).order
    Refund.objects.create(
        payment=Payment.objects.get(order=order), key="sour", kind="AMOUNT", reason="sour", amount=100, currency="INR",
        actor="system:tests", decided_at=clock.now(),
    )  # fmt: skip
    claim = Claim.objects.create(
        order=order, key="sour", photo="ab" * 16, destination="WALLET", amount=100, currency="INR",
        actor="system:tests", opened_at=clock.now(),
    )  # fmt: skip
    ClaimLine.objects.create(claim=claim, line=order.lines.get(), quantity=1, reason="SPOILED", amount=100)
    Webhook.objects.create(gateway="demo", event_id="evt_1", kind="charge.paid", body="{}", received_at=clock.now())
    cart = open_cart(customer_id=world.customer.pk)
    day = load_region_book().open_days(world.morning)[0].date
    add_item(cart.pk, variant_id=world.milk.pk, quantity=2, region=world.region, on=day, by=Actor.guest())
    HolidayFactory(region=world.region)
    price = PriceListEntryFactory(variant=world.milk, region=world.region)
    promo_code = PromoCodeFactory(used=1, promotion__used=1)
    use = PromoRedemption(promotion=promo_code.promotion, code=promo_code, user=world.customer, currency="INR")
    use.amount, use.reference = Money(100, "INR"), order.number
    use.save()
    shown = {"stem": "ab" * 16, "width": 640, "height": 480, "alt": "A bottle"}
    image = ProductImage.objects.create(product=world.products[0], **shown)
    CapacityUseFactory(vendor=world.vendor)
    _keep_stock(world)
    top_up(world.customer.pk, Money(50_000, "INR"), key="town", reference="town", by=SYSTEM)
    top_up_payment = pay_top_up(
        world.customer.pk, Money(50_000, "INR"), Means("UPI", {"upi": "success@demo"}), key="town", by=SYSTEM
    )
    recount_books("INR", on=clock.today(world.region))
    accept_lines(world.vendor.pk, [OrderLine.objects.get(order=packed).pk], by=SYSTEM)
    join_waitlist("560099", "waiting@example.com", language="en", by=SYSTEM)
    for each in (packed, carried, invoiced):
        pack_order(each.pk, by=SYSTEM)
    pump.drain()
    drops = {each: Delivery.objects.get(order=each) for each in (order, packed, carried, invoiced)}
    van = save_vehicle(Vehicle(hub=world.hub, plate="KA 01 AB 1234", crates=20), by=SYSTEM)
    in_spring = clock.today(world.region) + timedelta(days=90)
    save_shift(Shift(driver=world.driver, date=in_spring, slot=world.morning, vehicle=van), by=SYSTEM)
    for drop in drops.values():
        assign_driver(drop.pk, driver_id=world.driver.pk, by=SYSTEM)
    Delivery.objects.filter(pk=drops[packed].pk).update(delivery_date=clock.today(world.region))  # its day has come
    with clock.override(clock.now() + timedelta(days=2)):  # on its day
        mark_picked_up(drops[carried].pk, by=SYSTEM)
        note = _invoice(invoiced, drops[invoiced])
    DriverAction.objects.create(
        driver=world.driver, key="town", kind="DELIVERED", delivery=drops[order], result="REFUSED", code="round_over",
        needs_look=True, device_at=clock.now(), happened_at=clock.now(), received_at=clock.now(),
    )  # fmt: skip
    report = make_report(world.region, clock.today(world.region) - timedelta(days=1), by=SYSTEM)
    people = {name: _signed_in(user) for name, user in users.items()}
    return Town(
        world=world,
        people={"guest": Person(), **people},
        names={
            "order": order.number,
            "payment": Payment.objects.get(order=order).pk,
            "assigned": OrderLine.objects.get(order=order).pk,
            "delivery": drops[order].pk,
            "packed": drops[packed].pk,
            "carried": drops[carried].pk,
            "hub": world.hub.pk,
            "door": Delivery.objects.get(pk=drops[carried].pk).stop_id,
            "route": Route.objects.get(stops__deliveries=drops[carried]).pk,
            "top_up": top_up_payment.pk,
            "invoiced": invoiced.number,
            "note": note.pk,
            "tracking": drops[order].tracking_token,
            "claim": take_over_token(Order.objects.select_related("customer").get(pk=guests.pk)),
            "pay_link": pay_token(Order.objects.get(pk=guests.pk)),
            "goods_claim": claim.pk,
            "claims_link": claims_link(Order.objects.get(pk=guests.pk)).rstrip("/").rpartition("/")[2],
            "claim_photo": photo_address(claim).rstrip("/").rpartition("/")[2],
            "door_photo": door_photo_address(Proof(photo="ab" * 16)).rstrip("/").rpartition("/")[2],
            "leave": leave_url(Waiting.objects.get().pk).rstrip("/").rpartition("/")[2],
            "address": address.pk,
            "told": _told(world.customer).pk,
            "push": _pushed(world.customer).pk,
            "stop": stop_url(world.customer.pk, Group.ORDERS).rstrip("/").rpartition("/")[2],
            "device": DeviceFactory(user=world.customer).pk,
            "line": CartLine.objects.get(cart=cart).pk,
            "user": world.customer.pk,
            "product": world.products[0].pk,
            "category": world.products[0].category.slug,
            "price": price.pk,
            "code": promo_code.code,
            "image": image.pk,
            "slug": world.products[0].slug,
            "variant": world.milk.pk,
            "vendor": world.vendor.pk,
            "slot": world.morning.pk,
            "day": day.isoformat(),
            "today": clock.today(world.region).isoformat(),
            "next_year": (clock.today(world.region) + timedelta(days=400)).isoformat(),
            "reported": report.date.isoformat(),
            "supplied": clock.today(world.region).isoformat(),
        },
    )


def _told(person: User) -> Notification:
    """Something in the person's bell."""
    return Notification.objects.create(
        recipient=person, role=Role.CUSTOMER, kind="welcome", channel="IN_APP", status="SENT", subject="Welcome",
        dedupe_key="told", created_at=clock.now(), sent_at=clock.now(), link="/orders/",
    )  # fmt: skip


def _pushed(person: User) -> PushSubscription:
    keys = {"p256dh": "B" * 87, "auth": "a" * 22}
    endpoint = "https://fcm.googleapis.com/fcm/send/town"
    return PushSubscription.objects.create(user=person, endpoint=endpoint, created_at=clock.real_now(), **keys)


def _invoice(order: Order, drop: Delivery) -> Invoice:
    """Deliver it, invoice it, give something back; the note for that."""
    save_seller(
        Seller(
            region=order.region,
            name="Bhor Dairy",
            invoice_series="BLR",
            credit_series="BLC",
            invoices_from=order.delivery_date,
        ),
        by=SYSTEM,
    )
    mark_picked_up(drop.pk, by=SYSTEM)
    mark_delivered(drop.pk, by=SYSTEM)
    issue_invoices([order.pk])
    wish = Wish("sour", amount=Money(100, "INR"), destination="WALLET")
    refund = refund_payment(Payment.objects.get(order=order).pk, wish, key="note", by=SYSTEM)
    move_refund(refund.movements.get().pk, by=SYSTEM)
    note = issue_credit_note(refund.pk)
    assert note is not None
    return note


def _keep_stock(world: World) -> None:
    """A batch, a day's supply, a recount and a file."""
    shelf: dict[str, Any] = {"vendor_id": world.vendor.pk, "variant_id": world.milk.pk, "by": SYSTEM}
    today = clock.today(world.region)
    facts = stock.BatchFacts("A1", produced_on=today, expires_on=today + timedelta(days=9))
    stock.receive(**shelf, quantity=5, batch=facts)
    stock.plan_supply(**shelf, on=today, quantity=5)
    stock.reconcile(world.region)
    table = f"vendor,sku,quantity,kind\n{world.vendor.name},{world.milk.sku},1,COUNT"
    kept, _is_new = stock.upload_file(name="count.csv", content=table.encode(), by=SYSTEM)
    stock.read_file(kept.pk)


def _signed_in(user: User) -> Person:
    browser = Client()
    browser.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    answer = Client().post(LOGIN, {"email": user.email, "password": PASSWORD}, content_type="application/json").json()
    meta = answer["meta"]
    return Person(browser.cookies[settings.SESSION_COOKIE_NAME].value, meta["access_token"], meta["session_token"])
