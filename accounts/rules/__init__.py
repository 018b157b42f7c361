"""Pure rules about people: roles, contacts, devices, profiles."""

from accounts.rules.contacts import NotAPhone, e164, looks_like_email, normal_email
from accounts.rules.devices import device_labels
from accounts.rules.roles import PERMISSIONS, access_level_of, highest_role, permitted

__all__ = [
    "PERMISSIONS",
    "NotAPhone",
    "access_level_of",
    "device_labels",
    "e164",
    "highest_role",
    "looks_like_email",
    "normal_email",
    "permitted",
]
