"""A person known from a checkout turns out to be somebody we know."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.actions.devices import end_sessions
from accounts.events import UserDeactivated, UserUpdated
from accounts.models import Address, User
from accounts.rules import has_only_typed, is_proven
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError, NotAllowed
from milkdelivery.core.eventlog import emit


class NotToBeTakenOver(DomainError):
    """The person has a password or a proven contact by now, so what is theirs stays theirs."""

    code = "not_to_be_taken_over"


def take_over_contact(contact_id: int, *, by_user_id: int, by: Actor) -> None:
    """Hand a contact-only person's addresses to a proven one and close the empty person. Safe to repeat.

    Whether the taker may is for the caller to have proven. Locks both people in the order of their keys. Emits
    UserUpdated and UserDeactivated. Raises NotToBeTakenOver, and NotAllowed for a taker who has proven nothing.
    """
    with transaction.atomic():
        people = {pk: User.objects.locked(pk) for pk in sorted({contact_id, by_user_id})}
        contact, taker = people[contact_id], people[by_user_id]
        if not is_proven(taker):
            raise NotAllowed(_("Confirm your e-mail address or phone number first."))
        if not has_only_typed(contact):
            raise NotToBeTakenOver(_("This order belongs to an account of its own by now."))
        if not contact.is_active:
            return
        has_default = Address.objects.of(by_user_id).filter(is_default=True).exists()
        moved = Address.objects.of(contact_id)
        if has_default:
            moved.filter(is_default=True).update(is_default=False)
        Address.objects.filter(user_id=contact_id).update(user_id=by_user_id)
        contact.is_active = False
        contact.save(update_fields=["is_active", "updated_at"])
        end_sessions(contact)
        emit(UserUpdated(by_user_id, ("addresses",)), actor=by)
        emit(UserDeactivated(contact_id), actor=by)
