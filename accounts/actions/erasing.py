"""A person asks to be forgotten."""

from dataclasses import replace

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from accounts.actions.devices import end_sessions
from accounts.events import UserErased
from accounts.models import Address, Device, Preferences, StaffNote, User
from accounts.rules.erasing import NotErasable, ensure_may_erase
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.erasing import Leaving, erase_everything, hold_everything, obstacles_of
from milkdelivery.core.eventlog import emit
from milkdelivery.core.models import IdempotencyKey
from milkdelivery.core.models.erasing import empty_words, forget_errors, forget_origins, words_may_go
from milkdelivery.core.outside import ensure_in_transaction

WALLET = "wallet_not_empty"
"""The one obstacle that a household may step over, by giving up what is in it."""


def erase_person(user_id: int, *, gives_up_money: bool = False, by: Actor) -> User:
    """Forget a person: everything that says who they are goes, in one transaction; orders, payments and the books stay
    without them, and invoices as they were issued.

    Safe to repeat. Locks what is kept of them from the top floor down and then the person, so that nothing can be added
    meanwhile; who places an order at the same moment waits, and is told that the account is closed. Files and cards at
    gateways follow the commit. Emits UserErased, without where it came from. Raises NotAllowed, and NotErasable while
    something of theirs is under way.
    """
    ensure_may_erase(user_id, by)
    with transaction.atomic():
        hold_everything(user_id)
        user = User.objects.locked_or_erased(user_id)
        if user.erased_at is not None:
            return user
        in_the_way = obstacles_of(user_id)
        if gives_up_money:
            in_the_way = [obstacle for obstacle in in_the_way if obstacle.code != WALLET]
        if in_the_way:
            raise NotErasable(in_the_way)
        with words_may_go():
            erase_everything(_leaving(user, gives_up_money=gives_up_money, by=by))
        emit(UserErased(user_id), actor=replace(by, request=None))
    return User.objects.get(pk=user_id)


def _leaving(user: User, *, gives_up_money: bool, by: Actor) -> Leaving:
    proven = {contact for contact in (user.email, user.phone) if contact}
    typed = {user.contact_email, user.contact_phone} | set(user.emailaddress_set.values_list("email", flat=True))
    every = tuple(sorted((proven | typed) - {""}))
    preferences = Preferences.objects.filter(user=user).first()
    return Leaving(
        user_id=user.pk,
        contacts=every,
        own_contacts=every if by.is_staff else tuple(sorted(proven)),
        language=preferences.language if preferences else "en",
        gives_up_money=gives_up_money,
        by=by,
    )


def forget_person(leaving: Leaving) -> None:
    """Empty the person's own records. Part of the transaction that erases them."""
    ensure_in_transaction("forget_person()")
    user_id, subjects = leaving.user_id, [f"user:{leaving.user_id}"]
    user = User.objects.get(pk=user_id)
    _forget_forms(user)
    end_sessions(user)
    UserSession.objects.filter(user_id=user_id).delete()
    EmailAddress.objects.filter(user_id=user_id).delete()
    for kept in (Address, Device, Preferences, StaffNote):
        kept.objects.filter(user_id=user_id).delete()
    user.history.update(  # the rows stay: that something changed, and when
        email=None, phone=None, contact_email="", contact_phone="", name="", history_change_reason=None
    )
    user.email = user.phone = user.last_selected_address = user.last_login = user.last_active_at = None
    user.contact_email = user.contact_phone = user.name = ""
    user.is_active, user.erased_at, user.unread_count = False, clock.now(), 0
    user.profile_completion_prompted_at = None
    user.set_unusable_password()
    user.skip_history_when_saving = True
    user.save()
    IdempotencyKey.objects.filter(caller=f"user:{user_id}").delete()
    empty_words(subjects, user_id=user_id)
    forget_origins(subjects, user_id=user_id)
    forget_errors(subjects)


def _forget_forms(user: User) -> None:
    """The back office's own log names what its forms were about."""
    own = {User: [user.pk]} | {
        kept: list(kept.objects.filter(user=user).values_list("pk", flat=True)) for kept in (Address, Device, StaffNote)
    }
    for model, keys in own.items():
        about = LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(model), object_id__in=[str(key) for key in keys]
        )
        about.update(object_repr="", change_message="")
