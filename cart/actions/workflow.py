"""The engine of the checkout workflow.

Neighbouring database steps share one transaction and write their rows with it; an outside step stands between two
transactions, the later of which holds its row with those of the steps behind it. What is done is what is recorded, so
whoever comes after a crash goes on where the rows end. A refusal of the domain undoes the recorded steps in reverse; an
unforeseen error is tried again later.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from itertools import takewhile

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cart.actions.items import reopen_cart
from cart.actions.steps import APPROVAL, STEPS, Step, Waiting
from cart.events import CheckoutFailed
from cart.models import Checkout, CheckoutStep
from cart.rules import LEASE, back_off
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError
from milkdelivery.core.eventlog import emit
from milkdelivery.core.jobs import enqueue
from orders.actions import cancel_order
from orders.models import Order

log = logging.getLogger(__name__)

ATTEMPTS = 5
"""Errors of one step before the checkout is undone."""

RESUME_TASK = "cart.tasks.resume_stalled_checkouts"

UNDOING = "undo"
"""What errors of the way back are noted under: a failed attempt to undo is no attempt at a step."""

State = Checkout.State
Outcome = CheckoutStep.Outcome
_BY_NAME = {step.name: step for step in STEPS}


class GivenUp(DomainError):
    code = "checkout_given_up"


class OrderCalledOff(DomainError):
    """Somebody cancelled the order before its workflow was done."""

    code = "order_called_off"


def run_checkout(checkout_id: int, *, by: Actor, seen: Checkout | None = None) -> Checkout:
    """Carry the checkout on until it is done, undone, waiting, or stopped by an error that will be tried again.

    Whoever has just `seen` it spares a look: what it does is decided under locks. Safe to repeat and to run twice at
    once. Never raises for what happens inside a step.
    """
    is_running = seen is not None and seen.state == State.RUNNING
    checkout = seen if seen is not None and is_running else Checkout.objects.get_whole(checkout_id)
    while checkout.state in (State.RUNNING, State.COMPENSATING):
        try:
            checkout = _advance(checkout, by)
        except Exception as problem:
            goes_on = _stumble(checkout, problem)
            checkout = Checkout.objects.get_whole(checkout_id)
            if not goes_on:
                break
    return checkout


def _advance(checkout: Checkout, by: Actor) -> Checkout:
    """One transaction further, or one outside step; how the checkout stands then."""
    if checkout.state == State.COMPENSATING:
        return _undo_next(checkout.pk, by)
    if _BY_NAME[checkout.next_step].is_outside:
        return _run_outside(checkout, by)
    return _run_group(checkout.pk, by)


def _stumble(checkout: Checkout, problem: Exception) -> bool:
    """Turn around where the domain said no; else note when to try again. Whether it goes on now."""
    if isinstance(problem, DomainError) and checkout.state == State.RUNNING:
        _refuse(checkout.pk, checkout.next_step, problem)
        return True
    log.error("checkout step failed", exc_info=problem, extra={"checkout": checkout.pk, "step": checkout.next_step})
    return _retry_later(checkout.pk, checkout.next_step, problem)


def resume_checkout(checkout_id: int, *, by: Actor) -> Checkout:
    """What a waiting checkout waited for has happened: its step runs again. Safe to repeat."""
    with transaction.atomic():
        checkout = Checkout.objects.locked(checkout_id)
        if checkout.state == State.WAITING:
            checkout.state, checkout.waiting_for = State.RUNNING, ""
            checkout.next_attempt_at = clock.real_now() + LEASE
            checkout.save(update_fields=["state", "waiting_for", "next_attempt_at"])
    return run_checkout(checkout_id, by=by)


def stop_waiting(order_id: int) -> None:
    """Word came of what a checkout waits for (its payment, a manager, or the end of its order): a worker carries it on.

    Safe to repeat.
    """
    with transaction.atomic():
        checkout = Checkout.objects.locked_of_order(order_id)
        if checkout is None or checkout.state != State.WAITING:
            return
        checkout.state, checkout.waiting_for = State.RUNNING, ""
        checkout.next_attempt_at = clock.real_now()
        checkout.save(update_fields=["state", "waiting_for", "next_attempt_at"])
        enqueue(RESUME_TASK)


def claim_stalled(limit: int = 50) -> list[int]:
    """Checkouts whose runner died or whose next attempt is due, leased to the caller. Two callers share none."""
    with transaction.atomic():
        ids = Checkout.objects.locked_stalled(clock.real_now(), limit)
        Checkout.objects.filter(pk__in=ids).update(next_attempt_at=clock.real_now() + LEASE)
    return ids


def _run_group(checkout_id: int, by: Actor) -> Checkout:
    """The next database steps, up to the next outside step, in one transaction with their rows."""
    with transaction.atomic():
        checkout = Checkout.objects.locked(checkout_id)
        if checkout.state != State.RUNNING or _BY_NAME[checkout.next_step].is_outside:
            return checkout
        return _run_locked_group(checkout, by)


def _run_locked_group(checkout: Checkout, by: Actor, *, behind: Sequence[CheckoutStep] = ()) -> Checkout:
    """The same for a checkout that is locked; rows of steps that lie just behind it are saved with theirs."""
    _ensure_wanted(checkout)
    done = [*behind]
    if _is_held(checkout):
        CheckoutStep.objects.bulk_create(done)
        return _park_held(checkout)
    group = list(takewhile(lambda step: not step.is_outside, _from(checkout.next_step)))
    for step in group:
        checkout.next_step = step.name
        try:
            waiting = step.run(checkout, by)
        except DomainError as refusal:
            refusal.facts.setdefault("step", step.name)
            raise
        outcome = Outcome.WAITING if waiting else Outcome.DONE
        done.append(_row(checkout, step.name, outcome, waiting.reason if waiting else ""))
        if waiting:
            CheckoutStep.objects.bulk_create(done, ignore_conflicts=True)  # it may wait more than once
            _park(checkout, waiting)
            return checkout
    CheckoutStep.objects.bulk_create(done)
    _go_on(checkout, after=group[-1])
    return checkout


def _run_outside(checkout: Checkout, by: Actor) -> Checkout:
    """A step that talks to the outside, of a running checkout as it was just read; then a transaction that records
    what it said, and goes on with the steps behind it where it is done."""
    step = _BY_NAME[checkout.next_step]
    _ensure_wanted(checkout)
    if _is_held(checkout):
        return _wait_for_approval(checkout.pk, step)
    waiting = step.run(checkout, by)
    if waiting:
        return _wait_outside(checkout.pk, step, waiting)
    with suppress(Exception):  # a step behind it failed: what was done outside is noted alone, and that one runs again
        return _finish_outside(checkout.pk, step, by)
    return _note_outside(checkout.pk, step)


def _finish_outside(checkout_id: int, step: Step, by: Actor) -> Checkout:
    with transaction.atomic():
        checkout = Checkout.objects.locked(checkout_id)
        if not _stands_at(checkout, step):
            return checkout
        done = _row(checkout, step.name, Outcome.DONE)
        checkout.next_step, checkout.attempts = _from(step.name)[1].name, 0
        return _run_locked_group(checkout, by, behind=[done])


def _note_outside(checkout_id: int, step: Step) -> Checkout:
    with transaction.atomic():
        checkout = Checkout.objects.locked(checkout_id)
        if _stands_at(checkout, step):
            _row(checkout, step.name, Outcome.DONE).save()
            _go_on(checkout, after=step)
    return checkout


def _wait_outside(checkout_id: int, step: Step, waiting: Waiting) -> Checkout:
    with transaction.atomic():
        checkout = Checkout.objects.locked(checkout_id)
        if not _stands_at(checkout, step) or (step.still and not step.still(checkout)):
            return checkout  # word came while it was asked for: the step runs again
        waits = _row(checkout, step.name, Outcome.WAITING, waiting.reason)
        CheckoutStep.objects.bulk_create([waits], ignore_conflicts=True)  # it may wait more than once
        _park(checkout, waiting)
    return checkout


def _stands_at(checkout: Checkout, step: Step) -> bool:
    """Whether nobody else was faster."""
    return checkout.state == State.RUNNING and checkout.next_step == step.name


def _ensure_wanted(checkout: Checkout) -> None:
    """Nothing is promised or charged for an order that was cancelled meanwhile. Raises OrderCalledOff."""
    if checkout.order.status == Order.Status.CANCELLED:
        raise OrderCalledOff(_("This order was cancelled."))


def _is_held(checkout: Checkout) -> bool:
    return checkout.order.status == Order.Status.ON_HOLD


def _wait_for_approval(checkout_id: int, step: Step) -> Checkout:
    """An order was held just before an outside step: park, unless it was decided meanwhile."""
    with transaction.atomic():
        checkout = Checkout.objects.locked(checkout_id)
        if _stands_at(checkout, step) and _is_held(checkout):
            return _park_held(checkout)
    return checkout


def _park_held(checkout: Checkout) -> Checkout:
    """Nothing goes on with an order on hold, whoever held it: a manager's word wakes its checkout."""
    waits = _row(checkout, checkout.next_step, Outcome.WAITING, APPROVAL)
    CheckoutStep.objects.bulk_create([waits], ignore_conflicts=True)
    _park(checkout, Waiting(APPROVAL))
    return checkout


def _undo_next(checkout_id: int, by: Actor) -> Checkout:
    """Undo the last recorded step that is not undone yet; when nothing is left, cancel the order and open the cart."""
    checkout = Checkout.objects.get_whole(checkout_id)
    step = _to_undo(checkout)
    if step is None:
        return _finish_undone(checkout_id, by)
    if step.is_outside and step.undo:
        step.undo(checkout, by)
    with transaction.atomic():
        checkout = Checkout.objects.locked(checkout_id)
        if checkout.state != State.COMPENSATING or _to_undo(checkout) != step:
            return checkout
        if step.undo and not step.is_outside:
            step.undo(checkout, by)
        _row(checkout, step.name, Outcome.UNDONE).save()
    return checkout


def _finish_undone(checkout_id: int, by: Actor) -> Checkout:
    with transaction.atomic():
        checkout = Checkout.objects.locked(checkout_id)
        if checkout.state != State.COMPENSATING:
            return checkout
        checkout.order = cancel_order(checkout.order_id, by=Actor.system("checkout"), reason=checkout.failure_code)
        if checkout.cart is not None:
            reopen_cart(checkout.cart)
        checkout.cart = None
        checkout.state, checkout.next_step, checkout.next_attempt_at = State.FAILED, "", None
        checkout.finished_at = clock.now()
        checkout.save()
        emit(CheckoutFailed(checkout.order_id, checkout.order.customer_id, checkout.failure_code), actor=by)
    return checkout


def _refuse(checkout_id: int, at_step: str, refusal: DomainError) -> None:
    """The domain said no: remember why, and turn around."""
    with transaction.atomic():
        checkout = Checkout.objects.locked(checkout_id)
        if checkout.state != State.RUNNING or checkout.next_step != at_step:
            return
        step = refusal.facts.get("step", at_step)
        _row(checkout, step, Outcome.REFUSED, str(refusal.message)).save()
        checkout.state = State.COMPENSATING
        checkout.failure_code = refusal.code
        checkout.failure_message = str(refusal.message)[:255]
        checkout.attempts = 0
        checkout.save()


def _retry_later(checkout_id: int, at_step: str, error: Exception) -> bool:
    """Note an error and when to try again. True when it was one too many and the checkout turns around now.

    Undoing never gives up. Its errors have a name of their own, apart from those of the step it turned around at.
    """
    with transaction.atomic():
        checkout = Checkout.objects.locked(checkout_id)
        if checkout.next_step != at_step or checkout.state not in (State.RUNNING, State.COMPENSATING):
            return True
        name = at_step if checkout.state == State.RUNNING else UNDOING
        _row(checkout, name, Outcome.ERROR, repr(error)).save()
        checkout.attempts += 1
        checkout.next_attempt_at = clock.real_now() + back_off(checkout.attempts)
        checkout.save()
        too_many = checkout.state == State.RUNNING and checkout.attempts >= ATTEMPTS
    if too_many:
        _refuse(checkout_id, at_step, GivenUp(_("Something on our side failed. Nothing was ordered.")))
    return too_many


def _row(checkout: Checkout, step: str, outcome: str, detail: str = "") -> CheckoutStep:
    return CheckoutStep(
        checkout=checkout,
        name=step,
        attempt=checkout.attempts + 1,
        outcome=outcome,
        detail=detail[:255],
        occurred_at=clock.now(),
    )


def _go_on(checkout: Checkout, *, after: Step) -> None:
    following = _from(after.name)[1:]
    checkout.next_step = following[0].name if following else ""
    checkout.attempts = 0
    checkout.next_attempt_at = clock.real_now() + LEASE
    if not following:
        checkout.state, checkout.next_attempt_at, checkout.finished_at = State.DONE, None, clock.now()
    checkout.save()


def _park(checkout: Checkout, waiting: Waiting) -> None:
    checkout.state, checkout.waiting_for, checkout.next_attempt_at = State.WAITING, waiting.reason, None
    checkout.save()


def _from(name: str) -> Sequence[Step]:
    return STEPS[STEPS.index(_BY_NAME[name]) :]


def _to_undo(checkout: Checkout) -> Step | None:
    """The last step that was done, or waits, and is not undone: what is recorded decides."""
    rows = list(checkout.steps.values_list("name", "outcome"))
    undone = {name for name, outcome in rows if outcome == Outcome.UNDONE}
    begun = {name for name, outcome in rows if outcome in (Outcome.DONE, Outcome.WAITING, Outcome.ERROR)}
    return next((step for step in reversed(STEPS) if step.name in begun - undone), None)
