"""Dairies in the back office, and those who wait for one."""

from vendors.admin.dairies import CapacityUseAdmin, VendorAdmin, WaitingAdmin

__all__ = ["CapacityUseAdmin", "VendorAdmin", "WaitingAdmin"]
