"""Claims about delivered goods: what is granted by rule, what a manager decides, and that the money agrees."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django.fixtures import Settings

from inventory.models import StockMovement
from milkdelivery.core.models import Event
from milkdelivery.core.money import Money
from orders.actions import reject_claim
from orders.models import Claim, Order, OrderLine
from orders.rules.claims import (
    BadClaim,
    BadGrant,
    ClaimDecidedAlready,
    Claimed,
    ClaimedAlready,
    ClaimTooLate,
    NotClaimable,
    NotPaidBack,
)
from orders.rules.holding import ReasonMissing
from payments.actions import (
    NoSuchWay,
    Wish,
    approve_claim,
    make_claim,
    preview_claim,
    refund_payment,
    settle_claim,
)
from payments.models import Payment, Refund
from payments.rules.refunds import BadLines
from tests.cart.shopping import buy
from tests.factories.catalog import VariantFactory
from tests.factories.inventory import StockFactory
from tests.factories.vendors import OfferFactory
from tests.factories.world import World, small_world
from tests.orders.claiming import MORNING, STAFF, brought, claim_of, claimed, household
from tests.payments.books import assert_books_add_up, balance_of
from tests.payments.paying import worker

pytestmark = pytest.mark.django_db(transaction=True)

Drain = Callable[[], int]
At = Callable[[str], datetime]


@pytest.fixture(autouse=True)
def _at_breakfast(at: At) -> None:
    at("2026-01-31T08:00+05:30")


@pytest.fixture
def world() -> World:
    return small_world()


def rupees(amount: int) -> Money:
    return Money(amount * 100, "INR")


def why(claim: Claim) -> list[str]:
    return [finding.why for finding in claim.why_looked_at]


# -- by rule ---------------------------------------------------------------------------------------------------------


def test_a_small_claim_with_a_photo_is_granted_at_once(world: World, drain: Drain) -> None:
    order = brought(world)
    claim = claim_of(order, 1)
    assert (claim.status, claim.granted, claim.is_by_rule, claim.destination) == (
        "APPROVED",
        rupees(28),
        True,
        "WALLET",
    )
    refund = Refund.objects.get()
    assert (refund.kind, refund.amount, refund.destination) == ("CLAIM", rupees(28), "WALLET")
    worker(drain)
    assert balance_of(world.customer) == 28
    order.refresh_from_db()
    assert (order.status, order.payment_status) == ("DELIVERED", "PARTIALLY_REFUNDED")
    assert_books_add_up()
    assert list(Event.objects.filter(name__startswith="claim.").values_list("name", flat=True).order_by("pk")) == [
        "claim.opened",
        "claim.decided",
    ]


def test_the_money_goes_back_to_the_card_where_the_household_wants_that(world: World, drain: Drain) -> None:
    claim = claim_of(brought(world), 1, destination="SOURCE")
    worker(drain)
    assert (claim.status, balance_of(world.customer)) == ("APPROVED", 0)
    assert Payment.objects.get().status == "PARTIALLY_REFUNDED"
    assert_books_add_up()


def test_all_of_an_order_is_returned_and_no_stock_moves(world: World, drain: Drain) -> None:
    order = brought(world)
    movements = StockMovement.objects.count()
    claim_of(order, 1)
    assert OrderLine.objects.get().status == "DELIVERED"
    claim_of(order, 1)
    worker(drain)
    order.refresh_from_db()
    assert OrderLine.objects.get().status == "RETURNED"
    assert (order.status, order.payment_status) == ("RETURNED", "PARTIALLY_REFUNDED"), "the delivery was made"
    assert Event.objects.filter(name="order.returned").count() == 1
    assert StockMovement.objects.count() == movements
    assert Payment.objects.get().refunded == rupees(56)


def test_one_tap_sent_twice_is_one_claim(world: World) -> None:
    order = brought(world)
    draft = claimed(order, 1)
    assert make_claim(order.pk, draft, by=household(order)) == make_claim(order.pk, draft, by=household(order))
    assert Refund.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"photo": None}, "NO_PHOTO"),
        ({"reason": "OTHER"}, "UNCLEAR"),
    ],
)
def test_what_the_rule_can_not_see_waits_for_a_manager(world: World, changes: Any, reason: str) -> None:
    claim = claim_of(brought(world), 1, **changes)
    assert (claim.status, why(claim)) == ("OPEN", [reason])
    assert not Refund.objects.exists()


def test_of_what_did_not_come_nobody_has_a_photo(world: World) -> None:
    assert claim_of(brought(world), 1, reason="MISSING", photo=None).status == "APPROVED"


def test_the_limit_of_one_claim(world: World, settings: Settings) -> None:
    settings.CLAIM_BY_RULE_AMOUNTS = {"INR": Decimal(55)}
    claim = claim_of(brought(world), 2)
    assert (claim.status, why(claim), claim.amount) == ("OPEN", ["LARGE"], rupees(56))
    assert "₹56.00" in claim.why_looked_at[0].words
    settings.CLAIM_BY_RULE_AMOUNTS = {"INR": Decimal(56)}
    assert claim_of(brought(world), 2).status == "APPROVED"


def test_a_currency_without_a_limit_has_everything_looked_at(world: World, settings: Settings) -> None:
    settings.CLAIM_BY_RULE_AMOUNTS = {"USD": Decimal(5)}
    assert why(claim_of(brought(world), 1)) == ["NO_LIMIT"]


def test_the_limits_of_thirty_days(world: World, settings: Settings, at: At) -> None:
    settings.CLAIM_BY_RULE_MONTH_AMOUNTS = {"INR": Decimal(60)}
    orders = [brought(world) for _ in range(3)]
    assert claim_of(orders[0], 2).status == "APPROVED"
    assert why(claim_of(orders[1], 1)) == ["MONTH"]
    settings.CLAIM_BY_RULE_MONTH_AMOUNTS = {"INR": Decimal(600)}
    settings.CLAIM_BY_RULE_MONTH_CLAIMS = 2
    assert why(claim_of(orders[1], 1)) == ["OFTEN"], "what waits counts as well"
    settings.CLAIM_WITHIN_HOURS = 24 * 40
    at("2026-03-03T08:00+05:30")
    assert claim_of(orders[2], 2).status == "APPROVED", "what is older is forgotten"


def test_a_guest_is_looked_at_and_gets_it_back_where_it_came_from(world: World, drain: Drain) -> None:
    order = brought(world, is_guest=True)
    claim = claim_of(order, 1)
    assert (claim.status, why(claim), claim.destination) == ("OPEN", ["GUEST"], "SOURCE")
    with pytest.raises(NoSuchWay):
        claim_of(order, 1, destination="WALLET")


def test_cash_goes_to_the_wallet_of_whoever_has_the_contact(world: World, drain: Drain) -> None:
    order = brought(world, method="COD", is_guest=True)
    claim = claim_of(order, 1)
    assert claim.destination == "WALLET"
    with pytest.raises(NoSuchWay):
        claim_of(order, 1, destination="SOURCE")
    approve_claim(claim.pk, by=STAFF)
    worker(drain)
    assert balance_of(order.customer) == 28
    assert_books_add_up()


# -- how much --------------------------------------------------------------------------------------------------------


def test_the_deposit_goes_back_only_where_no_bottle_is_left(world: World) -> None:
    bottle = VariantFactory(product=world.products[0], name="1 l bottle", price=6000, deposit=3000, sku="BOTTLE")
    OfferFactory(vendor=world.vendor, variant=bottle)
    StockFactory(vendor=world.vendor, variant=bottle, on_hand=50)
    order = brought(world, (bottle, 2))
    sour = claim_of(order, 1, reason="SPOILED")
    broken = claim_of(order, 1, reason="DAMAGED")
    assert (sour.granted, broken.granted) == (rupees(60), rupees(90))
    assert Payment.objects.get().refunded == rupees(150)


def test_pieces_sum_to_what_was_paid_after_the_discount(world: World) -> None:
    order = brought(world, (world.milk, 3))
    OrderLine.objects.update(discount=100, total=8300)
    amounts = [claim_of(order, 1).granted.minor for _ in range(3)]
    assert (sum(amounts), sorted(amounts)) == (8300, [2766, 2767, 2767])


# -- what is refused -------------------------------------------------------------------------------------------------


def test_no_more_pieces_than_were_delivered(world: World) -> None:
    order = brought(world)
    with pytest.raises(ClaimedAlready, match="Only 2 pieces of Toned milk 500 ml"):
        claim_of(order, 3)
    reject_claim(claim_of(order, 2, photo=None).pk, by=STAFF, reason="It keeps two days in the fridge only.")
    with pytest.raises(ClaimedAlready, match="was claimed already"):
        claim_of(order, 1)


def test_lines_of_another_order_and_nonsense_are_refused(world: World) -> None:
    order, other = brought(world), brought(world)
    line, foreign = order.lines.get(), other.lines.get()
    for lines in (
        [],
        [Claimed(foreign.pk, 1, "SPOILED")],
        [Claimed(line.pk, 0, "SPOILED")],
        [Claimed(line.pk, -1, "SPOILED")],
        [Claimed(line.pk, 1, "BORED")],
        [Claimed(line.pk, 1, "SPOILED"), Claimed(line.pk, 1, "MISSING")],
    ):
        with pytest.raises(BadClaim):
            make_claim(order.pk, claimed(order, lines=lines), by=household(order))
    assert not Claim.objects.exists()


def test_an_order_that_is_not_there_yet_can_not_be_claimed(world: World) -> None:
    order = buy(world).order
    with pytest.raises(NotClaimable, match="once the order was delivered"):
        claim_of(order, 1)


def test_the_window_ends_after_two_days(world: World, at: At) -> None:
    order = brought(world)
    at((MORNING + timedelta(hours=48, seconds=1)).isoformat())
    with pytest.raises(ClaimTooLate, match="within 48 hours"):
        claim_of(order, 1)
    at((MORNING + timedelta(hours=48)).isoformat())
    assert claim_of(order, 1).status == "APPROVED"


def test_what_staff_paid_back_already_can_not_be_claimed(world: World) -> None:
    order = brought(world)
    line, payment = order.lines.get(), Payment.objects.get()
    refund_payment(payment.pk, Wish("sour", lines={line.pk: 1}), key="a", by=STAFF)
    assert why(claim_of(order, 1)) == ["PAID_BACK"]
    refund_payment(payment.pk, Wish("sour", lines={line.pk: 1}), key="b", by=STAFF)
    with pytest.raises(NotClaimable, match="paid back already"):
        claim_of(order, 1)


def test_never_past_what_was_captured(world: World) -> None:
    order = brought(world)
    payment = Payment.objects.get()
    refund_payment(payment.pk, Wish("late", amount=rupees(60)), key="a", by=STAFF)
    claim = claim_of(order, 2)
    assert (claim.amount, why(claim)) == (rupees(16), ["PAID_BACK"])
    assert approve_claim(claim.pk, by=STAFF).granted == rupees(16)
    payment.refresh_from_db()
    assert payment.refunded == payment.amount


def test_the_database_keeps_what_a_claim_is(world: World) -> None:
    claim = claim_of(brought(world), 1, photo=None)
    for wrong in (
        {"status": "APPROVED"},
        {"granted": 100},
        {"amount": 0},
        {"decided_at": MORNING},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Claim.objects.filter(pk=claim.pk).update(**wrong)


# -- a manager decides -----------------------------------------------------------------------------------------------


def test_a_manager_grants_it(world: World, drain: Drain) -> None:
    order = brought(world)
    claim = claim_of(order, 2, photo=None)
    assert preview_claim(claim) == rupees(56)
    done = approve_claim(claim.pk, by=STAFF)
    assert (done.status, done.granted, done.is_by_rule, done.decided_by) == ("APPROVED", rupees(56), False, "user:902")
    assert approve_claim(claim.pk, by=STAFF) == done, "a repeat is no error"
    worker(drain)
    order.refresh_from_db()
    assert (order.status, balance_of(world.customer)) == ("RETURNED", 56)
    assert Refund.objects.count() == 1


def test_a_manager_grants_a_part_with_a_reason(world: World) -> None:
    order = brought(world)
    claim = claim_of(order, 2, photo=None)
    line = order.lines.get()
    with pytest.raises(BadGrant, match="why it is not all"):
        approve_claim(claim.pk, granted={line.pk: 1}, by=STAFF)
    with pytest.raises(BadGrant, match="Refuse the claim"):
        approve_claim(claim.pk, granted={line.pk: 0}, by=STAFF, reason="x")
    with pytest.raises(BadGrant, match="no more pieces"):
        approve_claim(claim.pk, granted={line.pk: 3}, by=STAFF, reason="x")
    done = approve_claim(claim.pk, granted={line.pk: 1}, by=STAFF, reason="One of them is on the photo.")
    assert (done.granted, done.is_partly_granted) == (rupees(28), True)
    assert OrderLine.objects.get().status == "DELIVERED"
    with pytest.raises(ClaimDecidedAlready):
        approve_claim(claim.pk, by=STAFF)
    with pytest.raises(ClaimDecidedAlready):
        reject_claim(claim.pk, by=STAFF, reason="x")


def test_a_manager_refuses_it_and_says_why(world: World) -> None:
    claim = claim_of(brought(world), 1, photo=None)
    with pytest.raises(ReasonMissing):
        reject_claim(claim.pk, by=STAFF, reason=" ")
    done = reject_claim(claim.pk, by=STAFF, reason="The photo shows another dairy's milk.")
    assert (done.status, done.granted, done.decision_reason) == (
        "REJECTED",
        rupees(0),
        "The photo shows another dairy's milk.",
    )
    assert reject_claim(claim.pk, by=STAFF, reason="x") == done
    with pytest.raises(ClaimDecidedAlready):
        approve_claim(claim.pk, by=STAFF)
    assert not Refund.objects.exists()


def test_pieces_that_staff_paid_back_meanwhile_are_not_granted_too(world: World) -> None:
    order = brought(world)
    claim = claim_of(order, 2, photo=None)
    line = order.lines.get()
    refund_payment(Payment.objects.get().pk, Wish("sour", lines={line.pk: 1}), key="a", by=STAFF)
    with pytest.raises(BadLines, match="Only 1 piece"):
        approve_claim(claim.pk, by=STAFF)
    assert approve_claim(claim.pk, granted={line.pk: 1}, by=STAFF, reason="The other one went back.").granted == rupees(
        28
    )
    assert Payment.objects.get().refunded == rupees(56)


def test_a_claim_that_staff_paid_back_meanwhile_is_settled_and_not_refused(world: World, drain: Drain) -> None:
    order = brought(world)
    claim = claim_of(order, 2, photo=None)
    line = order.lines.get()
    refund_payment(Payment.objects.get().pk, Wish("sour", lines={line.pk: 1}), key="a", by=STAFF)
    drain()
    assert Claim.objects.get().status == "OPEN", "one piece of it was not paid back"
    refund_payment(Payment.objects.get().pk, Wish("sour", lines={line.pk: 1}), key="b", by=STAFF)
    worker(drain)
    claim.refresh_from_db()
    assert (claim.status, claim.granted, claim.decision_reason) == ("SETTLED", rupees(0), "")
    assert Refund.objects.count() == 2
    with pytest.raises(ClaimDecidedAlready, match="Paid back already"):
        reject_claim(claim.pk, by=STAFF, reason="x")
    assert_books_add_up()


def test_one_that_is_paid_back_by_an_amount_is_settled_by_a_click(world: World, drain: Drain) -> None:
    order = brought(world)
    claim = claim_of(order, 1, photo=None)
    with pytest.raises(NotPaidBack):
        settle_claim(claim.pk, by=STAFF)
    refund_payment(Payment.objects.get().pk, Wish("sour", amount=rupees(30)), key="a", by=STAFF)
    drain()
    assert Claim.objects.get().status == "OPEN", "nobody knows what an amount was for"
    done = settle_claim(claim.pk, by=STAFF)
    assert (done.status, done.decided_by) == ("SETTLED", STAFF.label)
    assert settle_claim(claim.pk, by=STAFF) == done
    assert Refund.objects.count() == 1


def test_nothing_is_left_of_the_payment(world: World, drain: Drain) -> None:
    order = brought(world)
    claim = claim_of(order, 1, photo=None)
    refund_payment(Payment.objects.get().pk, Wish("all of it"), key="a", by=STAFF)
    drain()
    claim.refresh_from_db()
    assert (claim.status, claim.is_by_rule) == ("SETTLED", False)


def test_what_a_claim_was_granted_settles_no_other(world: World, drain: Drain) -> None:
    order = brought(world)
    one, two = claim_of(order, 1, photo=None), claim_of(order, 1, photo=None)
    approve_claim(one.pk, by=STAFF)
    drain()
    two.refresh_from_db()
    assert two.status == "OPEN"
    assert approve_claim(two.pk, by=STAFF).granted == rupees(28)


def test_an_order_that_was_taken_over_takes_its_claims_along(world: World) -> None:
    """The household that has the order now is counted for it."""
    order = brought(world, is_guest=True)
    claim = claim_of(order, 1)
    Order.objects.filter(pk=order.pk).update(customer=world.customer)
    assert list(Claim.objects.of_person(world.customer.pk)) == [claim]
