"""The engine of the checkout: what it does about errors, refusals, and orders that somebody called off meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from cart.actions import Buyer, merge_guest_cart, order_lines, place_order, run_checkout
from cart.actions import items as items_of_carts
from cart.actions.steps import STEPS, Step, Waiting
from cart.models import Cart, Checkout, CheckoutStep
from cart.rules import CheckoutRefused
from cart.tasks import resume_stalled_checkouts
from inventory.models import Stock, StockMovement
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError
from milkdelivery.core.models import Event
from notifications.models import Notification
from orders.actions import cancel_order
from orders.models import Order
from payments.models import Payment
from tests.cart.shopping import GUEST, buy, filled_cart, purchase
from tests.factories.accounts import AddressFactory
from tests.factories.world import small_world
from vendors.models import CapacityUse

pytestmark = pytest.mark.django_db(transaction=True)

EVENING = "2026-01-30T20:00+05:30"
STAFF = Actor.system("tests")


@pytest.fixture(autouse=True)
def _in_the_evening(at: Callable[[str], datetime]) -> None:
    at(EVENING)


def broken(*_: object, **__: object) -> None:
    raise ConnectionError("the map is gone")


def refused(*_: object, **__: object) -> None:
    raise DomainError("not now")


def replace_undo(monkeypatch: pytest.MonkeyPatch, name: str, undo: Callable[..., None]) -> None:
    steps = tuple(Step(s.name, s.run, undo if s.name == name else s.undo, s.is_outside) for s in STEPS)
    monkeypatch.setattr("cart.actions.workflow.STEPS", steps)
    monkeypatch.setattr("cart.actions.workflow._BY_NAME", {step.name: step for step in steps})


def replace_run(monkeypatch: pytest.MonkeyPatch, name: str, run: Callable[..., Waiting | None]) -> None:
    steps = tuple(Step(s.name, run if s.name == name else s.run, s.undo, s.is_outside) for s in STEPS)
    monkeypatch.setattr("cart.actions.workflow.STEPS", steps)
    monkeypatch.setattr("cart.actions.workflow._BY_NAME", {step.name: step for step in steps})


def let_time_pass() -> None:
    Checkout.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=clock.real_now() - timedelta(1))


def test_an_error_is_noted_with_the_number_of_its_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world()
    placed = place_order(filled_cart(world).pk, purchase(world), by=GUEST)
    with monkeypatch.context() as patched:
        patched.setattr("cart.actions.steps.schedule_delivery", broken)
        run_checkout(placed.pk, by=GUEST)
        run_checkout(placed.pk, by=GUEST)
    assert run_checkout(placed.pk, by=GUEST).state == "DONE"
    rows = CheckoutStep.objects.filter(checkout=placed, name="confirm").order_by("pk")
    assert list(rows.values_list("attempt", "outcome")) == [(1, "ERROR"), (2, "ERROR"), (3, "DONE")]


def test_an_undoing_that_errs_after_errors_of_the_step_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world()
    placed = place_order(filled_cart(world).pk, purchase(world), by=GUEST)
    with monkeypatch.context() as patched:
        patched.setattr("cart.actions.steps.schedule_delivery", broken)
        patched.setattr("orders.actions.release_vendors", broken)
        for _ in range(7):
            assert run_checkout(placed.pk, by=GUEST).state in ("RUNNING", "COMPENSATING")
    let_time_pass()
    assert resume_stalled_checkouts() == 1
    placed.refresh_from_db()
    assert placed.state == "FAILED"
    assert Stock.objects.get(variant=world.milk).reserved == 0
    assert CapacityUse.objects.get(vendor=world.vendor).orders == 0


def test_an_undoing_that_is_refused_waits_like_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world(on_hand=2)
    cart = filled_cart(world, (world.milk, 2))
    placed = place_order(cart.pk, purchase(world), by=GUEST)
    calls: list[int] = []

    def refuse_thrice(*_: object, **__: object) -> None:
        calls.append(1)
        if len(calls) > 3:
            pytest.fail("it goes round and round", pytrace=False)
        raise DomainError("not now")

    monkeypatch.setattr("cart.actions.steps.confirm", refused)
    steps = tuple(Step(s.name, refused if s.name == "confirm" else s.run, s.undo, s.is_outside) for s in STEPS)
    monkeypatch.setattr("cart.actions.workflow.STEPS", steps)
    monkeypatch.setattr("cart.actions.workflow._BY_NAME", {step.name: step for step in steps})
    monkeypatch.setattr("orders.actions.release_stock", refuse_thrice)
    assert run_checkout(placed.pk, by=GUEST).state == "COMPENSATING"
    placed.refresh_from_db()
    assert placed.next_attempt_at is not None
    assert placed.next_attempt_at > clock.real_now()
    assert len(calls) == 1


def test_an_undoing_is_tried_again_at_least_every_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world()
    placed = place_order(filled_cart(world).pk, purchase(world), by=GUEST)
    Checkout.objects.filter(pk=placed.pk).update(state="COMPENSATING", attempts=60, failure_code="out_of_stock")
    monkeypatch.setattr("cart.actions.workflow.cancel_order", broken)
    after = run_checkout(placed.pk, by=GUEST)
    assert after.next_attempt_at is not None
    assert after.next_attempt_at <= clock.real_now() + timedelta(hours=1)


def test_an_order_that_was_cancelled_before_its_workflow_takes_nothing(drain: Callable[[], int]) -> None:
    world = small_world()
    cart = filled_cart(world)
    placed = place_order(cart.pk, purchase(world), by=GUEST)
    cancel_order(placed.order_id, by=STAFF, reason="called")
    checkout = run_checkout(placed.pk, by=GUEST)
    drain()
    assert (checkout.state, checkout.failure_code, checkout.failure_message) == (
        "FAILED",
        "order_called_off",
        "This order was cancelled.",
    )
    assert not StockMovement.objects.filter(reference=placed.order.number).exists()
    assert not Payment.objects.exists()
    assert not Event.objects.filter(name="vendor.assigned").exists()
    assert Cart.objects.get(pk=cart.pk).status == "OPEN"


def test_an_order_that_was_cancelled_between_two_steps_is_never_charged(
    drain: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = small_world()
    placed = place_order(filled_cart(world).pk, purchase(world), by=GUEST)
    with monkeypatch.context() as patched:
        patched.setattr("cart.actions.steps.open_payment", broken)
        run_checkout(placed.pk, by=GUEST)
    cancel_order(placed.order_id, by=STAFF, reason="called")
    drain()
    assert run_checkout(placed.pk, by=GUEST).failure_code == "order_called_off"
    assert not Payment.objects.exists()
    assert CapacityUse.objects.get(vendor=world.vendor).orders == 0
    assert Stock.objects.get(variant=world.milk).reserved == 0


def test_a_checkout_that_waits_is_undone_when_its_order_is_cancelled(
    drain: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = small_world()
    cart = filled_cart(world)
    placed = place_order(cart.pk, purchase(world), by=GUEST)
    with monkeypatch.context() as patched:
        replace_run(patched, "take_payment", lambda checkout, by: Waiting("payment"))
        assert run_checkout(placed.pk, by=GUEST).state == "WAITING"
        resume_stalled_checkouts()
        assert Checkout.objects.get().state == "WAITING", "nothing but word of the payment wakes it"
        cancel_order(placed.order_id, by=STAFF, reason="called")
        drain()
        drain()
        assert resume_stalled_checkouts() == 1
    checkout = Checkout.objects.get()
    assert (checkout.state, checkout.failure_code, checkout.waiting_for) == ("FAILED", "order_called_off", "")
    assert Cart.objects.get(pk=cart.pk).status == "OPEN"
    assert Stock.objects.get(variant=world.milk).reserved == 0
    assert CapacityUse.objects.get(vendor=world.vendor).orders == 0
    drain()
    assert [row.kind for row in Notification.objects.filter(role="CUSTOMER")] == ["order_cancelled"]


def test_a_guests_cart_that_joins_one_ordered_at_that_moment_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The customer's other tab orders between the look at the open cart and the lock on it."""
    world = small_world()
    own = filled_cart(world, (world.milk, 1), customer_id=world.customer.pk)
    guest = filled_cart(world, (world.variants[1], 3))
    look = items_of_carts.open_cart
    taps: list[int] = []

    def order_meanwhile(**whose: object) -> Cart:
        found = look(**whose)  # type: ignore[arg-type]
        if not taps:
            taps.append(1)
            Cart.objects.filter(pk=own.pk).update(status="ORDERED")
        return found

    monkeypatch.setattr(items_of_carts, "open_cart", order_meanwhile)
    joined = merge_guest_cart(guest.token, customer_id=world.customer.pk, by=GUEST)
    assert joined is not None
    joined.refresh_from_db()
    assert joined.status == "OPEN"
    assert list(joined.lines.values_list("variant", "quantity")) == [(world.variants[1].pk, 3)]
    assert list(own.lines.values_list("variant", "quantity")) == [(world.milk.pk, 1)]


def test_lines_ordered_at_once_that_come_to_nothing_stay_out_of_the_cart() -> None:
    world = small_world(on_hand=2)
    own = filled_cart(world, (world.variants[1], 1), customer_id=world.customer.pk)
    address = AddressFactory(user=world.customer, pincode=world.pincode.code)
    wanted = purchase(world, buyer=Buyer(user_id=world.customer.pk), address=address)
    token = uuid4()
    placed = order_lines({world.milk.pk: 2}, wanted, token=token, by=GUEST)
    assert order_lines({world.milk.pk: 2}, wanted, token=token, by=GUEST) == placed
    buy(world, (world.milk, 2))
    assert run_checkout(placed.pk, by=GUEST).failure_code == "out_of_stock"
    assert list(own.lines.values_list("variant", flat=True)) == [world.variants[1].pk]
    assert Cart.objects.filter(customer=world.customer, status="OPEN").get() == own


@pytest.mark.parametrize("typed", ["560 034", " 560034"])
def test_a_pincode_is_understood_however_it_was_written(typed: str) -> None:
    world = small_world()
    placed = place_order(filled_cart(world).pk, purchase(world, pincode=typed), by=GUEST)
    assert Order.objects.get(pk=placed.order_id).pincode == "560034"
    assert run_checkout(placed.pk, by=GUEST).state == "DONE"


def test_where_the_address_is_decides_whatever_the_plan_says() -> None:
    """A saved address elsewhere can't be smuggled in behind a pincode that is served."""
    world = small_world()
    far = AddressFactory(user=world.customer, pincode="110001")
    wanted = purchase(world, buyer=Buyer(user_id=world.customer.pk), address=far)
    with pytest.raises(CheckoutRefused) as refusal:
        place_order(filled_cart(world).pk, wanted, by=GUEST)
    assert [problem.code for problem in refusal.value.problems] == ["not_served"]
