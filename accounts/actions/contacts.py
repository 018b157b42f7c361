"""From typed to proven: e-mail addresses and phone numbers.

A contact may be typed by anybody and any number of times; at most one person has proven it. Typing one gives no right
to what others did with it, and a proof ends what others only typed.
"""

from typing import Any

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.actions.devices import end_sessions
from accounts.events import UserUpdated
from accounts.models import User
from accounts.rules import normal_email
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError
from milkdelivery.core.eventlog import emit


class ContactTaken(DomainError):
    """Somebody else has proven it. Told only to a person who has just proven it too."""

    code = "contact_taken"


def prove_email(user_id: int, *, email: str, by: Actor, keep_password: bool = True) -> User:
    """A person has shown that they read this mailbox: it is their e-mail address now, instead of a former one.

    Pass `keep_password=False` where the proof came without the password or a session of that person. If it is their
    first proof, whoever signed up may have been somebody else, so password and sessions end: owning the mailbox wins
    over having typed it first. Others who only typed the address can't sign in with it any more.
    Safe to repeat. Emits UserUpdated. Raises ContactTaken.
    """
    email = normal_email(email)
    with transaction.atomic():
        User.objects.lock_contact(email)
        user = User.objects.locked(user_id)
        if user.email == email and user.emailaddress_set.filter(email=email, verified=True).exists():
            return user
        if User.objects.someone_else_proved(email=email, user_id=user_id):
            raise ContactTaken(_("This e-mail address belongs to another account."), field="email")
        changed = _end_typed_access(user, keep_password=keep_password)
        EmailAddress.objects.filter(email=email, verified=False).delete()  # whoever typed it
        user.emailaddress_set.all().delete()
        user.emailaddress_set.create(email=email, verified=True, primary=True)
        _store(user, email=email, contact_email="", last_active_at=clock.now())
        emit(UserUpdated(user.pk, ("email", *changed)), actor=by)
    return user


def prove_phone(user_id: int, *, phone: str, by: Actor) -> User:
    """A person has shown that this phone is in their hand: it is their number now, instead of a former one.

    Safe to repeat. Emits UserUpdated. Raises ContactTaken.
    """
    with transaction.atomic():
        User.objects.lock_contact(phone)
        user = User.objects.locked(user_id)
        if user.phone == phone:
            return user
        if User.objects.filter(phone=phone).exclude(pk=user_id).exists():
            raise ContactTaken(_("This phone number belongs to another account."), field="phone")
        _store(user, phone=phone, contact_phone="", last_active_at=clock.now())
        emit(UserUpdated(user.pk, ("phone",)), actor=by)
    return user


def prove_after_reset(user_id: int, *, by: Actor) -> User:
    """A password was reset over a mailed link, which proves the mailbox where nothing had been proven before.

    Does nothing for a person who had proven a contact. Emits UserUpdated.
    """
    user = User.objects.get(pk=user_id)
    typed = None if user.email or user.phone else user.emailaddress_set.first()
    return prove_email(user_id, email=typed.email, by=by) if typed else user


def note_typed_email(user_id: int, *, email: str, by: Actor) -> User:
    """Mail goes to the address typed last, until one is proven. Emits UserUpdated when something changed."""
    return _note_typed(user_id, "contact_email", normal_email(email), by=by)


def note_typed_phone(user_id: int, *, phone: str, by: Actor) -> User:
    """Calls go to the number typed last, until one is proven. Emits UserUpdated when something changed."""
    return _note_typed(user_id, "contact_phone", phone, by=by)


def _note_typed(user_id: int, field: str, value: str, *, by: Actor) -> User:
    with transaction.atomic():
        user = User.objects.locked(user_id)
        proven = getattr(user, field.removeprefix("contact_"))
        if proven or getattr(user, field) == value:
            return user
        _store(user, **{field: value})
        emit(UserUpdated(user.pk, (field,)), actor=by)
    return user


def _end_typed_access(user: User, *, keep_password: bool) -> tuple[str, ...]:
    """End what whoever typed the contact may hold, unless the person had proven something before."""
    if keep_password or user.email or user.phone or not user.has_usable_password():
        return ()
    user.set_unusable_password()
    end_sessions(user)
    return ("password",)


def _store(user: User, **values: Any) -> None:
    for field, value in values.items():
        setattr(user, field, value)
    try:
        with transaction.atomic():
            user.save(update_fields=[*values, "password", "updated_at"])
    except IntegrityError as conflict:
        raise ContactTaken(_("This contact belongs to another account.")) from conflict
