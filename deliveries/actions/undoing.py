"""A wrong "delivered" or "not handed over" is taken back: delivery, order, payment and books in one transaction."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from deliveries.actions.proofs import drop_proof, show_proof
from deliveries.actions.transitions import settle_tap, undo_move
from deliveries.events import DeliveryUndone
from deliveries.models import Delivery, DriverAction, FailedAttempt, Route, word_that_stands
from deliveries.rules import ensure_undo
from deliveries.rules.status import RoundOver, StopMoved
from deliveries.rules.taps import BY_STAFF, TAKEN_BACK
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import NotFound
from milkdelivery.core.eventlog import emit
from milkdelivery.core.money import Money
from orders import actions as orders
from orders.rules.status import NotUndoable
from payments.actions import ask_again_for_undelivered, unsettle_delivered

Status = Delivery.Status
LONGEST_REASON = 200


def word_of(delivery: Delivery) -> str:
    """The word that stands about it, and since when: another word never looks the same."""
    at = delivery.delivered_at if delivery.status == Status.DELIVERED else delivery.failed_at
    return f"{delivery.status} {at.isoformat() if at else ''}".strip()


def take_back(delivery_id: int, *, by: Actor, reason: str = "", seen: str | None = None) -> Delivery:
    """Staff take back what was said at a door, however long ago, while its round is on the road. Safe to repeat.

    `reason` is kept with the event and, where a driver said it, with their tap. `seen` is the word that whoever decided
    had before them (`word_of`): where another one stands by now, StopMoved is raised. Locks the round, the delivery,
    then as `undo_word`, which see. Raises NotFound, RoundOver, NotUndoable in words for staff. Emits DeliveryUndone.
    """
    why = " ".join(reason.split())[:LONGEST_REASON]
    with transaction.atomic():
        known = Delivery.objects.select_related("stop").filter(pk=delivery_id).first()
        if known is None or known.stop is None:
            raise NotFound(_("There is no such delivery on a round."))
        route = Route.objects.locked(known.stop.route_id)
        delivery = Delivery.objects.locked_with_route(delivery_id, route.pk)
        if route.is_over or delivery is None:
            raise RoundOver(_("This round is over: its money and goods are settled."))
        if delivery.status in (Status.PICKED_UP, Status.IN_TRANSIT):
            return delivery
        if seen is not None and seen != word_of(delivery):
            raise StopMoved(_("Something else was said at this door meanwhile. Go back and look again."))
        try:
            undo_word(delivery, route, by=by, reason=why)
        except NotUndoable as refusal:
            words = _("An invoice, a refund or a claim came of it, so it stays. Give money back on the order’s page.")
            raise NotUndoable(words) from refusal
        stands = word_that_stands(list(DriverAction.objects.at_stop(delivery_id, route.pk)))
        if stands is not None:
            settle_tap(stands, TAKEN_BACK, code=BY_STAFF, said=why)
            drop_proof(stands)
    return delivery


def undo_word(delivery: Delivery, route: Route, *, by: Actor, reason: str = "") -> None:
    """Take back the word that stands about a locked delivery of a locked round that is on the road: it is in the van.

    Nothing is deleted: the books get the same entries the other way round. Locks the order's payments, the wallet, the
    order. Raises ImpossibleDeliveryMove where nothing was said, NotUndoable where something came of it that can't be
    taken back (an invoice, money that has gone, a claim). Emits DeliveryUndone, OrderOnItsWayAgain, PaymentReopened.
    """
    ensure_undo(delivery.status)
    was = delivery.status
    order_id = delivery.order_id
    to_status = Status.IN_TRANSIT if route.status == Route.Status.STARTED else Status.PICKED_UP
    if was == Status.DELIVERED:
        unsettle_delivered(order_id, by=by)
        orders.undo_delivered(order_id, by=by)
        nothing = Money.zero(delivery.currency)
        undo_move(delivery, to_status, delivered_at=None, cash_collected=nothing, empties_collected=0)
        show_proof(delivery.pk, None)
    else:
        attempt = FailedAttempt.objects.true().filter(delivery=delivery, put_back_at=None).latest("pk")
        if attempt.retried_on is None:
            ask_again_for_undelivered(order_id, by=by)
        orders.undo_undelivered(order_id, on=delivery.delivery_date, slot_id=delivery.slot_id, by=by)
        attempt.undone_at = clock.now()
        attempt.save(update_fields=["undone_at"])
        undo_move(delivery, to_status, failed_at=None, failure_reason="")
    emit(DeliveryUndone(delivery.pk, order_id, was, reason), actor=by)
