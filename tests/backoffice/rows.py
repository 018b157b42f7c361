"""Rows of every record that the back office lists, many at once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db.models import Model

from accounts.models import Address, Device, StaffNote, User
from analytics.actions import make_report
from analytics.models import DailyReport
from cart.models import Cart, CartLine, Checkout
from catalog.models import Category, PriceListEntry, Product, PromoCode, PromoRedemption, Promotion, SearchWord, Variant
from deliveries.models import Delivery, Driver, DriverAction, Hub, Route, Shift, Stop, Vehicle
from inventory.models import Batch, DailySupply, Reconciliation, Stock, StockImport, StockMovement
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import (
    DeliverySlot,
    Event,
    EventDelivery,
    Holiday,
    Pincode,
    Region,
    TaxRate,
)
from milkdelivery.core.money import Money
from notifications.models import Notification
from orders.models import Claim, ClaimLine, Order, VendorAnswer
from payments.actions import top_up
from payments.models import Invoice, LedgerAccount, LedgerRecount, Payment, Refund, Seller, Webhook
from tests.factories.accounts import AddressFactory, DeviceFactory
from tests.factories.catalog import CategoryFactory, PriceListEntryFactory, ProductFactory, VariantFactory
from tests.factories.core import HolidayFactory, PincodeFactory, RegionFactory, SlotFactory, TaxRateFactory
from tests.factories.deliveries import DeliveryFactory, HubFactory
from tests.factories.orders import placed_order
from tests.factories.promotions import PromoCodeFactory, PromotionFactory
from tests.factories.vendors import VendorFactory
from vendors.models import CapacityUse, Vendor, Waiting

DAY = date(2026, 1, 1)


def _users(start: int, count: int) -> list[User]:
    users = [User(email=f"row{n}@example.com", name=f"Row {n}") for n in range(start, start + count)]
    return User.objects.bulk_create(users)


def _orders(start: int, count: int) -> list[Order]:
    """One real order, and its like for the others."""
    users = _users(start, count)
    first = placed_order(customer=users[0])
    return [first, *Order.objects.bulk_create(_like(first, user) for user in users[1:])]


def _like(order: Order, customer: User) -> Order:
    kept = {
        field.attname: getattr(order, field.attname) for field in Order._meta.concrete_fields if not field.generated
    }
    return Order(**{**kept, "id": None, "customer_id": customer.pk})


def _deliveries(start: int, count: int) -> None:
    drivers = _drivers(start + 10_000, count)
    Delivery.objects.bulk_create(
        DeliveryFactory.build(order=order, hub=driver.hub, stop=_stop_of(driver, order), status="ASSIGNED")
        for order, driver in zip(_orders(start, count), drivers, strict=True)
    )


def _driver_actions(start: int, count: int) -> None:
    _deliveries(start + 60_000, count)
    drops = Delivery.objects.filter(stop__isnull=False).select_related("stop__route").order_by("-pk")[:count]
    DriverAction.objects.bulk_create(
        DriverAction(
            driver=drop.driver, key=f"tap-{drop.pk}", kind="DELIVERED", delivery=drop,
            route_id=drop.stop.route_id if drop.stop else None,
            device_at=clock.now(), happened_at=clock.now(), received_at=clock.now(),
        )
        for drop in drops
    )  # fmt: skip


def _routes(start: int, count: int) -> None:
    drivers = _drivers(start + 20_000, count)
    for order, driver in zip(_orders(start, count), drivers, strict=True):
        _stop_of(driver, order)


def _vehicles(start: int, count: int) -> list[Vehicle]:
    hubs = _hubs(start + 30_000, count)
    return Vehicle.objects.bulk_create(
        Vehicle(hub=hub, plate=f"KA {number}", crates=20) for number, hub in enumerate(hubs, start)
    )


def _shifts(start: int, count: int) -> None:
    drivers, slot = _drivers(start + 40_000, count), SlotFactory()
    vehicles = _vehicles(start + 40_000, count)
    Shift.objects.bulk_create(
        Shift(driver=driver, date=date(2026, 1, 31), slot=slot, vehicle=van)
        for driver, van in zip(drivers, vehicles, strict=True)
    )


def _stop_of(driver: Driver, order: Order) -> Stop:
    route = Route.objects.create(
        hub=driver.hub, date=order.delivery_date, slot=order.slot, number=driver.pk % 30_000, driver=driver,
        created_at=clock.now(),
    )  # fmt: skip
    return Stop.objects.create(route=route, sequence=1, door=f"Door {order.pk}")


def _payments(start: int, count: int) -> None:
    Payment.objects.bulk_create(
        Payment(
            order=order,
            user_id=order.customer_id,
            amount=order.grand_total,
            currency="INR",
            method="COD",
            gateway="cash",
            idempotency_key=str(uuid.uuid4()),
            created_at=clock.now(),
        )
        for order in _orders(start, count)
    )


def _refunds(start: int, count: int) -> None:
    _payments(start, count)
    Refund.objects.bulk_create(
        Refund(
            payment=payment,
            key=str(uuid.uuid4()),
            kind="AMOUNT",
            reason="sour",
            amount=100,
            currency="INR",
            actor="system:tests",
            decided_at=clock.now(),
        )
        for payment in Payment.objects.order_by("-pk")[:count]
    )


def _claims(start: int, count: int) -> None:
    for order in (placed_order() for _ in range(count)):
        claim = Claim.objects.create(
            order=order,
            key=str(uuid.uuid4()),
            destination="WALLET",
            amount=100,
            currency="INR",
            actor="system:tests",
            opened_at=clock.now(),
        )
        ClaimLine.objects.create(claim=claim, line=order.lines.get(), quantity=1, reason="SPOILED", amount=100)


def _invoices(start: int, count: int) -> None:
    Invoice.objects.bulk_create(
        Invoice(
            kind="INVOICE",
            order=order,
            region_id=order.region_id,
            number=f"ROW/{start + place}",
            series="ROW",
            year="2025-26",
            serial=start + place,
            currency="INR",
            tax=0,
            total=order.grand_total,
            document={"buyer": {"name": "Asha"}, "language": "en"},
            issued_on=DAY,
            issued_at=clock.now(),
        )
        for place, order in enumerate(_orders(start, count))
    )


def _seller(number: int) -> None:
    region = RegionFactory(code=f"T{number}")
    series = {"invoice_series": f"{2 * number % 0x1000:03X}", "credit_series": f"{(2 * number + 1) % 0x1000:03X}"}
    Seller.objects.create(region=region, name="Row", **series)


def _webhook(number: int) -> None:
    Webhook.objects.create(
        gateway="demo", event_id=f"evt_{number}", kind="charge.paid", body="{}", received_at=clock.now()
    )


def _checkouts(start: int, count: int) -> None:
    Checkout.objects.bulk_create(
        Checkout(order=order, payment_method="COD", started_at=clock.now()) for order in _orders(start, count)
    )


def _carts(start: int, count: int) -> None:
    variant = VariantFactory()
    carts = Cart.objects.bulk_create(Cart(customer=user) for user in _users(start, count))
    CartLine.objects.bulk_create(CartLine(cart=cart, variant=variant, quantity=2) for cart in carts)


def _stocks(start: int, count: int) -> list[Stock]:
    pairs = zip(_vendors(start, count), _variants(start, count), strict=True)
    return Stock.objects.bulk_create(Stock(vendor=vendor, variant=variant, on_hand=5) for vendor, variant in pairs)


def _products(start: int, count: int) -> list[Product]:
    named = (CategoryFactory.build(name=f"C{n}", slug=f"c{n}") for n in _span(start, count))
    categories = Category.objects.bulk_create(named)
    return Product.objects.bulk_create(ProductFactory.build(category=category) for category in categories)


def _variants(start: int, count: int) -> list[Variant]:
    return Variant.objects.bulk_create(VariantFactory.build(product=product) for product in _products(start, count))


def _prices(start: int, count: int) -> list[PriceListEntry]:
    region = RegionFactory()
    return PriceListEntry.objects.bulk_create(
        PriceListEntryFactory.build(variant=variant, region=region) for variant in _variants(start, count)
    )


def _promotions(start: int, count: int) -> list[Promotion]:
    region = RegionFactory()
    return Promotion.objects.bulk_create(PromotionFactory.build(region=region) for _ in range(count))


def _codes(start: int, count: int) -> list[PromoCode]:
    made = _promotions(start, count)
    return PromoCode.objects.bulk_create(PromoCodeFactory.build(promotion=promotion) for promotion in made)


def _redemptions(start: int, count: int) -> None:
    pairs = zip(_codes(start, count), _users(start, count), strict=True)
    PromoRedemption.objects.bulk_create(
        PromoRedemption(
            promotion=code.promotion, code=code, reference=f"M{user.pk}", user=user, amount=100, currency="INR"
        )
        for code, user in pairs
    )


def _vendors(start: int, count: int) -> list[Vendor]:
    region = RegionFactory()
    return Vendor.objects.bulk_create(VendorFactory.build(region=region) for _ in range(count))


def _capacity(start: int, count: int) -> list[CapacityUse]:
    return CapacityUse.objects.bulk_create(CapacityUse(vendor=vendor, date=DAY) for vendor in _vendors(start, count))


def _hubs(start: int, count: int) -> list[Hub]:
    region = RegionFactory()
    return Hub.objects.bulk_create(HubFactory.build(region=region) for _ in range(count))


def _drivers(start: int, count: int) -> list[Driver]:
    pairs = zip(_users(start, count), _hubs(start, count), strict=True)
    return Driver.objects.bulk_create(Driver(user=user, hub=hub) for user, hub in pairs)


def _span(start: int, count: int) -> range:
    return range(start, start + count)


def _movements(start: int, count: int) -> None:
    StockMovement.objects.bulk_create(
        StockMovement(
            stock=stock,
            kind="RECEIVE",
            on_hand_change=1,
            reserved_change=0,
            reference="M00001",
            actor="tests",
            occurred_at=clock.now(),
        )
        for stock in _stocks(start, count)
    )


def _batches(start: int, count: int) -> None:
    Batch.objects.bulk_create(
        Batch(stock=stock, code=f"B{start}", received=5, produced_on=DAY, expires_on=DAY, received_at=clock.now())
        for stock in _stocks(start, count)
    )


def _supplies(start: int, count: int) -> None:
    DailySupply.objects.bulk_create(DailySupply(stock=stock, date=DAY, quantity=5) for stock in _stocks(start, count))


def _file(number: int) -> None:
    StockImport.objects.create(
        name=f"count-{number}.csv",
        digest=str(number),
        day=DAY,
        content=b"",
        state="DONE",
        actor="system:tests",
        created_at=clock.now(),
    )


def _report(number: int) -> None:
    make_report(RegionFactory(), date(2000, 1, 1) + timedelta(days=number), by=Actor.system("tests"))


def _recount(number: int) -> None:
    Reconciliation.objects.create(
        region=RegionFactory(),
        date=DAY + timedelta(days=number),
        shelves=1,
        drift_count=0,
        counted_at=clock.now(),
    )


def _wallets(start: int, count: int) -> None:
    for user in _users(start, count):
        top_up(user.pk, Money(5_000, "INR"), key=f"row-{user.pk}", reference="row", by=Actor.system("tests"))


def _books(number: int) -> None:
    LedgerRecount.objects.create(
        currency="INR",
        date=DAY + timedelta(days=number),
        accounts=1,
        entries=1,
        drift_count=1,
        drifts=[{"claim": "balance", "account_id": 0, "subject": "", "row": 5, "counted": 6}],
        counted_at=clock.now(),
    )


def _messages(start: int, count: int) -> None:
    Notification.objects.bulk_create(
        Notification(
            recipient=user,
            role="CUSTOMER",
            kind="order.confirmed",
            channel="EMAIL",
            address=user.email or "",
            dedupe_key=str(uuid.uuid4()),
            created_at=clock.now(),
        )
        for user in _users(start, count)
    )


def _event_deliveries(start: int, count: int) -> None:
    events = Event.objects.bulk_create(
        Event(
            name="tests.happened", subject=f"row:{n}", actor_kind="system", actor_name="tests", occurred_at=clock.now()
        )
        for n in range(count)
    )
    EventDelivery.objects.bulk_create(
        EventDelivery(event=event, subscriber="tests", subject=event.subject, status="DEAD") for event in events
    )


def _answers(start: int, count: int) -> None:
    VendorAnswer.objects.bulk_create(
        VendorAnswer(
            order=order,
            line=order.lines.get(),
            variant_id=order.lines.get().variant_id,
            vendor=VendorFactory(),
            kind="REJECTED",
            reason="CLOSED",
            quantity=1,
            outcome=[{"vendor": None, "name": "", "pieces": 1}],
            actor="tests",
            occurred_at=clock.now(),
        )
        for order in (placed_order() for _ in range(count))
    )


def _waiting(start: int, count: int) -> None:
    Waiting.objects.bulk_create(
        Waiting(pincode="560099", contact=f"row{n}@example.com", joined_at=clock.now()) for n in _span(start, count)
    )


def _each(make: Callable[[int], object]) -> Callable[[int, int], None]:
    def rows(start: int, count: int) -> None:
        for n in range(start, start + count):
            make(n)

    return rows


MAKERS: dict[type[Model], Callable[[int, int], Any]] = {
    Address: lambda start, count: [AddressFactory(user=user) for user in _users(start, count)],
    Batch: _batches,
    CapacityUse: _capacity,
    Cart: _carts,
    Claim: _claims,
    Category: _each(lambda n: CategoryFactory(name=f"Category {n}", slug=f"category-{n}")),
    Checkout: _checkouts,
    DailyReport: _each(_report),
    DailySupply: _supplies,
    Delivery: _deliveries,
    DriverAction: _driver_actions,
    DeliverySlot: _each(lambda n: SlotFactory(region=RegionFactory(code=f"R{n}"))),
    StaffNote: lambda start, count: StaffNote.objects.bulk_create(
        StaffNote(user=user, key=uuid.uuid4(), text=user.name, actor=f"user:{user.pk}", written_at=clock.now())
        for user in _users(start, count)
    ),
    Device: lambda start, count: [DeviceFactory(user=user) for user in _users(start, count)],
    Driver: _drivers,
    Event: _event_deliveries,
    EventDelivery: _event_deliveries,
    Holiday: _each(lambda n: HolidayFactory(date=DAY + timedelta(days=n))),
    Hub: _hubs,
    Route: _routes,
    Shift: _shifts,
    Vehicle: _vehicles,
    Invoice: _invoices,
    LedgerAccount: _wallets,
    LedgerRecount: _each(_books),
    Notification: _messages,
    Order: _orders,
    Payment: _payments,
    Refund: _refunds,
    Webhook: _each(_webhook),
    Pincode: _each(lambda n: PincodeFactory(code=str(570000 + n))),
    PriceListEntry: _prices,
    Product: _products,
    PromoCode: _codes,
    PromoRedemption: _redemptions,
    Promotion: _promotions,
    Reconciliation: _each(_recount),
    Region: _each(lambda n: RegionFactory(code=f"S{n}")),
    Seller: _each(_seller),
    SearchWord: _each(lambda n: SearchWord.objects.create(word=f"word{n}", meaning="milk")),
    Stock: _stocks,
    StockImport: _each(_file),
    StockMovement: _movements,
    TaxRate: _each(lambda n: TaxRateFactory(valid_from=DAY + timedelta(days=n))),
    User: _users,
    Variant: _variants,
    Vendor: _vendors,
    VendorAnswer: _answers,
    Waiting: _waiting,
}
