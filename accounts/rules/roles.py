"""Roles and what they may do in the back office: the one table."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from milkdelivery.core.actors import AccessLevel, Role

_ORDER = [Role.GUEST, Role.CUSTOMER, Role.DRIVER, Role.VENDOR, Role.MANAGER, Role.ADMIN]

# Patterns of "<app>.<codename>"; one with "!" takes away. Households, vendors and drivers have pages of their own,
# where what they may do follows from whose record it is. A manager sees everything and runs the day: orders (those of
# callers too), rounds, stock, messages, households' addresses and notes about them, wallets that are wrong. People,
# roles, prices, credit, paying out and secrets are the admin's.
PERMISSIONS: dict[Role, tuple[str, ...]] = {
    Role.CUSTOMER: (),
    Role.DRIVER: (),
    Role.VENDOR: (),
    Role.MANAGER: (
        "*.view_*",
        "accounts.add_address",
        "accounts.change_address",
        "accounts.add_staffnote",
        "accounts.change_staffnote",
        "accounts.erase_user",
        "core.change_eventdelivery",
        "core.add_holiday",
        "core.change_holiday",
        "core.delete_holiday",
        "orders.add_order",
        "orders.change_*",
        "payments.change_payment",
        "inventory.add_*",
        "inventory.change_*",
        "deliveries.add_*",
        "deliveries.change_*",
        "notifications.change_*",
        "analytics.change_dailyreport",
        "payments.correct_ledgeraccount",
        "!sessions.*",
        "!usersessions.*",
        "!auth.*",
        "!account.*",
    ),
    Role.ADMIN: ("*",),
}


def highest_role(group_names: Iterable[str]) -> Role:
    """The role of a person in these groups. Unknown groups count for nothing; no group means customer."""
    roles = [Role(name) for name in group_names if name in Role.__members__]
    return max(roles, key=_ORDER.index, default=Role.CUSTOMER)


def access_level_of(role: Role) -> AccessLevel:
    return AccessLevel[role.name]


def permitted(role: Role, permission: str) -> bool:
    """Whether a role has a permission, named "<app>.<codename>"."""
    patterns = PERMISSIONS.get(role, ())
    taken = any(fnmatchcase(permission, pattern[1:]) for pattern in patterns if pattern.startswith("!"))
    return not taken and any(fnmatchcase(permission, pattern) for pattern in patterns)
