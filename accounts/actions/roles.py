"""Roles are given and taken by admins only."""

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.events import UserRoleChanged
from accounts.models import User
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.errors import DomainError, InvalidInput, NotAllowed
from milkdelivery.core.eventlog import emit


class LastAdmin(DomainError):
    code = "last_admin"


def grant_role(user_id: int, *, role: Role, by: Actor) -> User:
    """Give a person this role and no other. Safe to repeat.

    Emits UserRoleChanged. Raises NotAllowed for anybody but an admin, LastAdmin when none would be left.
    """
    ensure_admin(by)
    if role == Role.GUEST:
        raise InvalidInput(_("A person with an account is no guest."), field="role")
    with transaction.atomic():
        if role != Role.ADMIN:
            ensure_not_last_admin(user_id)
        user = User.objects.locked(user_id)
        if [group.name for group in user.groups.all()] == [role.value] and not user.is_superuser:
            return user
        user.groups.set([Group.objects.get(name=role.value)])
        if user.is_superuser:
            user.is_superuser = False
            user.save(update_fields=["is_superuser", "updated_at"])
        emit(UserRoleChanged(user.pk, (role.value,)), actor=by)
    return User.objects.get(pk=user.pk)


def ensure_admin(by: Actor) -> None:
    if by.role != Role.ADMIN and not by.is_system:
        raise NotAllowed(_("Only an admin may do this."))


def ensure_not_last_admin(user_id: int) -> None:
    """Somebody must be able to let people in. Raises LastAdmin.

    Call it before locking the person: admins are locked one after the other by key, so that two who take each other's
    role at once neither both succeed nor wait for each other.
    """
    if [admin.pk for admin in User.objects.locked_admins()] == [user_id]:
        raise LastAdmin(_("This is the last admin: make somebody else an admin first."))
