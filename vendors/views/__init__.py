"""The vendor portal: what to bring, what is there, how full the days are."""

from vendors.views.answers import accept, reject_day, reject_line, reject_order, undo
from vendors.views.days import coming_days
from vendors.views.goods import receive_day, receive_goods, supply_days
from vendors.views.portal import portal
from vendors.views.stock import shelf
from vendors.views.waitlist import leave, waitlist

__all__ = [
    "accept",
    "coming_days",
    "leave",
    "portal",
    "receive_day",
    "receive_goods",
    "reject_day",
    "reject_line",
    "reject_order",
    "shelf",
    "supply_days",
    "undo",
    "waitlist",
]
