"""Every write of deliveries, one file per group of verbs."""

from deliveries.actions.changing import change_order
from deliveries.actions.desk import (
    add_route,
    give_delivery,
    give_route,
    lock_route,
    move_stops,
    order_stops,
    report_absent,
    report_back,
)
from deliveries.actions.doors import mark_delivered, mark_picked_up
from deliveries.actions.failing import give_up_missed, mark_failed, take_goods_in
from deliveries.actions.hubs import (
    change_hub_areas,
    refresh_served_pincodes,
    save_driver,
    save_hub,
    save_vehicle,
)
from deliveries.actions.planning import Plan, place_loose, plan_routes
from deliveries.actions.proofs import PhotoSent, attach_photo, ensure_wanted, forget_old_proofs, forget_proofs_of
from deliveries.actions.ratings import rate_delivery
from deliveries.actions.rounds import call_off_route, call_off_slot, close_route, start_route
from deliveries.actions.scheduling import assign_driver, cancel_delivery, schedule_delivery
from deliveries.actions.shifts import repeat_week, save_shift
from deliveries.actions.taplog import Applied, Sent
from deliveries.actions.taps import look_at_action, tap, tap_all
from deliveries.actions.undoing import take_back, word_of

__all__ = [
    "Applied",
    "PhotoSent",
    "Plan",
    "Sent",
    "add_route",
    "assign_driver",
    "attach_photo",
    "call_off_route",
    "call_off_slot",
    "cancel_delivery",
    "change_hub_areas",
    "change_order",
    "close_route",
    "ensure_wanted",
    "forget_old_proofs",
    "forget_proofs_of",
    "give_delivery",
    "give_route",
    "give_up_missed",
    "lock_route",
    "look_at_action",
    "mark_delivered",
    "mark_failed",
    "mark_picked_up",
    "move_stops",
    "order_stops",
    "place_loose",
    "plan_routes",
    "rate_delivery",
    "refresh_served_pincodes",
    "repeat_week",
    "report_absent",
    "report_back",
    "save_driver",
    "save_hub",
    "save_shift",
    "save_vehicle",
    "schedule_delivery",
    "start_route",
    "take_back",
    "take_goods_in",
    "tap",
    "tap_all",
    "word_of",
]
