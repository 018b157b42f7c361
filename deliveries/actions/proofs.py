"""What proves a delivery: the position and the photo of the tap that stands. docs/adr/0017-proof-at-the-door.md."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from deliveries.events import DoorPhotoKept
from deliveries.models import Delivery, Driver, DriverAction, Proof, ProofQuerySet, Route
from deliveries.queries.seats import marked_position
from deliveries.rules import taps
from deliveries.rules.proof import Fix, PhotoMissing, PhotoOfNothing, is_far, needs_photo
from deliveries.rules.roads import beeline
from deliveries.rules.status import KeyOfAnotherTap, RoundOver
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import NotFound
from milkdelivery.core.eventlog import emit
from milkdelivery.core.jobs import enqueue
from milkdelivery.core.outside import ensure_in_transaction
from milkdelivery.core.photos import KeptPhoto
from orders.models import Order
from payments.models import Payment

LOST_AFTER = timedelta(days=2)
"""Of real time: after so long no phone sends the tap that a photo came before, or looks at one that was refused."""


@dataclass(frozen=True, slots=True)
class PhotoSent:
    """A photo's tap: whose it is, under which key, and at which delivery."""

    delivery_id: int
    key: str
    driver: Driver


def note_position(action: DriverAction, fix: Fix, *, at: datetime) -> None:
    """Keep where the phone was at a tap that was just kept, by our clock `at`, and how far that is from the door.

    Part of the transaction of the tap, which has locked the round.
    """
    ensure_in_transaction("the position of a tap")
    if action.delivery_id is None:
        return
    order = Order.objects.only("address").get(pk=Delivery.objects.values("order_id").filter(pk=action.delivery_id)[:1])
    door = marked_position(order)
    metres = beeline(door, fix.position) if door is not None else None
    limit = settings.PROOF_FAR_METRES
    facts = {
        "latitude": fix.position.latitude,
        "longitude": fix.position.longitude,
        "accuracy": fix.accuracy,
        "located_at": at,
        "metres": metres,
        "is_far": metres is not None and is_far(metres, accuracy=fix.accuracy, limit=limit),
    }
    first = {**facts, "delivery_id": action.delivery_id, "created_at": clock.now()}
    Proof.objects.update_or_create(driver_id=action.driver_id, key=action.key, defaults=facts, create_defaults=first)


def show_proof(delivery_id: int, word: DriverAction | None) -> None:
    """A locked delivery is proved by what came with the tap that stands, if one does and anything came with it."""
    mine = Proof.objects.filter(delivery_id=delivery_id)
    if word is None:
        mine.filter(proves_id=delivery_id).update(proves=None)
        return
    mine.filter(proves_id=delivery_id).exclude(driver_id=word.driver_id, key=word.key).update(proves=None)
    mine.of_tap(word.driver_id, word.key).update(proves_id=delivery_id)


def drop_proof(action: DriverAction) -> None:
    """What came with a tap goes: it was taken back, and nothing makes it stand again. The worker deletes the file."""
    found = Proof.objects.of_tap(action.driver_id, action.key)
    _forget_files(list(found.exclude(photo="").values_list("photo", flat=True)))
    found.delete()


def ensure_photo(delivery: Delivery, *, has_photo: bool) -> None:
    """Raises PhotoMissing where the hub of a locked delivery wants one, and none comes along with "delivered"."""
    if has_photo:
        return
    at_door = Payment.objects.filter(
        order=delivery.order_id, method=Payment.Method.COD, status=Payment.Status.PENDING
    ).exists()
    if needs_photo(delivery.hub.door_photo, pays_at_door=at_door):
        raise PhotoMissing(_("Take a photo of what you leave at this door first."), field="photo")


def ensure_wanted(sent: PhotoSent) -> None:
    """Before the slow work on a photo: whether it has a place. Raises as `attach_photo`, which asks again."""
    _action_of(sent)


def attach_photo(sent: PhotoSent, photo: KeptPhoto, *, by: Actor) -> Proof:
    """Keep a stored photo under its tap's key, once: a second one under the key changes nothing, as the answer shows.

    It may come before its tap. Locks the round and the delivery. Raises NotFound for another driver's stop,
    KeyOfAnotherTap, RoundOver where no tap came and none can count any more, PhotoOfNothing, PersonErased. Emits
    DoorPhotoKept.
    """
    with transaction.atomic():
        action = _action_of(sent)
        route_id = action.route_id if action is not None else _route_of(sent).pk
        Route.objects.locked(route_id or 0)
        delivery = Delivery.objects.locked(sent.delivery_id)
        User.objects.keep(Order.objects.values_list("customer_id", flat=True).get(pk=delivery.order_id))
        action = _action_of(sent)
        defaults = {"delivery": delivery, "created_at": clock.now()}
        proof, _is_new = Proof.objects.get_or_create(driver=sent.driver, key=sent.key, defaults=defaults)
        if proof.photo:
            return proof
        proof.photo, proof.photo_width, proof.photo_height = photo.stem, photo.width, photo.height
        if action is not None and action.result == taps.DONE:
            proof.proves = delivery
        proof.save(update_fields=["photo", "photo_width", "photo_height", "proves"])
        emit(DoorPhotoKept(delivery.pk, delivery.order_id), actor=by)
    return proof


def _action_of(sent: PhotoSent) -> DriverAction | None:
    """The tap that a photo belongs to; None where it is still to come and may count then."""
    action = DriverAction.objects.filter(driver=sent.driver, key=sent.key).first()
    if action is None:
        if _route_of(sent).is_over:
            raise RoundOver(_("This round is closed. Tell the hub what happened at this stop."))
        return None
    if (action.kind, action.payload.get("subject")) != (taps.DELIVERED, sent.delivery_id):
        raise KeyOfAnotherTap(_("This key was used for another tap."), field="key")
    can_stand = action.result != taps.REFUSED or action.code in taps.BY_ORDER or action.needs_look
    is_kept = action.happened_at > clock.now() - timedelta(days=settings.PROOF_DAYS)
    if action.result == taps.TAKEN_BACK or not can_stand or not is_kept or action.route_id is None:
        raise PhotoOfNothing(_("What this photo shows was taken back or refused, so it is not kept."))
    return action


def _route_of(sent: PhotoSent) -> Route:
    mine = Route.objects.filter(stops__deliveries=sent.delivery_id, driver=sent.driver).first()
    if mine is None:
        raise NotFound(_("There is no such delivery on your round."))
    return mine


def forget_old_proofs() -> int:
    """Delete proofs that are kept no longer, and those that came with a tap that does not stand and nobody asks about;
    how many. Their files go after. Safe to repeat."""
    now = clock.now()
    asked = set(DriverAction.objects.to_look_at().values_list("driver_id", "key"))
    lost = Proof.objects.old(before=now - LOST_AFTER).filter(proves=None)
    taps_of = lost.values_list("pk", "driver_id", "key")
    ids = {pk for pk, driver_id, key in taps_of if (driver_id, key) not in asked}
    ids |= set(Proof.objects.old(before=now - timedelta(days=settings.PROOF_DAYS)).values_list("pk", flat=True))
    return _forget(Proof.objects.filter(pk__in=ids))


def forget_proofs_of(order_ids: list[int]) -> int:
    """Delete what proves these orders' deliveries, as when their household is erased; how many. Safe to repeat."""
    return _forget(Proof.objects.filter(delivery__order__in=order_ids))


def _forget(proofs: ProofQuerySet) -> int:
    with transaction.atomic():
        _forget_files(list(proofs.exclude(photo="").values_list("photo", flat=True)))
        count, _by_kind = proofs.delete()
    return count


def _forget_files(stems: list[str]) -> None:
    """With the transaction: the files go when it has committed."""
    for stem in stems:
        enqueue("deliveries.tasks.forget_door_photo", stem)
