"""What `manage.py demo` makes is complete, believable and in itself right."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F, Q

from accounts.models import Address, Preferences, User
from cart.models import Checkout, CheckoutStep
from catalog.models import Category, PriceListEntry, Product, Variant
from catalog.queries import price_of
from deliveries.actions import mark_delivered, mark_picked_up
from deliveries.models import Delivery, Driver, Hub, HubArea, Proof, Route, Stop
from inventory.actions import drop_supply, plan_supply, receive, set_on_hand
from inventory.models import DailySupply, Stock, StockMovement
from inventory.queries import availability_at
from inventory.tasks import keep_stock
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import Event, EventDelivery, Pincode, Region
from milkdelivery.core.queries import load_region_book
from milkdelivery.core.rules import HORIZON_DAYS
from milkdelivery.demo.tasks import plan_milk
from orders.actions import pack_order
from orders.models import Claim, Order, OrderLine, OrderStatusChange
from payments.models import LedgerAccount, LedgerEntry, LedgerTransfer, Payment, Refund
from tests.demo.conftest import rolled_back
from tests.demo.drift import CLAIMS, drift
from tests.factories.catalog import VariantFactory
from tests.factories.vendors import OfferFactory
from vendors.models import Offer, ServiceArea, Vendor
from vendors.queries import vendor_of

HOUSEHOLDS = 30
PINCODE = "560034"


@pytest.fixture(scope="module")
def said(database: None) -> str:
    """The demo, and what the command said."""
    out = io.StringIO()
    call_command("demo", households=HOUSEHOLDS, seed=7, stdout=out)
    return out.getvalue()


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("said")]


def _household() -> User:
    return User.objects.get(email="household@example.com")


def test_recounting_finds_no_drift() -> None:
    assert drift() == {}


_BREAKS = {
    "stock is the sum of its movements": "UPDATE inventory_stock SET on_hand = on_hand + 1 WHERE id = {stock}",
    "nothing was ever promised that was not there": (
        "UPDATE inventory_stockmovement SET occurred_at = occurred_at - interval '90 days'"
        " WHERE id = (SELECT max(id) FROM inventory_stockmovement WHERE kind = 'SELL')"
    ),
    "reserved is what open orders hold": "UPDATE inventory_stock SET reserved = reserved + 1, on_hand = on_hand + 1",
    "an order's totals are the sums of its lines": "UPDATE orders_order SET tax_total = 1 WHERE id = {order}",
    "every order has lines, each with a dairy that serves the door": (
        "DELETE FROM orders_orderline WHERE order_id = {order}"
    ),
    "capacity counts each order once for each of its dairies": "UPDATE vendors_capacityuse SET orders = orders + 1",
    "order_count counts delivered orders": "UPDATE accounts_user SET order_count = order_count + 1",
    "payments agree with their orders": "UPDATE payments_payment SET status = 'PENDING' WHERE order_id = {order}",
    "deliveries agree with their orders": "UPDATE deliveries_delivery SET status = 'ASSIGNED' WHERE order_id = {order}",
    "cash in hand is what was owed": "UPDATE deliveries_delivery SET cash_collected = 1 WHERE order_id = {order}",
    "what was delivered is a sale in the books": (
        "UPDATE orders_order SET status = 'DELIVERED' WHERE id = (SELECT max(id) FROM orders_order)"
    ),
    "an order stands where its history ends": "UPDATE orders_order SET status = 'PACKED' WHERE id = {order}",
    "history has no gaps and goes forward": (
        "DELETE FROM orders_orderstatuschange WHERE order_id = {order} AND to_status = 'PACKED'"
    ),
    "orders came in before the cut-off, on days that are open": (
        "UPDATE orders_order SET placed_at = placed_at + interval '2 days' WHERE id = {order}"
    ),
    "no household has two orders for one slot": (
        "UPDATE orders_order SET delivery_date = '2026-01-01', slot_id = (SELECT min(id) FROM core_deliveryslot)"
        " WHERE customer_id = (SELECT customer_id FROM orders_order WHERE id = {order})"
    ),
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_every_recount_can_find_drift(claim: str) -> None:
    order = Order.objects.filter(status="DELIVERED").values_list("pk", flat=True)[0]
    stock = Stock.objects.values_list("pk", flat=True)[0]
    with rolled_back():
        with connection.cursor() as cursor:
            cursor.execute(_BREAKS[claim].format(order=order, stock=stock))
        assert claim in drift()


def test_the_command_says_what_it_made_and_who_can_sign_in(said: str) -> None:
    assert f"{HOUSEHOLDS} households" in said
    for email in ("household", "vendor", "driver", "manager", "admin"):
        assert f"{email}@example.com" in said
    assert "milk-at-dawn" in said


def test_two_regions_with_their_places() -> None:
    assert set(Region.objects.values_list("code", "currency", "tax_inclusive")) == {
        ("BLR", "INR", True),
        ("BTV", "USD", False),
    }
    for region, pincodes, vendors, hubs, drivers in (("BLR", 12, 4, 3, 6), ("BTV", 3, 1, 1, 1)):
        assert Pincode.objects.filter(region__code=region, is_served=True).count() == pincodes
        assert Vendor.objects.filter(region__code=region, is_active=True).count() == vendors
        assert Hub.objects.filter(region__code=region).count() == hubs
        assert Driver.objects.filter(hub__region__code=region).count() == drivers
    assert HubArea.objects.count() == Pincode.objects.count() == 15
    assert all(re.fullmatch(p.region.postal_code_pattern, p.code) for p in Pincode.objects.select_related("region"))


def test_some_thirty_products_in_six_categories_at_honest_prices() -> None:
    assert (Category.objects.count(), Product.objects.count()) == (6, 31)
    assert not Product.objects.filter(variants=None).exists()
    assert not Product.objects.filter(name_hi="").exists()
    assert not Category.objects.filter(name_hi="").exists()
    assert not Variant.objects.filter(mrp__lt=F("price")).exists()
    assert not Variant.objects.exclude(pk__in=Offer.objects.values("variant")).exists()
    for offer in Offer.objects.select_related("vendor__region").filter(vendor__region__code="BLR"):
        assert offer.cost_price < offer.variant.price


def test_prices_abroad_are_listed_in_its_currency() -> None:
    abroad = Region.objects.get(code="BTV")
    entries = PriceListEntry.objects.filter(region=abroad).select_related("region")
    assert entries.count() >= 8
    variant = Variant.objects.with_list_price(region_id=abroad.pk, on=date(2026, 3, 12)).get(sku="MLK-A2C-1000")
    found = price_of(variant, abroad)
    assert found is not None
    assert (str(found.price), str(found.deposit)) == ("$5.99", "$2.00")


@pytest.mark.parametrize(
    ("sku", "before", "after"),
    [
        ("MLK-TON-500", 0, 0),
        ("MLK-UHT-1000", 0, 0),
        ("PNR-MAL-200", 500, 0),
        ("CRD-SET-500", 500, 500),
        ("BTR-SAL-100", 1200, 500),
        ("GHE-COW-500", 1200, 500),
        ("OTH-MOZ-200", 1200, 500),
        ("OTH-PED-12", 500, 500),
        ("OTH-BAD-200", 1200, 500),
        ("OTH-NIM-200", 1200, 500),
    ],
)
def test_goods_bear_the_tax_of_their_day(sku: str, before: int, after: int) -> None:
    book, region = load_region_book(), Region.objects.get(code="BLR")
    hsn = Variant.objects.get(sku=sku).hsn_code
    assert book.tax_points(region.pk, hsn, on=date(2025, 9, 21)) == before
    assert book.tax_points(region.pk, hsn, on=date(2025, 9, 22)) == after


def test_food_bears_no_tax_in_vermont_and_a_soft_drink_does() -> None:
    book, region = load_region_book(), Region.objects.get(code="BTV")
    codes = dict(PriceListEntry.objects.filter(region=region).values_list("variant__sku", "variant__hsn_code"))
    points = {sku: book.tax_points(region.pk, hsn, on=date(2026, 3, 11)) for sku, hsn in codes.items()}
    assert points.pop("OTH-NIM-200") == 700
    assert set(points.values()) == {0}


@pytest.mark.parametrize(
    ("email", "role"),
    [
        ("household@example.com", Role.CUSTOMER),
        ("vendor@example.com", Role.VENDOR),
        ("driver@example.com", Role.DRIVER),
        ("manager@example.com", Role.MANAGER),
        ("admin@example.com", Role.ADMIN),
    ],
)
def test_the_demo_people_can_sign_in(email: str, role: Role) -> None:
    user = User.objects.get(email=email)
    assert user.check_password("milk-at-dawn")
    assert user.role == role
    assert user.emailaddress_set.filter(email=email, verified=True, primary=True).count() == 1


def test_vendor_and_driver_belong_to_the_households_morning() -> None:
    vendor = vendor_of(User.objects.get(email="vendor@example.com").pk)
    assert vendor is not None
    assert vendor.service_areas.filter(pincode__code=PINCODE).exists()
    driver = Driver.objects.get(user__email="driver@example.com")
    assert driver.hub.areas.filter(pincode__code=PINCODE).exists()


def test_the_household_has_a_home_a_past_a_today_and_a_tomorrow() -> None:
    person = _household()
    assert person.name
    assert person.phone
    assert Address.objects.of(person.pk).count() == 2
    assert Address.objects.get(user=person, is_default=True).pincode == PINCODE
    orders = Order.objects.of(person.pk)
    today = date(2026, 3, 11)
    assert orders.get(delivery_date=today).status == Order.Status.DELIVERED
    coming = orders.get(delivery_date__gt=today)
    assert (coming.status, coming.delivery_date) == (Order.Status.CONFIRMED, date(2026, 3, 12))
    assert (
        Delivery.objects.get(order=coming, stop__route__driver__user__email="driver@example.com").status == "ASSIGNED"
    )
    days = set(orders.values_list("delivery_date", flat=True))
    closed = {date(2026, 1, 26)}
    assert days >= {today - timedelta(days=ago) for ago in range(58)} - closed
    assert not days & closed


def test_households_are_people_with_doors() -> None:
    guest = Q(name="Rohan Kulkarni")  # whose order waits for a manager
    households = User.objects.filter(groups=None).exclude(guest)
    assert households.count() == HOUSEHOLDS
    assert Preferences.objects.filter(user__in=households).count() == HOUSEHOLDS
    assert User.history.filter(history_type="+", id__in=households.values("pk")).count() == HOUSEHOLDS
    assert not households.filter(last_selected_address=None).exists()
    assert len({str(address) for address in Address.objects.all()}) == Address.objects.count()
    for address in Address.objects.filter(user__in=households):
        pincode = Pincode.objects.get(code=address.pincode)
        assert address.latitude is not None
        assert address.longitude is not None
        assert abs(address.latitude - pincode.latitude) <= Decimal("0.006")
        assert abs(address.longitude - pincode.longitude) <= Decimal("0.006")


def test_the_shelves_show_every_state() -> None:
    region = Pincode.objects.get(code=PINCODE).region_id
    ids = list(Variant.objects.values_list("pk", flat=True))
    found = availability_at(PINCODE, ids, region_id=region, on=date(2026, 3, 12))
    states = [availability.state for availability in found.values()]
    assert states.count("OUT") == 1
    assert 1 <= states.count("LOW") <= 5
    assert states.count("IN_STOCK") > 30


def test_some_orders_are_still_to_be_packed_and_some_were_cancelled() -> None:
    assert Order.objects.filter(status="CONFIRMED", delivery_date__gte=date(2026, 3, 11)).exists()
    assert Order.objects.filter(status="CANCELLED").exists()


def test_nobody_is_told_of_the_past() -> None:
    told = EventDelivery.objects.filter(event__name__startswith="order.", event__actor_kind="user")
    placed = Order.objects.filter(delivery_date__gte=date(2026, 3, 11))
    subjects = {f"order:{pk}" for pk in placed.values_list("pk", flat=True)}
    assert set(told.values_list("subject", flat=True)) <= subjects
    assert Event.objects.named("order.delivered").count() == Order.objects.filter(status="DELIVERED").count()


# -- the past looks like the present -----------------------------------------------------------------------------------


def _set(row: Any, *but: str) -> tuple[str, ...]:
    """Which fields of a row say something."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return tuple(sorted(name for name, value in values.items() if value not in (None, "", {}) and name not in but))


def _shape(order: Order) -> dict[str, Any]:
    """The kinds of rows that an order left, their states, and which of their fields are set."""
    lines = OrderLine.objects.filter(order=order)
    checkout = Checkout.objects.select_related("cart").get(order=order)
    movements = StockMovement.objects.filter(reference=order.number).order_by("id")
    events = Event.objects.about(f"order:{order.pk}").filter(name__startswith="order.")
    return {
        "order": _set(order, "special_instructions"),
        "lines": {(_set(line), line.status, line.delivered_quantity == line.quantity) for line in lines},
        "changes": [
            (change.from_status, change.to_status, change.actor, _set(change))
            for change in OrderStatusChange.objects.filter(order=order).order_by("id")
        ],
        "payments": [(_set(p), p.status, p.method, p.gateway, p.idempotency_key == f"{order.number}-1",
                      p.gateway_reference == f"cash-{order.number}") for p in Payment.objects.filter(order=order)],
        "books": [(t.kind, t.actor, _set(t)) for t in LedgerTransfer.objects.filter(reference=order.number)],
        "deliveries": [(_set(d), d.status) for d in Delivery.objects.filter(order=order)],
        "movements": {(_set(m, "batch_id"), m.kind, m.actor) for m in movements},
        "movements of a line": {(len(movements) / len(lines))},
        "cart": (_set(checkout.cart), checkout.cart.status if checkout.cart else None),
        "cart lines": {_set(line) for line in checkout.cart.lines.all()} if checkout.cart else None,
        "checkout": (_set(checkout), checkout.state, checkout.payment_method),
        "steps": [
            (step.name, step.attempt, step.outcome, _set(step))
            for step in CheckoutStep.objects.filter(checkout=checkout).order_by("id")
        ],
        "events": [
            (event.name, sorted(event.data), event.actor_kind, event.actor_id, event.role, _set(event))
            for event in events.order_by("id")
        ],
    }  # fmt: skip


def test_a_past_order_left_the_same_rows_as_one_made_by_the_actions() -> None:
    orders = Order.objects.of(_household().pk)
    driver = Driver.objects.get(user__email="driver@example.com")
    past = (
        Delivery.objects.filter(order__in=orders, stop__route__driver=driver, status="DELIVERED")
        .latest("delivered_at")
        .order
    )
    manager = User.objects.get(email="manager@example.com")
    present = orders.get(status="CONFIRMED")
    with rolled_back():
        pack_order(present.pk, by=Actor.user(manager.pk, Role.MANAGER))
        delivery = Delivery.objects.get(order=present)
        with clock.override(clock.now() + timedelta(days=1)):  # on its day
            mark_picked_up(delivery.pk, by=Actor.user(driver.user_id, Role.DRIVER))
            mark_delivered(delivery.pk, by=Actor.user(driver.user_id, Role.DRIVER))
        present.refresh_from_db()
        assert _shape(past) == _shape(present)


def test_some_households_have_wallets_with_a_past() -> None:
    wallets = LedgerAccount.objects.wallets()
    assert wallets.filter(balance__gt=0).count() >= HOUSEHOLDS // 4
    assert wallets.filter(credit_limit__gt=0).exists()
    assert {wallet.currency for wallet in wallets} == {"INR", "USD"}
    wallet = wallets.get(owner=_household())
    kinds = set(LedgerEntry.objects.touching(wallet.pk).values_list("transfer__kind", flat=True))
    assert {"TOP_UP", "CORRECTION"} <= kinds
    told = Event.objects.about(f"wallet:{wallet.pk}").named("wallet.topped_up")
    assert told.count() == LedgerEntry.objects.touching(wallet.pk).filter(transfer__kind="TOP_UP").count() > 0


def test_some_pay_their_coming_orders_from_the_wallet() -> None:
    held = LedgerAccount.objects.filter(kind="HELD", balance__gt=0)
    assert held.exists()
    paying = Payment.objects.filter(method="WALLET", status="PENDING")
    assert sum(account.balance.minor for account in held) == sum(payment.amount.minor for payment in paying)


def test_the_desk_has_taken_a_call_and_sent_money_another_way() -> None:
    manager = User.objects.get(email="manager@example.com")
    order = Order.objects.get(source="STAFF")
    assert (order.status, order.status_changes.earliest("pk").actor) == ("CONFIRMED", f"user:{manager.pk}")
    refund = Refund.objects.filter(movements__status="FAILED").get()
    moves = refund.movements.order_by("pk").values_list("destination", "status", "actor")
    assert list(moves) == [("SOURCE", "FAILED", ""), ("WALLET", "DONE", f"user:{manager.pk}")]
    wallet = LedgerAccount.objects.wallets().get(owner=refund.payment.user, currency=refund.currency)
    assert LedgerEntry.objects.touching(wallet.pk).get(transfer__kind="REFUND").amount == refund.amount


# -- starting again ----------------------------------------------------------------------------------------------------


def test_a_second_start_adds_nothing_and_says_so(said: str) -> None:
    before = Order.objects.count(), StockMovement.objects.count(), Event.objects.count(), User.objects.count()
    out = io.StringIO()
    call_command("demo", households=500, seed=1, stdout=out)
    assert "here already" in out.getvalue()
    assert before == (
        Order.objects.count(),
        StockMovement.objects.count(),
        Event.objects.count(),
        User.objects.count(),
    )


def test_it_refuses_in_production(settings: Any) -> None:
    settings.MILK_ENV = "prod"
    with pytest.raises(CommandError, match="not for production"):
        call_command("demo")


@pytest.mark.parametrize("days_later", [1, 3])
def test_a_demo_that_runs_on_plans_the_days_that_open(settings: Any, days_later: int) -> None:
    with rolled_back(), clock.override(clock.now() + timedelta(days=days_later)):
        assert plan_milk() == 0, "nothing outside of a demo"
        settings.MILK_ENV = "demo"
        last = {region.pk: clock.today(region) + timedelta(days=HORIZON_DAYS) for region in Region.objects.all()}
        before = {region.pk: _milk_on(region, last[region.pk]) for region in Region.objects.all()}
        assert plan_milk() > 0
        for region in Region.objects.all():
            after = _milk_on(region, last[region.pk])
            assert len(after) > len(before[region.pk]), (region, "had only what keeps for long")
        assert plan_milk() == 0


def _milk_on(region: Region, day: date) -> list[int]:
    """Variants of milk that can be had in a market on a day."""
    ids = list(Variant.objects.filter(product__category__slug="milk").values_list("pk", flat=True))
    pincode = ServiceArea.objects.filter(vendor__region=region).values_list("pincode__code", flat=True)[0]
    found = availability_at(pincode, ids, region_id=region.pk, on=day)
    return [pk for pk, state in found.items() if state.state != "OUT"]


def _shelf(sku: str) -> tuple[Stock, dict[str, int]]:
    stock = Stock.objects.filter(variant__sku=sku).order_by("pk")[0]
    return stock, {"vendor_id": stock.vendor_id, "variant_id": stock.variant_id}


def test_what_people_have_counted_planned_and_called_off_stays(settings: Any) -> None:
    settings.MILK_ENV = "demo"
    manager = Actor.user(User.objects.get(email="manager@example.com").pk, Role.MANAGER)
    with rolled_back():
        counted, pair = _shelf("MLK-TON-500")
        set_on_hand(**pair, quantity=counted.reserved + 9, by=manager, reason="Counted")
        day = clock.today(counted.vendor.region) + timedelta(days=6)
        drop_supply(**pair, on=day, by=manager)
        plan_supply(**pair, on=day + timedelta(days=1), quantity=5, by=manager)
        own = VariantFactory(sku="OWN-MILK", product=counted.variant.product, name="750 ml", size=750)
        OfferFactory(vendor=counted.vendor, variant=own)
        receive(vendor_id=counted.vendor_id, variant_id=own.pk, quantity=9, by=manager)
        with clock.override(clock.now() + timedelta(days=1)):
            call_command("demo", stdout=io.StringIO())
            plan_milk()
            brought = StockMovement.objects.filter(occurred_at__gt=clock.now() - timedelta(days=1))
            theirs = brought.filter(actor="system:demo", on_hand_change__gt=0).exclude(reason="Milk of the day")
            assert not theirs.filter(stock=counted).exists()
            assert theirs.exists(), "the others were filled"
            assert Stock.objects.get(variant=own).on_hand == 9
            assert not DailySupply.objects.filter(stock__variant=own).exists()
            kept = DailySupply.objects.filter(stock=counted)
            planned = {supply.date: supply.quantity for supply in kept}
            assert day not in planned
            assert planned[day + timedelta(days=1)] == 5
            assert clock.today(counted.vendor.region) + timedelta(days=HORIZON_DAYS) in planned
            assert drift() == {}


@pytest.mark.parametrize(("days_later", "is_started_again"), [(0, False), (2, False), (2, True)])
def test_every_market_has_milk_on_every_day_that_can_be_ordered(days_later: int, is_started_again: bool) -> None:
    """A demo that runs for days without a new start has it as well: what expires by night is not all there is."""
    with rolled_back(), clock.override(clock.now() + timedelta(days=days_later)):
        call_command("demo", stdout=io.StringIO()) if is_started_again else keep_stock()
        for region in Region.objects.all():
            milk = Offer.objects.filter(variant__product__category__slug="milk", vendor__region=region)
            ids = set(milk.values_list("variant_id", flat=True))
            pincode = ServiceArea.objects.filter(vendor__region=region).values_list("pincode__code", flat=True)[0]
            first = clock.today(region) + timedelta(days=1)
            ahead = HORIZON_DAYS if is_started_again else HORIZON_DAYS - days_later
            for day in (first + timedelta(days=each) for each in range(ahead)):
                found = availability_at(pincode, ids, region_id=region.pk, on=day)
                there = [state for state in found.values() if state.state != "OUT"]
                assert len(there) >= len(ids) - 1, (region, day)


def test_drivers_brought_proof_along_from_the_doors() -> None:
    proofs = Proof.objects.filter(proves__status=Delivery.Status.DELIVERED)
    assert proofs.exclude(photo="").filter(proves__order__customer__email="household@example.com").exists()
    assert proofs.filter(is_far=False, metres__lt=100).exists()
    assert not proofs.filter(located_at=None).exists()


def test_some_households_claimed_and_some_claims_wait() -> None:
    claims = Claim.objects.filter(order__status=Order.Status.DELIVERED)
    assert claims.filter(order__customer__email="household@example.com", is_by_rule=True).exclude(photo="").count() == 1
    assert claims.filter(status=Claim.Status.OPEN).count() == 2
    assert claims.filter(status=Claim.Status.REJECTED).count() == 1
    assert claims.filter(status=Claim.Status.APPROVED, is_by_rule=False).count() == 1


def test_coming_rounds_are_planned_and_put_into_vans() -> None:
    coming = Route.objects.filter(status=Route.Status.PLANNED, date__gte=date(2026, 3, 11))
    assert coming.exists()
    assert not coming.filter(planned_at=None).exists()
    assert coming.exclude(vehicle=None).exists()
    on_the_road = Stop.objects.filter(route__status=Route.Status.STARTED)
    assert not on_the_road.filter(planned_arrival=None).exists()
