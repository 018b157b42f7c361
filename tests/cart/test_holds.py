"""Orders that somebody looks at: held by the screening or by staff, approved, rejected, or too late for either."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from accounts.models import Device, User
from cart.actions import Buyer, place_order, resume_checkout, run_checkout
from cart.models import Cart, Checkout, CheckoutStep
from cart.tasks import expire_payments, go_on_approved, resume_stalled_checkouts
from deliveries.models import Delivery
from deliveries.queries import follow
from inventory.models import Stock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.errors import DomainError
from milkdelivery.core.models import Event
from notifications.models import Notification
from notifications.tasks import send_queued
from orders.actions import approve_order, cancel_order, hold_order, pack_order, reject_order
from orders.models import Hold, Order
from orders.queries import demand_days
from orders.tasks import cancel_lapsed_holds
from payments.actions import NotPayable, pay
from payments.models import Payment
from tests.cart.shopping import GUEST, buy, filled_cart, purchase
from tests.factories.accounts import AddressFactory
from tests.factories.world import World, small_world
from tests.payments.paying import by_card, states, try_card, unpaid, worker
from vendors.models import CapacityUse

pytestmark = pytest.mark.django_db(transaction=True)

EVENING = "2026-01-30T20:00+05:30"
AFTER_CUTOFF = "2026-01-30T22:00+05:30"
MANAGER = Actor.user(1, Role.MANAGER)
HELD = ("WAITING", "ON_HOLD", "PENDING")


@pytest.fixture
def world(at: Callable[[str], datetime], settings: Settings) -> World:
    """Where two bottles are a lot for somebody new."""
    at(EVENING)
    settings.FRAUD_NEW_ACCOUNT_AMOUNTS = {"INR": Decimal(50)}
    return small_world()


@pytest.fixture
def calm(at: Callable[[str], datetime]) -> World:
    """Where nothing is suspicious."""
    at(EVENING)
    return small_world()


def suspect(world: World, **changes: Any) -> Checkout:
    """An order that the screening held."""
    run = buy(world, (world.milk, 2), **changes)
    assert (run.state, run.waiting_for, run.next_step) == ("WAITING", "approval", "screen_fraud")
    return run


def approve(run: Checkout, drain: Callable[[], int]) -> None:
    """What a manager and then a worker do."""
    approve_order(run.order_id, by=MANAGER)
    drain()
    assert "cart.tasks.go_on_approved" in {task.func() for task in OrmQ.objects.all()}
    go_on_approved(run.order_id)


def reserved(world: World) -> int:
    return Stock.objects.get(variant=world.milk).reserved


def told() -> list[tuple[str, str]]:
    return list(Notification.objects.order_by("pk").values_list("kind", "role"))


def outcomes(run: Checkout) -> list[tuple[str, str, str]]:
    rows = CheckoutStep.objects.filter(checkout=run).order_by("pk")
    return list(rows.values_list("name", "outcome", "detail"))


# -- the screening -----------------------------------------------------------------------------------------------------


def test_a_large_order_of_somebody_new_waits_for_a_manager(world: World, drain: Callable[[], int]) -> None:
    run = suspect(world)
    assert states(run) == HELD
    hold = Hold.objects.get()
    assert (hold.order_id, hold.kind, hold.from_status, hold.score, hold.outcome) == (
        run.order_id,
        "FRAUD",
        "CREATED",
        100,
        "",
    )
    assert [finding["rule"] for finding in hold.findings] == ["NEW_ACCOUNT"]
    assert hold.keep_until == datetime.fromisoformat(AFTER_CUTOFF)
    assert Order.objects.get().fraud_flag is True
    assert reserved(world) == 2, "it keeps its stock"
    assert not Payment.objects.exists(), "nothing is asked for yet"
    assert outcomes(run)[-1] == ("screen_fraud", "WAITING", "approval")
    event = Event.objects.get(name="order.held")
    assert (event.data["rules"], event.actor.name) == (["NEW_ACCOUNT"], "screening")
    drain()
    assert told() == [("order_held", "CUSTOMER"), ("held_order", "ADMIN")]


def test_what_is_written_about_a_held_order(world: World, drain: Callable[[], int], settings: Settings) -> None:
    run = suspect(world)
    drain()
    send_queued()
    letters = {row.kind: row for row in Notification.objects.all()}
    assert {row.status for row in letters.values()} == {"SENT"}
    household, staff = letters["order_held"], letters["held_order"]
    assert "looking at order" in household.subject
    assert "New customer" not in household.body + household.body_html, "the rules are for staff"
    assert staff.address == settings.ADMIN_EMAIL
    assert "New customer, and ₹76.00 is a lot (from ₹50.00)" in staff.body
    assert f"/admin/orders/order/{run.order_id}/change/" in staff.body


def test_an_approved_order_goes_on_to_its_payment_and_is_confirmed(world: World, drain: Callable[[], int]) -> None:
    run = suspect(world)
    approve(run, drain)
    assert states(run) == ("DONE", "CONFIRMED", "PENDING")
    assert Order.objects.get().fraud_flag is False
    assert [row for row in outcomes(run) if row[0] == "screen_fraud"] == [
        ("screen_fraud", "WAITING", "approval"),
        ("screen_fraud", "DONE", ""),
    ]
    assert Delivery.objects.get().order_id == run.order_id
    assert CapacityUse.objects.get(vendor=world.vendor).orders == 1
    drain()
    customer = [kind for kind, role in told() if role == "CUSTOMER"]
    assert customer == ["order_held", "order_confirmed"], "the confirmation says that it goes on"


def test_an_approved_order_that_is_paid_by_card_is_paid_next(world: World, drain: Callable[[], int]) -> None:
    run = suspect(world, payment_method="CARD")
    with pytest.raises(NotPayable) as refusal:
        pay(run.order_id, by_card("success"), by=GUEST)
    assert "looking at this order" in str(refusal.value.message)
    approve(run, drain)
    assert states(run) == ("WAITING", "CREATED", "PENDING")
    drain()
    send_queued()
    letter = Notification.objects.get(kind="order_approved")
    assert "Pay it, and it is on its way to you" in letter.body
    assert "/orders/pay/" in letter.body
    try_card(run, "success")
    worker(drain)
    assert states(run) == ("DONE", "CONFIRMED", "PAID")


def test_whoever_had_an_order_delivered_is_let_through(world: World) -> None:
    person = world.customer
    User.objects.filter(pk=person.pk).update(order_count=1)
    address = AddressFactory(user=person, pincode=world.pincode.code)
    assert buy(world, (world.milk, 9), buyer=Buyer(user_id=person.pk), address=address).state == "DONE"


def _declined(run: Checkout, count: int, code: str = "card_declined") -> None:
    now = run.started_at
    Payment.objects.bulk_create(
        Payment(
            order_id=run.order_id,
            user_id=run.order.customer_id,
            amount=run.order.grand_total,
            currency="INR",
            method="CARD",
            status="FAILED",
            failure_code=code,
            gateway="demo",
            idempotency_key=f"{code}-{n}",
            created_at=now,
        )
        for n in range(count)
    )


@pytest.mark.parametrize(
    ("count", "code", "state"),
    [(5, "card_declined", "WAITING"), (4, "card_declined", "DONE"), (9, "expired", "DONE"), (9, "replaced", "DONE")],
)
def test_many_declined_payments_of_the_same_browser_hold_a_guests_next_order(
    calm: World, count: int, code: str, state: str
) -> None:
    """A guest is somebody new each time; the key of their browser stays. What we ended ourselves is no decline."""
    before = buy(calm)
    browser = Device.objects.create(
        key=uuid.uuid4(),
        user_id=before.order.customer_id,
        first_seen_at=before.started_at,
        last_seen_at=before.started_at,
    )
    Order.objects.filter(pk=before.order_id).update(device=browser)
    _declined(before, count, code)
    placed = place_order(filled_cart(calm).pk, purchase(calm), by=GUEST)
    again = Device.objects.create(
        key=browser.key,
        user_id=placed.order.customer_id,
        first_seen_at=placed.started_at,
        last_seen_at=placed.started_at,
    )
    Order.objects.filter(pk=placed.order_id).update(device=again)
    assert run_checkout(placed.pk, by=GUEST).state == state


def test_many_orders_within_an_hour_hold_the_next(calm: World, settings: Settings) -> None:
    settings.FRAUD_ORDERS_PER_HOUR, settings.FRAUD_THRESHOLD = 3, 50
    address = AddressFactory(user=calm.customer, pincode=calm.pincode.code)
    bought = [buy(calm, buyer=Buyer(user_id=calm.customer.pk), address=address).state for _ in range(3)]
    assert bought == ["DONE", "DONE", "WAITING"]
    assert [finding["rule"] for finding in Hold.objects.get().findings] == ["MANY_ORDERS"]


def test_running_a_held_checkout_on_changes_nothing(world: World) -> None:
    run = suspect(world)
    after = resume_checkout(run.pk, by=MANAGER)
    assert (after.state, after.waiting_for, states(run)) == ("WAITING", "approval", HELD)
    assert Hold.objects.count() == 1
    assert not Payment.objects.exists()


# -- deciding ----------------------------------------------------------------------------------------------------------


def test_a_rejected_order_gives_everything_back_and_tells_the_household(world: World, drain: Callable[[], int]) -> None:
    cart = filled_cart(world, (world.milk, 2))
    placed = place_order(cart.pk, purchase(world), by=GUEST)
    run = run_checkout(placed.pk, by=GUEST)
    reject_order(run.order_id, by=MANAGER, reason="The card was reported stolen")
    drain()
    resume_stalled_checkouts()
    drain()
    assert states(run)[:2] == ("FAILED", "CANCELLED")
    assert reserved(world) == 0
    assert CapacityUse.objects.get(vendor=world.vendor).orders == 0
    assert Cart.objects.get(pk=cart.pk).status == "OPEN"
    hold = Hold.objects.get()
    assert (hold.outcome, hold.decision_reason, hold.decided_by) == (
        "REJECTED",
        "The card was reported stolen",
        "user:1",
    )
    assert [
        event.name for event in Event.objects.filter(name__in=["order.rejected", "order.cancelled"]).order_by("pk")
    ] == [
        "order.rejected",
        "order.cancelled",
    ]
    assert [kind for kind, role in told() if role == "CUSTOMER"] == ["order_held", "order_rejected"]
    send_queued()
    letter = Notification.objects.get(kind="order_rejected")
    assert "stolen" not in letter.body + letter.body_html, "the reason is for staff"
    assert Notification.objects.get(kind="order_held").status == "SKIPPED", "it was decided before it was sent"


@pytest.mark.parametrize("reason", ["", "   "])
def test_whoever_holds_or_rejects_says_why(world: World, reason: str) -> None:
    run = suspect(world)
    for decide in (reject_order, hold_order):
        with pytest.raises(DomainError) as refusal:
            decide(run.order_id, by=MANAGER, reason=reason)
        assert (refusal.value.code, refusal.value.field) == ("reason_required", "reason")
    assert states(run) == HELD


def test_deciding_twice_is_once_and_deciding_otherwise_is_refused(world: World) -> None:
    run = suspect(world)
    for _ in range(2):
        assert approve_order(run.order_id, by=MANAGER).status == "CREATED"
    assert Event.objects.filter(name="order.approved").count() == 1
    with pytest.raises(DomainError) as refusal:
        reject_order(run.order_id, by=MANAGER, reason="Too late")
    assert refusal.value.code == "order_not_held"
    other = suspect(world, buyer=Buyer(name="Ravi", email="ravi@example.com"))
    for _ in range(2):
        assert reject_order(other.order_id, by=MANAGER, reason="Not at home").status == "CANCELLED"
    assert Event.objects.filter(name="order.rejected").count() == 1
    with pytest.raises(DomainError) as refusal:
        approve_order(other.order_id, by=MANAGER)
    assert refusal.value.code == "order_not_held"


def test_what_was_never_held_can_not_be_decided(calm: World) -> None:
    run = buy(calm)
    for decide in (
        lambda: approve_order(run.order_id, by=MANAGER),
        lambda: reject_order(run.order_id, by=MANAGER, reason="x"),
    ):
        with pytest.raises(DomainError) as refusal:
            decide()
        assert refusal.value.code == "order_not_held"
    assert states(run)[:2] == ("DONE", "CONFIRMED")


def test_a_household_may_cancel_its_held_order(world: World, drain: Callable[[], int]) -> None:
    run = suspect(world)
    cancel_order(run.order_id, by=Actor.user(run.order.customer_id, Role.CUSTOMER), reason="mistake")
    assert Hold.objects.get().outcome == "CANCELLED"
    drain()
    resume_stalled_checkouts()
    assert (states(run)[0], reserved(world)) == ("FAILED", 0)
    with pytest.raises(DomainError) as refusal:
        approve_order(run.order_id, by=MANAGER)
    assert refusal.value.code == "order_not_held"


# -- the cut-off -------------------------------------------------------------------------------------------------------


def test_a_hold_keeps_its_stock_until_the_cut_off_and_is_cancelled_then(
    world: World, drain: Callable[[], int], at: Callable[[str], datetime]
) -> None:
    run = suspect(world)
    at("2026-01-30T21:59+05:30")
    assert cancel_lapsed_holds() == 0
    assert reserved(world) == 2
    at(AFTER_CUTOFF)
    with pytest.raises(DomainError) as refusal:
        approve_order(run.order_id, by=MANAGER)
    assert refusal.value.code == "hold_too_late"
    assert cancel_lapsed_holds() == 1
    assert cancel_lapsed_holds() == 0
    assert (Hold.objects.get().outcome, reserved(world)) == ("LAPSED", 0)
    drain()
    resume_stalled_checkouts()
    assert states(run)[:2] == ("FAILED", "CANCELLED")
    send_queued()
    assert "could not look at it in time" in Notification.objects.get(kind="order_cancelled").body


def test_a_hold_that_can_not_be_cancelled_holds_up_no_other(
    world: World, at: Callable[[str], datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    suspect(world)
    other = suspect(world, buyer=Buyer(name="Ravi", email="ravi@example.com"))
    at(AFTER_CUTOFF)
    release = "orders.actions.progress.release_stock"
    first = Order.objects.order_by("pk").first()
    assert first is not None

    def broken(order: Order, **_: object) -> None:
        if order.pk == first.pk:
            raise ConnectionError("the shelf is gone")

    monkeypatch.setattr(release, broken)
    with pytest.raises(ConnectionError):
        cancel_lapsed_holds()
    assert [hold.outcome for hold in Hold.objects.order_by("pk")] == ["", "LAPSED"]
    assert states(other)[1] == "CANCELLED"


# -- by staff ----------------------------------------------------------------------------------------------------------


def test_staff_hold_a_confirmed_order_and_let_it_go(calm: World, drain: Callable[[], int]) -> None:
    run = buy(calm)
    hold_order(run.order_id, by=MANAGER, reason="Asks for another door")
    hold_order(run.order_id, by=MANAGER, reason="Asks for another door")
    order = Order.objects.get()
    assert (order.status, order.fraud_flag, Hold.objects.get().from_status) == ("ON_HOLD", False, "CONFIRMED")
    steps = [step.name for step in follow(order).timeline]
    assert steps.index("HELD") == steps.index("VENDOR_ASSIGNED") + 1
    assert [step.name for step in follow(order).timeline if step.is_current] == ["HELD"]
    with pytest.raises(DomainError):
        pack_order(order.pk, by=MANAGER)
    approve_order(order.pk, by=MANAGER)
    drain()
    assert states(run)[:2] == ("DONE", "CONFIRMED")
    assert [kind for kind, role in told() if role == "CUSTOMER"] == ["order_confirmed", "order_held", "order_approved"]
    placed = follow(Order.objects.get()).timeline[0]
    assert (placed.name, placed.at) == ("PLACED", order.placed_at)


def test_a_packed_order_and_one_after_its_cut_off_can_not_be_held(calm: World, at: Callable[[str], datetime]) -> None:
    packed, late = buy(calm), buy(calm, buyer=Buyer(name="Ravi", email="ravi@example.com"))
    pack_order(packed.order_id, by=MANAGER)
    with pytest.raises(DomainError) as refusal:
        hold_order(packed.order_id, by=MANAGER, reason="Wait")
    assert refusal.value.code == "order_not_holdable"
    at(AFTER_CUTOFF)
    with pytest.raises(DomainError) as refusal:
        hold_order(late.order_id, by=MANAGER, reason="Wait")
    assert refusal.value.code == "hold_too_late"
    assert not Hold.objects.exists()


def test_an_unpaid_order_on_hold_is_not_paid_nor_expired_and_has_its_time_anew(
    calm: World, drain: Callable[[], int], at: Callable[[str], datetime]
) -> None:
    run = unpaid(calm)
    at("2026-01-30T20:10+05:30")
    hold_order(run.order_id, by=MANAGER, reason="Calls back")
    with pytest.raises(NotPayable):
        pay(run.order_id, by_card("success"), by=GUEST)
    at("2026-01-30T20:30+05:30")
    assert expire_payments() == 0, "its time stands still"
    assert states(run)[1] == "ON_HOLD"
    approve(run, drain)
    assert states(run) == ("WAITING", "CREATED", "PENDING")
    at("2026-01-30T20:40+05:30")
    try_card(run, "success")
    worker(drain)
    assert states(run) == ("DONE", "CONFIRMED", "PAID")


def test_word_of_a_payment_does_not_confirm_what_staff_hold(calm: World, drain: Callable[[], int]) -> None:
    run = unpaid(calm)
    pay(run.order_id, by_card("success"), by=GUEST)
    hold_order(run.order_id, by=MANAGER, reason="Calls back")
    worker(drain)
    assert states(run) == ("WAITING", "ON_HOLD", "PAID")
    run.refresh_from_db()
    assert run.waiting_for == "approval"
    approve(run, drain)
    assert states(run) == ("DONE", "CONFIRMED", "PAID")


def test_what_was_paid_for_a_rejected_order_goes_back(calm: World, drain: Callable[[], int]) -> None:
    run = unpaid(calm)
    try_card(run, "success")
    worker(drain)
    assert states(run) == ("DONE", "CONFIRMED", "PAID")
    hold_order(run.order_id, by=MANAGER, reason="Bank called")
    reject_order(run.order_id, by=MANAGER, reason="Bank called")
    worker(drain)
    assert states(run) == ("DONE", "CANCELLED", "REFUNDED")


def test_a_dairy_sees_nothing_of_an_order_that_was_held_before_it_was_certain(world: World) -> None:
    suspect(world)
    day = Order.objects.get().delivery_date
    assert demand_days(world.vendor.pk, since=day) == []
    User.objects.filter(pk=world.customer.pk).update(order_count=1)
    address = AddressFactory(user=world.customer, pincode=world.pincode.code)
    sure = buy(world, buyer=Buyer(user_id=world.customer.pk), address=address)
    hold_order(sure.order_id, by=MANAGER, reason="Asks for another door")
    assert [found.packs for found in demand_days(world.vendor.pk, since=day)] == [2]
