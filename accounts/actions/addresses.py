"""Addresses: one of them is the default."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.events import UserUpdated
from accounts.models import Address, User
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import NotFound
from milkdelivery.core.eventlog import emit


def save_address(address: Address, *, by: Actor) -> Address:
    """Keep a new or changed address. The first one becomes the default; a new default replaces the old one.

    Emits UserUpdated. Raises NotFound for one that was deleted meanwhile.
    """
    address.tidy()
    with transaction.atomic():
        User.objects.locked(address.user_id)
        others = Address.objects.of(address.user_id).exclude(pk=address.pk)
        if address.pk and not Address.objects.of(address.user_id).filter(pk=address.pk).exists():
            raise NotFound(_("There is no such address."))
        if address.is_default:
            others.filter(is_default=True).update(is_default=False)
        elif not others.filter(is_default=True).exists():
            address.is_default = True
        address.save()
        emit(UserUpdated(address.user_id, ("addresses",)), actor=by)
    return address


def make_default(address_id: int, *, user_id: int, by: Actor) -> Address:
    """Deliver here unless told otherwise. Emits UserUpdated. Raises NotFound for somebody else's."""
    with transaction.atomic():
        address = _own(address_id, user_id)
        Address.objects.of(user_id).filter(is_default=True).exclude(pk=address.pk).update(is_default=False)
        address.is_default = True
        address.save(update_fields=["is_default", "updated_at"])
        emit(UserUpdated(user_id, ("addresses",)), actor=by)
    return address


def delete_address(address_id: int, *, user_id: int, by: Actor) -> None:
    """Forget an address: its door is erased at once, past orders keep their snapshot. Another becomes the default.

    Raises NotFound for somebody else's. Emits UserUpdated.
    """
    with transaction.atomic():
        address = _own(address_id, user_id)
        was_default = address.is_default
        address.erase()
        address.save()
        User.objects.filter(pk=user_id, last_selected_address=address).update(last_selected_address=None)
        heir = Address.objects.of(user_id).order_by("-updated_at").first() if was_default else None
        if heir is not None:
            heir.is_default = True
            heir.save(update_fields=["is_default", "updated_at"])
        emit(UserUpdated(user_id, ("addresses",)), actor=by)


def remember_address(user_id: int, address_id: int) -> None:
    """The address chosen last, pre-selected next time. Part of the caller's transaction and told by its event."""
    User.objects.filter(pk=user_id).update(last_selected_address_id=address_id)


def _own(address_id: int, user_id: int) -> Address:
    """The person's address, after locking the person: one change of their addresses at a time."""
    User.objects.locked(user_id)
    address = Address.objects.of(user_id).filter(pk=address_id).first()
    if address is None:
        raise NotFound(_("There is no such address."))
    return address
