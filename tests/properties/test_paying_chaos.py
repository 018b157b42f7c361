"""Whatever a household, a bank, staff and the clock do, in whatever order: nobody pays twice, nothing is kept that an
order does not need, and payments, orders, stock and books agree."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from cart.actions import resume_checkout
from cart.models import Checkout
from inventory.models import Stock
from milkdelivery.core import clock
from milkdelivery.core.errors import DomainError
from milkdelivery.core.money import Money
from orders.actions import cancel_order
from orders.models import Order
from payments.actions import Wish, look_at_payment, pay, process_webhook, receive_webhook, refund_payment
from payments.gateways.demo import bank
from payments.gateways.demo.scenarios import ALL
from payments.models import DemoCharge, Payment, RefundMovement, Webhook
from tests.cart.shopping import GUEST
from tests.concurrency.dying import lives
from tests.factories.world import small_world
from tests.payments.books import assert_books_add_up, counted
from tests.payments.paying import EVENING, STAFF, by_card, unpaid, worker

pytestmark = pytest.mark.django_db(transaction=True)

HISTORIES = 12
STEPS = 9


class Story:
    """One order and everything that happens about its money, by a seeded random choice."""

    def __init__(self, seed: int, at: Callable[[str], datetime], drain: Callable[[], int]) -> None:
        self.dice, self.at, self.drain = random.Random(seed), at, drain
        self.run: Checkout = unpaid(small_world(on_hand=10))
        self.told: list[str] = []

    def go(self) -> None:
        deeds = [self.try_card, self.try_card, self.wait, self.letters, self.letters, self.answer, self.look, self.work]
        for _ in range(STEPS):
            deed = self.dice.choice([*deeds, self.cancel] if self.dice.random() < 0.3 else deeds)
            self.told.append(deed.__name__)
            try:
                deed()
            except DomainError as refusal:
                self.told.append(refusal.code)
        for _ in range(4):
            self.wait(minutes=20)
            self.letters()
            worker(self.drain)

    def try_card(self) -> None:
        scenario = self.dice.choice([each for each in ALL if each.gives_back])  # else somebody has to step in
        if scenario.card:
            live = Payment.objects.filter(order=self.run.order_id, status="PENDING").first()
            instead = live.pk if live and self.dice.random() < 0.5 else None
            self.told.append(scenario.name)
            payment = pay(self.run.order_id, by_card(scenario.name, instead_of=instead), by=GUEST)
            if payment.status != "PENDING":
                resume_checkout(self.run.pk, by=GUEST)

    def wait(self, *, minutes: int = 3) -> None:
        self.at((clock.now() + timedelta(minutes=minutes)).isoformat())
        bank.settle_due()

    def letters(self) -> None:
        """Every word that the bank has, one to five times, in any order; some are acted on at once."""
        ended = DemoCharge.objects.filter(state__in=["PAID", "FAILED"])
        words = [bank.letter(charge) for charge in ended for _ in range(self.dice.randint(1, 5))]
        self.dice.shuffle(words)
        for headers, body in words:
            kept = receive_webhook("demo", headers, body)
            if self.dice.random() < 0.7:
                process_webhook(kept.pk)

    def answer(self) -> None:
        for charge in DemoCharge.objects.filter(state="CHALLENGED"):
            bank.answer(charge.secret, approve=self.dice.random() < 0.7)

    def look(self) -> None:
        for payment in Payment.objects.filter(order=self.run.order_id):
            look_at_payment(payment.pk, by=GUEST)

    def work(self) -> None:
        worker(self.drain)

    def cancel(self) -> None:
        cancel_order(self.run.order_id, by=STAFF, reason="called")


def assert_all_agree(story: Story) -> None:
    order = Order.objects.get(pk=story.run.order_id)
    payments = list(Payment.objects.filter(order=order))
    story.run.refresh_from_db()
    by_reference = {charge.reference: charge for charge in DemoCharge.objects.all()}
    kept = Money.zero("INR")
    for payment in payments:
        charge = by_reference[payment.gateway_reference]
        assert payment.is_captured == (charge.state == "PAID"), story.told
        back = sum(charge.refunds.values())
        moved = RefundMovement.objects.filter(refund__payment=payment, status="DONE")
        assert back == sum(m.refund.amount.minor for m in moved) == payment.refunded.minor, story.told
        if payment.is_captured:
            kept += payment.amount - payment.refunded
    is_alive = order.status == "CONFIRMED"
    assert (order.status, story.run.state) in {("CONFIRMED", "DONE"), ("CANCELLED", "FAILED"), ("CANCELLED", "DONE")}
    assert kept == (order.grand_total if is_alive else Money.zero("INR")), story.told
    assert (order.payment_status == "PAID") == is_alive, story.told
    reserved = sum(stock.reserved for stock in Stock.objects.all())
    assert reserved == (2 if is_alive else 0), story.told
    assert_books_add_up()
    assert counted().get("PAID_AHEAD", 0) == kept.minor, story.told
    assert counted().get("GATEWAY", 0) == -kept.minor, story.told
    assert not Webhook.objects.filter(status="FAILED").exists()


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_whatever_happens_all_agree_in_the_end(
    seed: int, at: Callable[[str], datetime], drain: Callable[[], int]
) -> None:
    at(EVENING.isoformat())
    story = Story(seed, at, drain)
    story.go()
    assert_all_agree(story)


@pytest.mark.slow
@pytest.mark.parametrize("thousand", range(10))
def test_ten_thousand_histories_all_agree_in_the_end(
    thousand: int, at: Callable[[str], datetime], drain: Callable[[], int]
) -> None:
    """A thousand at a time, so that several processes can share them."""
    seeds = iter(range(1000 * thousand, 1000 * (thousand + 1)))

    def once() -> bool:
        seed = next(seeds, None)
        if seed is not None:
            at(EVENING.isoformat())
            story = Story(seed, at, drain)
            story.go()
            assert_all_agree(story)
        return seed is not None

    assert lives(once) == 1000


def test_the_comparison_sees_money_that_was_kept(at: Callable[[str], datetime], drain: Callable[[], int]) -> None:
    at(EVENING.isoformat())
    story = Story(1, at, drain)
    payment = pay(story.run.order_id, by_card("success"), by=GUEST)
    resume_checkout(story.run.pk, by=GUEST)
    assert_all_agree(story)
    refund_payment(payment.pk, Wish("x", amount=Money(1, "INR")), key="a", by=STAFF)
    with pytest.raises(AssertionError):
        assert_all_agree(story)
