"""Roles and what they may do: the one table."""

from collections.abc import Iterable

from milkdelivery.core.actors import AccessLevel, Role

_ORDER = [Role.GUEST, Role.CUSTOMER, Role.DRIVER, Role.VENDOR, Role.MANAGER, Role.ADMIN]


def highest_role(group_names: Iterable[str]) -> Role:
    """The role of a person in these groups. Unknown groups count for nothing; no group means customer."""
    roles = [Role(name) for name in group_names if name in Role.__members__]
    return max(roles, key=_ORDER.index, default=Role.CUSTOMER)


def access_level_of(role: Role) -> AccessLevel:
    return AccessLevel[role.name]
