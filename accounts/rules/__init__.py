"""Pure rules about people: roles, contacts, devices, profiles."""

from accounts.rules.addresses import NEEDED
from accounts.rules.contacts import NotAPhone, e164, looks_like_email, normal_email
from accounts.rules.devices import device_labels
from accounts.rules.guests import has_only_typed, is_contact_only, is_proven
from accounts.rules.roles import PERMISSIONS, access_level_of, highest_role, permitted

__all__ = [
    "NEEDED",
    "PERMISSIONS",
    "NotAPhone",
    "access_level_of",
    "device_labels",
    "e164",
    "has_only_typed",
    "highest_role",
    "is_contact_only",
    "is_proven",
    "looks_like_email",
    "normal_email",
    "permitted",
]
