"""Two tabs, two clerks, two workers at the same money. The race of two refunds is shown with the lock off first."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest
from django.db import IntegrityError

from cart.actions import resume_checkout
from milkdelivery.core import clock
from milkdelivery.core.models import Event
from milkdelivery.core.money import Money
from payments.actions import (
    NotPayable,
    Wish,
    move_refund,
    pay,
    process_webhook,
    receive_webhook,
    refund_payment,
    refunding,
)
from payments.gateways.demo import bank
from payments.models import DemoCharge, Payment, Refund, RefundMovement, Webhook
from payments.models.payment import PaymentQuerySet
from tests.cart.shopping import GUEST
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.world import small_world
from tests.payments.paying import EVENING, PAID, STAFF, by_card, states, try_card, unpaid

pytestmark = pytest.mark.django_db(transaction=True)


def at_eve(work: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        with clock.override(EVENING):
            work()

    return run


def two_refunds(monkeypatch: pytest.MonkeyPatch) -> tuple[list[BaseException], int, Payment]:
    """Two clerks pay back sixty of seventy-six rupees at once, each having looked before the other wrote."""
    with clock.override(EVENING):
        payment = try_card(unpaid(small_world()), "success")
    meeting, weigh = Meeting(2), refunding._weigh

    def weigh_together(*args: object) -> object:
        seen = weigh(*args)  # type: ignore[arg-type]
        meeting.wait()
        return seen

    monkeypatch.setattr(refunding, "_weigh", weigh_together)
    sixty = Wish("x", amount=Money(6000, "INR"))
    works = [at_eve(partial(refund_payment, payment.pk, sixty, key=key, by=STAFF)) for key in "ab"]
    problems = in_threads(*works)
    return problems, sum(refund.amount.minor for refund in Refund.objects.all()), payment


def test_without_the_lock_two_refunds_pass_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PaymentQuerySet, "locked", lambda rows, pk: rows.get(pk=pk))
    problems, decided, payment = two_refunds(monkeypatch)
    assert problems == []
    assert decided > payment.amount.minor


def test_of_two_refunds_at_once_the_second_sees_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    problems, decided, _payment = two_refunds(monkeypatch)
    assert [getattr(problem, "code", repr(problem)) for problem in problems] == ["refund_too_much"]
    assert decided == 6000


def test_the_database_itself_gives_back_no_more_than_came() -> None:
    with clock.override(EVENING):
        payment = try_card(unpaid(small_world()), "success")
    with pytest.raises(IntegrityError):
        Payment.objects.filter(pk=payment.pk).update(refunded=payment.amount.minor + 1)


def test_two_workers_move_the_money_of_a_refund_once() -> None:
    with clock.override(EVENING):
        payment = try_card(unpaid(small_world()), "success")
        refund_payment(payment.pk, Wish("x"), key="a", by=STAFF)
    movement = RefundMovement.objects.get()
    assert in_threads(*[at_eve(lambda: move_refund(movement.pk, by=STAFF))] * 4) == []
    assert DemoCharge.objects.get().refunds == {movement.key: payment.amount.minor}
    assert Event.objects.named("payment.refunded").count() == 1


@pytest.mark.parametrize("cards", [("success", "success"), ("success", "declined")])
def test_two_tabs_pay_one_order_once(cards: tuple[str, str]) -> None:
    with clock.override(EVENING):
        run = unpaid(small_world())

    def tab(scenario: str) -> Callable[[], None]:
        def press() -> None:
            with suppress(NotPayable):
                pay(run.order_id, by_card(scenario, attempt=1), by=GUEST)
            resume_checkout(run.pk, by=GUEST)

        return at_eve(press)

    assert in_threads(tab(cards[0]), tab(cards[1]), tab(cards[0])) == []
    charges = DemoCharge.objects.filter(state="PAID").count()
    assert charges == Payment.objects.filter(status="SUCCEEDED").count() <= 1
    if charges:
        assert states(run) == PAID
        assert Event.objects.named("order.confirmed").count() == 1


def test_a_word_that_comes_at_once_from_everywhere_counts_once() -> None:
    with clock.override(EVENING):
        run = unpaid(small_world())
        try_card(run, "authenticate")
        bank.answer(DemoCharge.objects.get().secret, approve=True)
        headers, body = bank.letter(DemoCharge.objects.get())

    def deliver() -> None:
        process_webhook(receive_webhook("demo", headers, body).pk)
        resume_checkout(run.pk, by=GUEST)

    assert in_threads(*[at_eve(deliver)] * 5) == []
    assert Webhook.objects.count() == 1
    assert states(run) == PAID
    assert Event.objects.named("payment.succeeded").count() == 1
    assert Event.objects.named("order.checkout_completed").count() == 1
