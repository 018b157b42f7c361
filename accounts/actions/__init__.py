"""Every write about people."""

from accounts.actions.addresses import delete_address, make_default, remember_address, save_address
from accounts.actions.contacts import (
    ContactTaken,
    note_typed_email,
    note_typed_phone,
    prove_after_reset,
    prove_email,
    prove_phone,
)
from accounts.actions.devices import (
    distrust_device,
    note_failed_sign_in,
    record_sign_in,
    revoke_device,
    sign_out_everywhere,
    touch_device,
)
from accounts.actions.erasing import WALLET, erase_person, forget_person
from accounts.actions.notes import strike_note, write_note
from accounts.actions.people import (
    ContactMissing,
    count_delivered_order,
    deactivate_user,
    dismiss_profile_nudge,
    note_unread,
    reactivate_user,
    register_contact,
    register_person,
    save_preferences,
    store_password,
    uncount_delivered_order,
    update_profile,
)
from accounts.actions.roles import LastAdmin, grant_role
from accounts.actions.takeover import NotToBeTakenOver, take_over_contact

__all__ = [
    "WALLET",
    "ContactMissing",
    "ContactTaken",
    "LastAdmin",
    "NotToBeTakenOver",
    "count_delivered_order",
    "deactivate_user",
    "delete_address",
    "dismiss_profile_nudge",
    "distrust_device",
    "erase_person",
    "forget_person",
    "grant_role",
    "make_default",
    "note_failed_sign_in",
    "note_typed_email",
    "note_typed_phone",
    "note_unread",
    "prove_after_reset",
    "prove_email",
    "prove_phone",
    "reactivate_user",
    "record_sign_in",
    "register_contact",
    "register_person",
    "remember_address",
    "revoke_device",
    "save_address",
    "save_preferences",
    "sign_out_everywhere",
    "store_password",
    "strike_note",
    "take_over_contact",
    "touch_device",
    "uncount_delivered_order",
    "update_profile",
    "write_note",
]
