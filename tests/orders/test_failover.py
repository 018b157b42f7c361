"""What one dairy gives back, the next best one brings; and what nobody can bring, nobody pays for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from importlib import import_module

import pytest
from django_q.models import OrmQ

from cart.actions import Buyer
from deliveries.models import Delivery
from inventory.models import Stock, StockMovement
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.errors import InvalidInput, NotFound
from milkdelivery.core.models import Event
from milkdelivery.core.money import Money
from notifications.models import Notification
from orders import actions
from orders.models import Order, VendorAnswer
from orders.rules.answers import NOBODY_CAN_FILL, AnswerTooLate, LineGivenBack, OrderNotOpen
from orders.rules.decision import read_decision
from payments.models import Payment
from tests.cart.shopping import buy
from tests.factories.accounts import UserFactory
from tests.factories.orders import placed_order
from tests.factories.world import World, small_world
from tests.orders.dairies import another_dairy, assert_books_agree, lines_of, only_line, shares
from vendors.actions import activate_vendor, deactivate_vendor, set_day_limit
from vendors.models import CapacityUse

pytestmark = pytest.mark.django_db

EVENING = "2026-01-30T20:00+05:30"
DAIRY = Actor.user(901, Role.VENDOR)
STAFF = Actor.user(902, Role.MANAGER)


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at(EVENING)
    return small_world()


def rupees(amount: int) -> Money:
    return Money(amount * 100, "INR")


def fresh(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


# -- accepting ---------------------------------------------------------------------------------------------------------


def test_a_dairy_accepts_once(world: World) -> None:
    order = buy(world).order
    line = only_line(order)
    assert actions.accept_lines(world.vendor.pk, [line.pk], by=DAIRY) == 1
    assert actions.accept_lines(world.vendor.pk, [line.pk], by=DAIRY) == 0
    assert only_line(order).status == "ACCEPTED"
    assert Event.objects.filter(name="vendor.accepted").count() == 1
    assert [answer.kind for answer in order.vendor_answers.all()] == ["ACCEPTED"]


def test_a_wrong_tap_is_taken_back(world: World) -> None:
    order = buy(world).order
    line = only_line(order)
    actions.accept_lines(world.vendor.pk, [line.pk], by=DAIRY)
    assert actions.undo_acceptance(world.vendor.pk, [line.pk], by=DAIRY) == 1
    assert actions.undo_acceptance(world.vendor.pk, [line.pk], by=DAIRY) == 0
    assert only_line(order).status == "ASSIGNED"


def test_a_whole_day_is_accepted_at_once(world: World, at: Callable[[str], datetime]) -> None:
    morning, evening = buy(world).order, buy(world, slot=world.evening).order
    day = morning.delivery_date
    at("2026-01-31T04:00+05:30")  # the morning had to stand packed at half past three
    assert actions.accept_day(world.vendor.pk, on=day, by=DAIRY) == 1
    assert (only_line(morning).status, only_line(evening).status) == ("ASSIGNED", "ACCEPTED")
    assert actions.accept_day(world.vendor.pk, on=day, by=DAIRY) == 0


# -- giving back -------------------------------------------------------------------------------------------------------


def test_a_rejected_line_goes_to_the_next_best_dairy(world: World) -> None:
    worse, better = another_dairy(world, rating="3.00"), another_dairy(world, rating="4.20")
    order = buy(world, (world.milk, 3)).order
    line = only_line(order)
    actions.reject_lines(world.vendor.pk, [line.pk], reason="CLOSED", note="Festival", by=DAIRY)
    assert shares(order) == [(better.name, 3, "ASSIGNED")]
    assert_books_agree([order])
    assert fresh(order).grand_total == order.grand_total
    answer = order.vendor_answers.get()
    assert (answer.kind, answer.reason, answer.note, answer.quantity) == ("REJECTED", "CLOSED", "Festival", 3)
    assert answer.outcome == [{"vendor": better.pk, "name": better.name, "pieces": 3}]
    decision = read_decision(only_line(order).decision)
    assert decision is not None
    told = {looked.vendor_id: looked.verdict for looked in decision.looked}
    assert told == {better.pk: "CHOSEN", worse.pk: "OUTSCORED", world.vendor.pk: "REFUSED"}
    assert [event.data["vendor_id"] for event in Event.objects.filter(name="vendor.replaced")] == [better.pk]


def test_who_gave_it_back_is_not_asked_again(world: World) -> None:
    second = another_dairy(world)
    order = buy(world).order
    line = only_line(order)
    actions.reject_lines(world.vendor.pk, [line.pk], reason="OTHER", by=DAIRY)
    actions.reject_lines(second.pk, [line.pk], reason="OTHER", by=DAIRY)
    assert fresh(order).status == "CANCELLED"


def test_a_double_tap_gives_back_once(world: World) -> None:
    second = another_dairy(world)
    order = buy(world).order
    line = only_line(order)
    for _tap in range(2):
        actions.reject_lines(world.vendor.pk, [line.pk], reason="OTHER", by=DAIRY)
    assert shares(order) == [(second.name, 2, "ASSIGNED")]
    assert Event.objects.filter(name="vendor.rejected").count() == 1


def test_what_was_given_back_cannot_be_accepted_in_another_tab(world: World) -> None:
    another_dairy(world)
    line = only_line(buy(world).order)
    actions.reject_lines(world.vendor.pk, [line.pk], reason="OTHER", by=DAIRY)
    with pytest.raises(LineGivenBack):
        actions.accept_lines(world.vendor.pk, [line.pk], by=DAIRY)


def test_an_accepted_line_can_still_be_given_back(world: World) -> None:
    second = another_dairy(world)
    order = buy(world).order
    line = only_line(order)
    actions.accept_lines(world.vendor.pk, [line.pk], by=DAIRY)
    actions.reject_lines(world.vendor.pk, [line.pk], reason="QUALITY", by=DAIRY)
    assert shares(order) == [(second.name, 2, "ASSIGNED")]
    assert_books_agree([order])


def test_another_dairys_line_is_not_found_and_nothing_changes(world: World) -> None:
    stranger = another_dairy(world)
    line = only_line(buy(world).order)
    before = Event.objects.count()
    with pytest.raises(NotFound):
        actions.accept_lines(stranger.pk, [line.pk], by=DAIRY)
    with pytest.raises(NotFound):
        actions.reject_lines(stranger.pk, [line.pk], reason="OTHER", by=DAIRY)
    with pytest.raises(NotFound):
        actions.report_short(stranger.pk, line.pk, available=1, by=DAIRY)
    assert Event.objects.count() == before
    assert VendorAnswer.objects.count() == 0


def test_after_the_pack_time_only_staff_move_a_line_on(world: World, at: Callable[[str], datetime]) -> None:
    second = another_dairy(world)
    order = buy(world).order
    line = only_line(order)
    at("2026-01-31T03:30+05:30")
    with pytest.raises(AnswerTooLate, match="had to stand packed"):
        actions.reject_lines(world.vendor.pk, [line.pk], reason="OTHER", by=DAIRY)
    with pytest.raises(AnswerTooLate):
        actions.accept_lines(world.vendor.pk, [line.pk], by=DAIRY)
    actions.reject_lines(world.vendor.pk, [line.pk], reason="OTHER", by=STAFF)
    assert shares(order) == [(second.name, 2, "ASSIGNED")]


@pytest.mark.parametrize("status", ["PACKED", "CANCELLED"])
def test_a_packed_or_cancelled_order_takes_no_answer(world: World, status: str) -> None:
    another_dairy(world)
    order = buy(world).order
    line = only_line(order)
    if status == "PACKED":
        actions.pack_order(order.pk, by=STAFF)
    else:
        actions.cancel_order(order.pk, by=STAFF, reason="called")
    for answer in (
        lambda: actions.reject_lines(world.vendor.pk, [line.pk], reason="OTHER", by=DAIRY),
        lambda: actions.report_short(world.vendor.pk, line.pk, available=1, by=DAIRY),
    ):
        with pytest.raises(OrderNotOpen):
            answer()


def test_only_one_order_is_rejected_at_a_time(world: World) -> None:
    lines = [only_line(buy(world).order).pk for _ in range(2)]
    with pytest.raises(InvalidInput):
        actions.reject_lines(world.vendor.pk, lines, reason="OTHER", by=DAIRY)


# -- too little --------------------------------------------------------------------------------------------------------


def test_of_ten_a_dairy_has_six_and_another_brings_four(world: World) -> None:
    second = another_dairy(world)
    order = buy(world, (world.milk, 10)).order
    line = only_line(order)
    actions.report_short(world.vendor.pk, line.pk, available=6, by=DAIRY)
    assert shares(order) == [(world.vendor.name, 6, "ACCEPTED"), (second.name, 4, "ASSIGNED")]
    assert_books_agree([order])
    assert fresh(order).grand_total == order.grand_total
    actions.report_short(world.vendor.pk, line.pk, available=6, by=DAIRY)  # the second tap
    assert len(shares(order)) == 2


def test_what_a_dairy_says_it_has_not_is_promised_to_nobody_else(world: World) -> None:
    another_dairy(world)
    line = only_line(buy(world, (world.milk, 10)).order)
    actions.report_short(world.vendor.pk, line.pk, available=6, by=DAIRY)
    shelf = Stock.objects.get(vendor=world.vendor, variant=world.milk)
    assert (shelf.on_hand, shelf.reserved) == (96, 6)


@pytest.mark.parametrize("available", [3, 5])
def test_a_dairy_that_has_enough_is_not_short(world: World, available: int) -> None:
    order = buy(world, (world.milk, 3)).order
    with pytest.raises(InvalidInput, match="accept the order instead") as refusal:
        actions.report_short(world.vendor.pk, only_line(order).pk, available=available, by=DAIRY)
    assert refusal.value.field == "available"
    assert shares(order) == [(world.vendor.name, 3, "ASSIGNED")]


def test_less_than_nothing_is_refused(world: World) -> None:
    with pytest.raises(InvalidInput):
        actions.report_short(world.vendor.pk, only_line(buy(world).order).pk, available=-1, by=DAIRY)


def test_what_nobody_has_whole_is_brought_by_several(world: World) -> None:
    some, few = another_dairy(world, on_hand=5), another_dairy(world, on_hand=3)
    order = buy(world, (world.milk, 10)).order
    actions.reject_lines(world.vendor.pk, [only_line(order).pk], reason="CLOSED", by=DAIRY)
    assert shares(order) == [(some.name, 5, "ASSIGNED"), (few.name, 3, "ASSIGNED"), (None, 2, "SHORT")]
    assert_books_agree([order])


def test_what_nobody_can_bring_nobody_pays_for(world: World) -> None:
    """Six of eight at 28 rupees: 224 were delivered free of charge, and 168 still are."""
    order = buy(world, (world.milk, 8)).order
    assert (order.items_total, order.delivery_total) == (rupees(224), rupees(0))
    actions.report_short(world.vendor.pk, only_line(order).pk, available=6, by=DAIRY)
    order = fresh(order)
    assert order.grand_total == rupees(168)
    assert order.delivery_total == rupees(0), "our shortage does not cost the household the free delivery"
    assert order.partial_fulfilment
    kept, short = lines_of(order)
    assert (kept.quantity, kept.total) == (6, rupees(168))
    assert (short.quantity, short.shortage, short.total, short.vendor) == (2, 2, rupees(0), None)
    assert_books_agree([order])
    event = Event.objects.get(name="order.line_short")
    assert (event.data["pieces"], event.data["is_whole"]) == (2, False)


def test_the_cash_at_the_door_is_what_comes(world: World, drain: Callable[[], int]) -> None:
    order = buy(world, (world.milk, 8)).order
    actions.report_short(world.vendor.pk, only_line(order).pk, available=6, by=DAIRY)
    drain()
    assert Payment.objects.get(order=order).amount == rupees(168)
    drain()
    assert Event.objects.filter(name="payment.lowered").count() == 1


def test_the_household_hears_of_it_at_once(world: World, drain: Callable[[], int]) -> None:
    order = buy(world, (world.milk, 8)).order
    drain()
    Notification.objects.all().delete()
    actions.report_short(world.vendor.pk, only_line(order).pk, available=6, by=DAIRY)
    drain()
    told = Notification.objects.get(role="CUSTOMER")
    assert (told.kind, told.data["order_id"]) == ("out_of_stock", order.pk)


def test_an_order_of_which_nothing_is_left_is_cancelled(world: World, drain: Callable[[], int]) -> None:
    order = buy(world, (world.milk, 2)).order
    drain()
    Notification.objects.all().delete()
    actions.reject_lines(world.vendor.pk, [only_line(order).pk], reason="CLOSED", by=DAIRY)
    drain()
    after = fresh(order)
    assert after.status == "CANCELLED"
    assert after.status_changes.last().reason == NOBODY_CAN_FILL  # type: ignore[union-attr]
    assert after.grand_total == order.grand_total, "what was cancelled can still be seen"
    assert shares(order) == [(None, 2, "REJECTED")]
    assert {moved.why for moved in StockMovement.objects.filter(reference=order.number, kind="RELEASE")} == {
        "No dairy can bring it"
    }
    assert Delivery.objects.get(order=order).status == "CANCELLED"
    assert [told.kind for told in Notification.objects.filter(role="CUSTOMER")] == ["order_cancelled"]
    assert_books_agree([order])


def test_one_line_short_leaves_the_other(world: World) -> None:
    milk, curd, _paneer = world.variants
    order = buy(world, (milk, 2), (curd, 1)).order
    first, _second = lines_of(order)
    actions.reject_lines(world.vendor.pk, [first.pk], reason="SOLD_OUT", by=DAIRY)
    assert shares(order) == [(None, 2, "SHORT"), (world.vendor.name, 1, "ASSIGNED")]
    assert_books_agree([order])
    actions.pack_order(order.pk, by=STAFF)
    assert [line.status for line in lines_of(order)] == ["SHORT", "PACKED"]


def test_a_short_line_is_not_delivered(world: World, drain: Callable[[], int]) -> None:
    milk, curd, _paneer = world.variants
    order = buy(world, (milk, 2), (curd, 1)).order
    actions.reject_lines(world.vendor.pk, [lines_of(order)[0].pk], reason="SOLD_OUT", by=DAIRY)
    drain()
    actions.pack_order(order.pk, by=STAFF)
    actions.mark_out_for_delivery(order.pk, by=STAFF)
    actions.mark_delivered(order.pk, by=STAFF)
    assert [(line.status, line.delivered_quantity) for line in lines_of(order)] == [("SHORT", 0), ("DELIVERED", 1)]


# -- places of the day -------------------------------------------------------------------------------------------------


def test_the_place_of_the_day_goes_along(world: World) -> None:
    second = another_dairy(world)
    order = buy(world).order
    actions.reject_lines(world.vendor.pk, [only_line(order).pk], reason="OTHER", by=DAIRY)
    places = dict(CapacityUse.objects.values_list("vendor_id", "orders"))
    assert places == {world.vendor.pk: 0, second.pk: 1}


def test_a_full_dairy_is_passed_over(world: World) -> None:
    full, free = another_dairy(world, rating="4.40"), another_dairy(world, rating="1.00")
    order = buy(world).order
    set_day_limit(full.pk, on=order.delivery_date, order_limit=0, note="Pongal", by=STAFF)
    actions.reject_lines(world.vendor.pk, [only_line(order).pk], reason="OTHER", by=DAIRY)
    assert shares(order) == [(free.name, 2, "ASSIGNED")]


def test_a_dairy_that_needs_more_days_is_passed_over(world: World) -> None:
    another_dairy(world, rating="4.40", lead_time_days=2)
    in_time = another_dairy(world, rating="1.00", lead_time_days=1)
    order = buy(world).order
    actions.reject_lines(world.vendor.pk, [only_line(order).pk], reason="OTHER", by=DAIRY)
    assert shares(order) == [(in_time.name, 2, "ASSIGNED")]


def test_a_dairy_that_brings_more_of_the_order_keeps_its_place(world: World) -> None:
    milk, curd, _paneer = world.variants
    second = another_dairy(world)
    order = buy(world, (milk, 1), (curd, 1)).order
    actions.reject_lines(world.vendor.pk, [lines_of(order)[0].pk], reason="OTHER", by=DAIRY)
    assert dict(CapacityUse.objects.values_list("vendor_id", "orders")) == {world.vendor.pk: 1, second.pk: 1}
    assert_books_agree([order])


# -- a dairy that stops ------------------------------------------------------------------------------------------------


def work(drain: Callable[[], int]) -> None:
    """What a worker does: events, then the tasks that they queue."""
    while True:
        drain()
        queued = [row for row in OrmQ.objects.all() if row.func().startswith("orders.tasks.")]
        if not queued:
            return
        for row in queued:
            task = row.task
            room, _dot, function = task["func"].rpartition(".")
            row.delete()
            getattr(import_module(room), function)(*task["args"])


def test_the_open_work_of_a_dairy_that_stops_moves_on(world: World, drain: Callable[[], int]) -> None:
    orders = [buy(world, buyer=Buyer(name="Asha", email=f"a{n}@example.com")).order for n in range(3)]
    packed = buy(world).order
    actions.pack_order(packed.pk, by=STAFF)
    second = another_dairy(world, on_hand=4)
    drain()
    deactivate_vendor(world.vendor.pk, by=STAFF)
    work(drain)
    assert [shares(order) for order in orders] == [
        [(second.name, 2, "ASSIGNED")],
        [(second.name, 2, "ASSIGNED")],
        [(None, 2, "REJECTED")],
    ]
    assert [fresh(order).status for order in orders] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert shares(packed) == [(world.vendor.name, 2, "PACKED")]
    assert {answer.kind for answer in VendorAnswer.objects.all()} == {"STOPPED"}
    assert_books_agree([*orders, packed])


def test_a_dairy_that_was_switched_on_again_keeps_its_work(world: World, drain: Callable[[], int]) -> None:
    order = buy(world).order
    drain()
    deactivate_vendor(world.vendor.pk, by=STAFF)
    activate_vendor(world.vendor.pk, by=STAFF)
    work(drain)
    assert shares(order) == [(world.vendor.name, 2, "ASSIGNED")]


def test_what_was_confirmed_after_its_dairy_stopped_moves_on_too(world: World, drain: Callable[[], int]) -> None:
    second = another_dairy(world)
    order = buy(world).order
    type(world.vendor).objects.filter(pk=world.vendor.pk).update(is_active=False)
    work(drain)
    assert shares(order) == [(second.name, 2, "ASSIGNED")]


def test_a_whole_day_is_given_back(world: World, drain: Callable[[], int]) -> None:
    second = another_dairy(world)
    orders = [buy(world, buyer=Buyer(name="Asha", email=f"a{n}@example.com")).order for n in range(2)]
    drain()
    actions.reject_day(world.vendor.pk, on=orders[0].delivery_date, reason="CLOSED", by=DAIRY)
    work(drain)
    assert [shares(order) for order in orders] == [[(second.name, 2, "ASSIGNED")]] * 2
    assert_books_agree(orders)


def test_a_day_that_was_given_back_gets_no_further_orders(world: World, drain: Callable[[], int]) -> None:
    second = another_dairy(world)
    order = buy(world).order
    drain()
    actions.reject_day(world.vendor.pk, on=order.delivery_date, reason="CLOSED", by=DAIRY)
    later = buy(world, buyer=Buyer(name="Asha", email="later@example.com")).order
    work(drain)
    assert [shares(each) for each in (order, later)] == [[(second.name, 2, "ASSIGNED")]] * 2
    assert VendorAnswer.objects.count() == 1
    assert_books_agree([order, later])


# -- what it leans on --------------------------------------------------------------------------------------------------


def test_an_order_that_was_only_held_was_never_confirmed(world: World) -> None:
    order = placed_order(customer=UserFactory(), basket=[(world.milk, 1)], slot=world.morning)
    actions.hold_order(order.pk, by=STAFF, reason="Nobody answers the phone")
    actions.cancel_order(order.pk, by=STAFF, reason="fraud")
    assert Event.objects.get(name="order.cancelled").data["was_confirmed"] is False
