"""People in the back office."""

from accounts.admin.addresses import AddressAdmin
from accounts.admin.devices import DeviceAdmin
from accounts.admin.notes import StaffNoteAdmin
from accounts.admin.people import UserAdmin

__all__ = ["AddressAdmin", "DeviceAdmin", "StaffNoteAdmin", "UserAdmin"]
