"""What staff do about dead letters."""

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError, InvalidInput
from milkdelivery.core.eventlog.emission import emit
from milkdelivery.core.events import EventDeliveryDiscarded, EventDeliveryRetried
from milkdelivery.core.models import EventDelivery

REASON_LENGTH = 500


class DeliverySettled(DomainError):
    """The event has been handled or discarded already."""

    code = "event_delivery_settled"


def retry_delivery(delivery_id: int, *, by: Actor) -> EventDelivery:
    """Let the pump try again at once, with a fresh count of attempts.

    Raises DeliverySettled when it is no longer open. Emits EventDeliveryRetried.
    """
    with transaction.atomic():
        delivery = _open_delivery(delivery_id)
        delivery.status = EventDelivery.Status.PENDING
        delivery.attempts = 0
        delivery.next_attempt_at = Now()
        delivery.save(update_fields=["status", "attempts", "next_attempt_at"])
        emit(EventDeliveryRetried(delivery.pk, delivery.event_id, delivery.subscriber), actor=by)
    return delivery


def discard_delivery(delivery_id: int, *, by: Actor, reason: str) -> EventDelivery:
    """Give up on telling this subscriber, so that later events of the subject can pass.

    Raises DeliverySettled when it is no longer open, InvalidInput without a reason. Emits EventDeliveryDiscarded.
    """
    reason = reason.strip()[:REASON_LENGTH]
    if not reason:
        raise InvalidInput(_("Say why nobody needs to hear of this event."), field="reason")
    with transaction.atomic():
        delivery = _open_delivery(delivery_id)
        delivery.status = EventDelivery.Status.DISCARDED
        delivery.done_at = Now()
        delivery.save(update_fields=["status", "done_at"])
        emit(EventDeliveryDiscarded(delivery.pk, delivery.event_id, delivery.subscriber, reason), actor=by)
    return delivery


def _open_delivery(delivery_id: int) -> EventDelivery:
    delivery = EventDelivery.objects.locked(delivery_id)
    if delivery.status not in (EventDelivery.Status.PENDING, EventDelivery.Status.DEAD):
        raise DeliverySettled(_("This event has been handled or discarded already."))
    return delivery
