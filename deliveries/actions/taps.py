"""What a driver taps, applied once: by page, by single calls, and by phones that send hours later what was tapped
offline. docs/adr/0022-what-a-driver-tapped.md says by which rule any order of arrival ends the same."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from deliveries.actions.doors import mark_delivered, mark_picked_up
from deliveries.actions.failing import mark_failed
from deliveries.actions.proofs import drop_proof, ensure_photo, show_proof
from deliveries.actions.rounds import close_route, start_route
from deliveries.actions.taplog import Applied, Sent, keep_tap, known_tap, refuse, settle_refused, time_of
from deliveries.actions.transitions import settle_tap
from deliveries.actions.undoing import undo_word
from deliveries.events import DriverActionLookedAt
from deliveries.models import Delivery, Driver, DriverAction, FailedAttempt, Route, word_that_stands
from deliveries.rules import OPEN, taps
from deliveries.rules.status import (
    AlreadyFailed,
    AlreadySaid,
    DeliveryCalledOff,
    KeyOfAnotherTap,
    NothingLoaded,
    NothingToUndo,
    NotPickedUp,
    RoundOver,
    TapsMissing,
    UndoTooLate,
)
from deliveries.rules.taps import Reading, Tap, read
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError, NotFound
from milkdelivery.core.eventlog import emit
from milkdelivery.core.money import Money

Kind, Result = DriverAction.Kind, DriverAction.Result
Status = Delivery.Status


class _Blamed(Exception):
    """What the books refuse, and the tap that asked for it."""

    def __init__(self, tap: Tap, refusal: DomainError) -> None:
        super().__init__(str(refusal))
        self.tap, self.refusal = tap, refusal


def tap(sent: Sent, *, driver: Driver, by: Actor) -> Applied:
    """Apply one tap of a driver and keep it, once per key: a repeat is answered as the first was.

    A refusal is kept and returned, not raised: only what can't be kept raises (KeyOfAnotherTap). Locks the round, the
    delivery, and what the tap moves. Emits DriverActionRefused, and what the tap does.
    """
    if sent.kind in (Kind.START, Kind.CLOSE):
        applied = _tap_round(sent, driver=driver, by=by)
    else:
        applied = _tap_stop(sent, driver=driver, by=by)
    if applied.action.route_id is not None:
        _close_what_waits(applied.action.route_id, driver=driver, by=by)
        applied.action.refresh_from_db(fields=["result", "code", "said"])
    return applied


def tap_all(batch: Iterable[Sent], *, driver: Driver, by: Actor) -> list[Applied | KeyOfAnotherTap]:
    """Apply what a phone kept while it was offline, in the order of its clock, each in a transaction of its own.

    One that is refused stops none of the others, nor one whose key was used for another. The answers are in the order
    of `batch`.
    """
    sent = list(batch)
    now = clock.now()
    order = sorted(range(len(sent)), key=lambda place: (sent[place].device_at or now, place))
    applied = {place: _tap_or_why_not(sent[place], driver=driver, by=by) for place in order}
    return [applied[place] for place in range(len(sent))]


def _tap_or_why_not(sent: Sent, *, driver: Driver, by: Actor) -> Applied | KeyOfAnotherTap:
    try:
        return tap(sent, driver=driver, by=by)
    except KeyOfAnotherTap as refusal:
        return refusal


def look_at_action(action_id: int, *, by: Actor) -> DriverAction:
    """Staff have found out what a late tap meant. Safe to repeat. Emits DriverActionLookedAt."""
    with transaction.atomic():
        action = DriverAction.objects.locked(action_id)
        if not action.needs_look:
            return action
        action.needs_look, action.looked_at, action.looked_at_by = False, clock.now(), by.label
        action.save(update_fields=["needs_look", "looked_at", "looked_at_by"])
        emit(DriverActionLookedAt(action.pk, action.driver_id), actor=by)
    return action


# -- at a stop -------------------------------------------------------------------------------------------------------


def _tap_stop(sent: Sent, *, driver: Driver, by: Actor) -> Applied:
    with transaction.atomic():
        route_id = _route_of(sent, driver)
        route = Route.objects.locked(route_id) if route_id is not None else None
        known = known_tap(sent, driver)
        if known is not None:
            return known
        there = Delivery.objects.filter(pk=sent.subject_id).first()
        action = keep_tap(sent, driver, delivery=there, route=route)
        if route is None or there is None:
            return refuse(action, NotFound(_("There is no such delivery on your round.")), by=by)
        delivery = Delivery.objects.locked_with_route(there.pk, route.pk)
        if route.is_over or delivery is None:
            return _after_the_round(action, there if delivery is None else delivery, by=by)
        if delivery.status == Status.CANCELLED:
            words = _("Order %(number)s was cancelled. Bring it back to the hub.")
            if delivery.picked_up_at is None:
                words = _("Order %(number)s was cancelled. It stays at the hub.")
            return refuse(action, DeliveryCalledOff(words % {"number": delivery.order.number}), by=by)
        refusal = _bring(action, route, by=by)
        _start_what_waits(route, by=by)
        action.refresh_from_db()
        return Applied(action, refusal)


def _route_of(sent: Sent, driver: Driver) -> int | None:
    """The driver's round that a tap at a stop is about: the one that it stands on, or stood on when it was tapped.

    An order that could not be handed over stands on another round by now, perhaps another driver's.
    """
    tried = FailedAttempt.objects.true().filter(delivery_id=sent.subject_id, put_back_at__isnull=False)
    earlier = tried.filter(stop__route__driver=driver).order_by("-pk").values_list("put_back_at", "stop__route_id")
    now_on = Delivery.objects.filter(pk=sent.subject_id, stop__route__driver=driver)
    current: int | None = now_on.values_list("stop__route_id", flat=True).first()
    at = time_of(sent, not_before=None)
    stood_on = next(
        (route_id for back_at, route_id in earlier if current is None or back_at is None or at <= back_at), None
    )
    return stood_on or current


def _bring(action: DriverAction, route: Route, *, by: Actor) -> DomainError | None:
    """Bring the delivery where all taps at its stop say that it is; why the new one counts for nothing, where so.

    What the books refuse is put down to the tap that asked for it, and the others are read without it.
    """
    delivery_id = action.delivery_id or 0
    refusal: DomainError | None = None
    while True:
        delivery = Delivery.objects.locked_with_route(delivery_id, route.pk)
        actions = {each.pk: each for each in DriverAction.objects.at_stop(delivery_id, route.pk)}
        stands = word_that_stands(list(actions.values()))
        if delivery is None or action.pk not in actions:
            break
        if delivery.status in (Status.DELIVERED, Status.FAILED) and stands is None:
            return _against_staff(action, delivery, by=by)
        out_since = _out_by_another_hand(delivery, actions.values(), now=action.received_at)
        reading = read([each.tap for each in actions.values()], out_since=out_since)
        try:
            with transaction.atomic():
                _move(delivery, route, reading, stands, actions, new=action, by=by)
        except _Blamed as blamed:
            to_blame = actions[blamed.tap.pk]
            settle_refused(to_blame, blamed.refusal, by=by)
            if to_blame.pk == action.pk:
                refusal = blamed.refusal
            continue
        for pk, (result, code) in reading.results.items():
            if result != Result.REFUSED:
                settle_tap(actions[pk], result)
                if result == Result.TAKEN_BACK:
                    drop_proof(actions[pk])
                continue
            found = _refusal_by_order(code, actions[pk])
            settle_refused(actions[pk], found, by=by)
            if pk == action.pk:
                refusal = found
        show_proof(delivery_id, word_that_stands(list(actions.values())))
        break
    return refusal


def _out_by_another_hand(delivery: Delivery, actions: Iterable[DriverAction], *, now: datetime) -> datetime | None:
    """When somebody else than the driver said that it left the hub, if they did."""
    if any(each.kind == Kind.PICKED_UP and each.result == Result.DONE for each in actions):
        return None
    return min(delivery.picked_up_at, now) if delivery.picked_up_at is not None else None


def _move(
    delivery: Delivery,
    route: Route,
    reading: Reading,
    stands: DriverAction | None,
    actions: Mapping[int, DriverAction],
    *,
    new: DriverAction,
    by: Actor,
) -> None:
    """From where the delivery is to what the taps say. Raises _Blamed."""
    word = reading.word
    if stands is not None and (word is None or word.pk != stands.pk):
        blame = reading.taken_back_by.get(stands.pk) or word or new.tap
        _blaming(blame, lambda: undo_word(delivery, route, by=by))
        stands = None
    if delivery.status in OPEN and reading.pick_up is not None:
        pick_up = reading.pick_up
        _blaming(pick_up, lambda: mark_picked_up(delivery.pk, by=by, at=pick_up.at))
    if word is not None and stands is None:
        said = actions[word.pk].payload
        _blaming(word, lambda: _say(delivery, word, said, by=by))


def _say(delivery: Delivery, word: Tap, said: Mapping[str, Any], *, by: Actor) -> None:
    if word.kind == Kind.DELIVERED:
        cash = said.get("cash")
        taken = None if cash is None else Money(int(cash), str(said.get("currency", delivery.currency)))
        ensure_photo(delivery, has_photo=bool(said.get("has_photo")))
        mark_delivered(delivery.pk, by=by, cash_collected=taken, empties=int(said.get("empties", 0)), at=word.at)
    else:
        mark_failed(delivery.pk, by=by, reason=said["reason"], note=str(said.get("note", "")), at=word.at)


def _blaming(tap: Tap, do: Callable[[], object]) -> None:
    try:
        do()
    except DomainError as refusal:
        raise _Blamed(tap, refusal) from refusal


def _against_staff(action: DriverAction, delivery: Delivery, *, by: Actor) -> DomainError | None:
    """A word stands that no driver tapped. The same once more changes nothing, any other is refused."""
    if action.kind == delivery.status or action.kind == Kind.PICKED_UP:
        settle_tap(action, Result.ALREADY)
        return None
    is_delivered = delivery.status == Status.DELIVERED
    refusal = _refusal_by_order(taps.ALREADY_DELIVERED if is_delivered else taps.ALREADY_FAILED, action)
    settle_refused(action, refusal, by=by)
    return refusal


def _after_the_round(action: DriverAction, delivery: Delivery, *, by: Actor) -> Applied:
    """The round is over, its money and goods are settled. What agrees with that is well; anything else is for staff."""
    is_so = action.kind == delivery.status and action.route_id == _route_now(delivery)
    if action.kind == Kind.FAILED:
        failed = FailedAttempt.objects.true().filter(delivery=delivery, stop__route=action.route)
        is_so = is_so or failed.exists()
    if is_so or (action.kind == Kind.PICKED_UP and delivery.picked_up_at is not None):
        settle_tap(action, Result.ALREADY)
        return Applied(action)
    return refuse(action, RoundOver(_("This round is closed. Tell the hub what happened at this stop.")), by=by)


def _route_now(delivery: Delivery) -> int | None:
    return delivery.stop.route_id if delivery.stop is not None else None


def _refusal_by_order(code: str, action: DriverAction) -> DomainError:
    """In words that a driver understands."""
    if code == taps.NOT_PICKED_UP:
        return NotPickedUp(_("Mark it picked up first."))
    if code == taps.ALREADY_DELIVERED:
        return AlreadySaid(_("This was noted as delivered. Take that back first, or ask the hub."))
    if code == taps.ALREADY_FAILED:
        return AlreadyFailed(_("This was noted as not handed over. Take that back first, or ask the hub."))
    if code == taps.UNDO_TOO_LATE:
        return UndoTooLate(_("That was more than five minutes ago. Ask the hub to take it back."))
    return NothingToUndo(_("There is nothing to take back."))


# -- of a round ------------------------------------------------------------------------------------------------------


def _tap_round(sent: Sent, *, driver: Driver, by: Actor) -> Applied:
    """A round is closed in many transactions, so the tap is kept first, and done after."""
    with transaction.atomic():
        mine = Route.objects.filter(pk=sent.subject_id, driver=driver).exists()
        route = Route.objects.locked(sent.subject_id) if mine else None
        known = known_tap(sent, driver)
        if known is not None and known.action.result != Result.WAITING:
            return known
        action = known.action if known is not None else keep_tap(sent, driver, delivery=None, route=route)
        if route is None:
            return refuse(action, NotFound(_("There is no such round.")), by=by)
    if action.kind == Kind.CLOSE and _missing(action):
        return Applied(
            action, TapsMissing(_("Some of what you tapped has not arrived yet. The round closes once it has."))
        )
    return _do_round(action, driver=driver, by=by)


def _do_round(action: DriverAction, *, driver: Driver, by: Actor) -> Applied:
    route_id = action.route_id or 0
    try:
        if action.kind == Kind.START:
            start_route(route_id, by=by, driver_id=driver.pk)
        else:
            close_route(route_id, by=by, driver_id=driver.pk)
    except DomainError as refusal:
        with transaction.atomic():
            return refuse(action, refusal, by=by)
    settle_tap(action, Result.DONE)
    return Applied(action)


def _missing(action: DriverAction) -> bool:
    """Whether taps that the phone made before this one have not arrived."""
    keys = set(action.payload.get("after", ()))
    return DriverAction.objects.filter(driver_id=action.driver_id, key__in=keys).count() < len(keys)


def _start_what_waits(route: Route, *, by: Actor) -> None:
    """The driver's "left the hub" arrived before what was loaded: now something is. The round is locked."""
    if route.status != Route.Status.PLANNED:
        return
    early = DriverAction.objects.filter(route=route, kind=Kind.START, result=Result.REFUSED, code=NothingLoaded.code)
    for action in early.order_by("happened_at"):
        loaded = DriverAction.objects.filter(route=route, kind=Kind.PICKED_UP, result=Result.DONE)
        if loaded.filter(happened_at__lte=action.happened_at).exists():
            start_route(route.pk, by=by)
            settle_tap(action, Result.DONE)
            return


def _close_what_waits(route_id: int, *, driver: Driver, by: Actor) -> None:
    """The driver's "close the round" arrived before all that was tapped before it: is it all there now?"""
    waiting = DriverAction.objects.filter(route_id=route_id, kind=Kind.CLOSE, result=Result.WAITING)
    for action in waiting:
        if not _missing(action):
            _do_round(action, driver=driver, by=by)
