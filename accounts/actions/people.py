"""People come, change and go."""

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.actions.devices import end_sessions, first_device, remember_device
from accounts.actions.roles import ensure_admin, ensure_not_last_admin
from accounts.events import UserDeactivated, UserDeviceAdded, UserReactivated, UserRegistered, UserUpdated
from accounts.models import Address, Device, Preferences, User
from accounts.rules import normal_email
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import InvalidInput
from milkdelivery.core.eventlog import emit, emit_many
from milkdelivery.core.text import seen

OWN_FIELDS = frozenset({"name", "contact_email", "contact_phone"})
PREFERENCE_FIELDS = frozenset(
    {"slot", "payment_method", "newsletter", "channels", "language", "quiet_from", "quiet_until"}
)


class ContactMissing(InvalidInput):
    code = "contact_missing"


def register_contact(
    *, name: str, email: str = "", phone: str = "", address: Address | None = None, by: Actor
) -> tuple[User, Device | None]:
    """A new person known only by what they typed at checkout, and their device: nothing proven, no password.

    A new `address` becomes theirs, and the device of the request their first. Never looks whether somebody else has
    that contact: the answer must be the same. Emits UserRegistered, and UserDeviceAdded where the device is known.
    Raises ContactMissing without an e-mail address or phone.
    """
    _ensure_contact(email, phone)
    with transaction.atomic():
        user = _new_user(name, email, phone)
        user.set_unusable_password()
        user.skip_history_when_saving = True  # nobody on the staff edited anything
        user.save()
        if address is not None:
            address.tidy()
            address.user, address.is_default = user, True
            address.save()
        device = first_device(user, by=by)
        registered = UserRegistered(user.pk, via="checkout")
        emit_many([registered, UserDeviceAdded(user.pk, device.pk)] if device else [registered], actor=by)
    return user, device


def register_person(*, name: str, email: str = "", phone: str = "", password_hash: str, via: str, by: Actor) -> User:
    """A new person who may sign in with what they typed and a password, or a code sent there. Nothing is proven yet.

    Others may have typed or even proven the same contact: nobody learns of it, and it gives no right to their account.
    `password_hash` is hashed already: that is slow on purpose and stays out of the transaction.
    Emits UserRegistered, and UserDeviceAdded where the device is known. Raises ContactMissing.
    """
    _ensure_contact(email, phone)
    with transaction.atomic():
        user = _new_user(name, email, phone)
        user.password = password_hash
        user.save()
        if email:
            user.emailaddress_set.create(email=user.contact_email, verified=False, primary=True)
        emit(UserRegistered(user.pk, via=via), actor=by)
        if via != "staff":
            remember_device(user, by=by)
    return user


def _ensure_contact(email: str, phone: str) -> None:
    if not (email or phone):
        raise ContactMissing(_("Enter an e-mail address or a phone number."), field="contact")


def _new_user(name: str, email: str, phone: str) -> User:
    return User(name=seen(name), contact_email=normal_email(email), contact_phone=phone, last_active_at=clock.now())


def update_profile(user_id: int, *, by: Actor, **changes: Any) -> User:
    """Change what a person may change of themselves: name, contact_email, contact_phone. Emits UserUpdated."""
    with transaction.atomic():
        user = User.objects.locked(user_id)
        changed = [field for field in sorted(OWN_FIELDS & set(changes)) if getattr(user, field) != changes[field]]
        if not changed:
            return user
        for field in changed:
            setattr(user, field, changes[field])
        user.save(update_fields=[*changed, "updated_at"])
        emit(UserUpdated(user.pk, tuple(changed)), actor=by)
    return user


def store_password(user_id: int, *, password_hash: str, by: Actor) -> User:
    """A new password, hashed already. Every other session and token of the person ends with the old one.

    A person who came through checkout may sign in with their typed e-mail address from now on. Emits UserUpdated.
    """
    with transaction.atomic():
        user = User.objects.locked(user_id)
        user.password = password_hash
        user.skip_history_when_saving = True
        user.save(update_fields=["password", "updated_at"])
        if user.contact_email and not user.email and not user.emailaddress_set.exists():
            user.emailaddress_set.create(email=user.contact_email, verified=False, primary=True)
        emit(UserUpdated(user.pk, ("password",)), actor=by)
    return user


def save_preferences(user_id: int, *, by: Actor, **changes: Any) -> Preferences:
    """Keep what a person chose. Consent to offers, given or taken back, is kept with its time.

    Emits UserUpdated when something changed.
    """
    with transaction.atomic():
        user = User.objects.locked(user_id)
        preferences = Preferences.objects.filter(user=user).first() or Preferences(user=user)
        changed = [field for field in PREFERENCE_FIELDS & set(changes) if getattr(preferences, field) != changes[field]]
        for field in changed:
            setattr(preferences, field, changes[field])
        if "newsletter" in changed:
            preferences.newsletter_at = clock.now()
        if changed or preferences.pk is None:
            preferences.save()
        if changed:
            emit(UserUpdated(user.pk, ("preferences",)), actor=by)
    return preferences


def dismiss_profile_nudge(user_id: int, *, by: Actor) -> None:
    """The person saw the reminder to complete their profile; it never comes again, on no device. Safe to repeat.

    Emits UserUpdated the first time.
    """
    with transaction.atomic():
        user = User.objects.locked(user_id)
        if user.profile_completion_prompted_at is not None:
            return
        user.profile_completion_prompted_at = clock.now()
        user.skip_history_when_saving = True
        user.save(update_fields=["profile_completion_prompted_at", "updated_at"])
        emit(UserUpdated(user.pk, ("profile_completion_prompted_at",)), actor=by)


def deactivate_user(user_id: int, *, by: Actor) -> User:
    """Close a person's access; their orders and history stay. Ends every session and token. Safe to repeat.

    Emits UserDeactivated. Raises NotAllowed for anybody but an admin, LastAdmin for the last of them.
    """
    ensure_admin(by)
    with transaction.atomic():
        ensure_not_last_admin(user_id)
        user = User.objects.locked(user_id)
        if not user.is_active:
            return user
        user.is_active = False
        user.save(update_fields=["is_active", "updated_at"])
        end_sessions(user)
        emit(UserDeactivated(user.pk), actor=by)
    return user


def reactivate_user(user_id: int, *, by: Actor) -> User:
    """Let a deactivated person in again, with the password and role they had. Safe to repeat.

    Emits UserReactivated. Raises NotAllowed for anybody but an admin.
    """
    ensure_admin(by)
    with transaction.atomic():
        user = User.objects.locked(user_id)
        if user.is_active:
            return user
        user.is_active = True
        user.save(update_fields=["is_active", "updated_at"])
        emit(UserReactivated(user.pk), actor=by)
    return user


def count_delivered_order(user_id: int) -> None:
    """One more order arrived. Part of the delivery's transaction and told by its event."""
    User.objects.filter(pk=user_id).update(order_count=F("order_count") + 1)


def uncount_delivered_order(user_id: int) -> None:
    """One that was counted did not arrive after all. Part of the transaction that takes it back."""
    User.objects.filter(pk=user_id, order_count__gt=0).update(order_count=F("order_count") - 1)


def note_unread(user_id: int, count: int) -> None:
    """So many notifications wait to be read. Part of the caller's transaction, which holds the person to count."""
    User.objects.filter(pk=user_id).update(unread_count=count)
