"""Every write of a dairy, one file per group of verbs."""

from vendors.actions.capacity import (
    DayChangedMeanwhile,
    DayLimit,
    DayRoom,
    VendorFull,
    give_capacity_back,
    lock_capacity,
    set_day_limit,
    set_day_limits,
    take_capacity,
)
from vendors.actions.dairies import (
    activate_vendor,
    change_members,
    change_service_areas,
    deactivate_vendor,
    record_rating,
    replace_service_areas,
    save_offers,
    save_vendor,
)
from vendors.actions.waitlist import join_waitlist, leave_waitlist, take_waiting

__all__ = [
    "DayChangedMeanwhile",
    "DayLimit",
    "DayRoom",
    "VendorFull",
    "activate_vendor",
    "change_members",
    "change_service_areas",
    "deactivate_vendor",
    "give_capacity_back",
    "join_waitlist",
    "leave_waitlist",
    "lock_capacity",
    "record_rating",
    "replace_service_areas",
    "save_offers",
    "save_vendor",
    "set_day_limit",
    "set_day_limits",
    "take_capacity",
    "take_waiting",
]
