"""Devices: where a person signed in, and how one is signed out from afar. Times here are real, as sessions are."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.events import UserDeviceAdded, UserDeviceDistrusted, UserDeviceRevoked, UserLoggedIn, UserLoginFailed
from accounts.models import Device, User
from accounts.rules import device_labels
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import NotFound
from milkdelivery.core.eventlog import emit, emit_many


def record_sign_in(user_id: int, *, by: Actor) -> Device | None:
    """A person signed in: when, and from which device. Emits UserLoggedIn, and UserDeviceAdded for a new device."""
    with transaction.atomic():
        user = User.objects.locked(user_id)
        device = remember_device(user, by=by)
        # No save(): neither counts as a change of the person, so neither belongs in their history.
        User.objects.filter(pk=user_id).update(last_active_at=clock.now(), last_login=clock.real_now())
        emit(UserLoggedIn(user_id, device.pk if device else None), actor=by)
    return device


def remember_device(user: User, *, by: Actor) -> Device | None:
    """The device of the request, as one of the person's. Part of the caller's transaction, whose lock on the person it
    needs. A device that was revoked counts as new. Emits UserDeviceAdded. None where the request names no device.
    """
    facts = by.request
    if facts is None or facts.device_id is None:
        return None
    now = clock.real_now()
    labels = device_labels(facts.user_agent)
    seen = {"os": labels.os, "browser": labels.browser, "ip": facts.ip, "place": facts.place, "last_seen_at": now}
    key = UUID(facts.device_id)
    device = Device.objects.filter(user=user, key=key).first()
    if device is not None and device.revoked_at is None:
        Device.objects.filter(pk=device.pk).update(**seen)
        return device
    device = device or Device(user=user, key=key)
    for field, value in {**seen, "first_seen_at": now, "revoked_at": None, "is_trusted": False}.items():
        setattr(device, field, value)
    device.save()
    emit(UserDeviceAdded(user.pk, device.pk), actor=by)
    return device


def first_device(user: User, *, by: Actor) -> Device | None:
    """The device of the request, as the first one of a person made in the same transaction, who tells of it.

    None where the request names no device.
    """
    facts = by.request
    if facts is None or facts.device_id is None:
        return None
    now, labels = clock.real_now(), device_labels(facts.user_agent)
    return Device.objects.create(
        user=user,
        key=UUID(facts.device_id),
        os=labels.os,
        browser=labels.browser,
        ip=facts.ip,
        place=facts.place,
        first_seen_at=now,
        last_seen_at=now,
    )


def touch_device(device_id: int) -> None:
    """The device was used just now. No event: it tells nothing that the request log does not."""
    Device.objects.filter(pk=device_id).update(last_seen_at=clock.real_now())


def revoke_device(device_id: int, *, user_id: int, by: Actor) -> Device:
    """Sign a device out: its sessions and the tokens that hang on them end at once. Safe to repeat.

    Emits UserDeviceRevoked. Raises NotFound for somebody else's.
    """
    with transaction.atomic():
        user = User.objects.locked(user_id)
        device = Device.objects.filter(pk=device_id, user=user).first()
        if device is None:
            raise NotFound(_("There is no such device."))
        end_sessions(user, device_id=device.pk)
        if device.revoked_at is None:
            device.revoked_at = clock.real_now()
            device.is_trusted = False
            device.save(update_fields=["revoked_at", "is_trusted"])
            emit(UserDeviceRevoked(user.pk, device.pk), actor=by)
    return device


def sign_out_everywhere(user_id: int, *, by: Actor) -> int:
    """Sign a person out on every device: all sessions and tokens end at once. Safe to repeat. How many devices it was.

    Locks the person. Emits UserDeviceRevoked for each.
    """
    with transaction.atomic():
        user = User.objects.locked(user_id)
        end_sessions(user)
        devices = list(Device.objects.filter(user=user, revoked_at=None))
        now = clock.real_now()
        Device.objects.filter(pk__in=[device.pk for device in devices]).update(revoked_at=now, is_trusted=False)
        emit_many([UserDeviceRevoked(user.pk, device.pk) for device in devices], actor=by)
    return len(devices)


def distrust_device(device_id: int, *, user_id: int, by: Actor) -> Device:
    """Take back that a device is trusted. It stays signed in. Safe to repeat.

    Locks the person. Emits UserDeviceDistrusted. Raises NotFound for somebody else's.
    """
    with transaction.atomic():
        user = User.objects.locked(user_id)
        device = Device.objects.filter(pk=device_id, user=user).first()
        if device is None:
            raise NotFound(_("There is no such device."))
        if device.is_trusted:
            device.is_trusted = False
            device.save(update_fields=["is_trusted"])
            emit(UserDeviceDistrusted(user.pk, device.pk), actor=by)
    return device


def end_sessions(user: User, *, device_id: int | None = None) -> None:
    """End the person's sessions, all or those of one device. Access and refresh tokens live no longer than these."""
    sessions = user.usersession_set.all()
    if device_id is not None:
        sessions = sessions.filter(data__device_id=device_id)
    for session in sessions:
        session.end()


def note_failed_sign_in(*, email: str = "", phone: str = "", by: Actor) -> None:
    """Somebody tried to sign in and could not. Emits UserLoginFailed."""
    proven = User.objects.filter(email=email) if email else User.objects.filter(phone=phone or None)
    with transaction.atomic():
        emit(UserLoginFailed(proven.values_list("pk", flat=True).first()), actor=by)
