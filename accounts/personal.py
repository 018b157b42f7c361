"""What is kept of a person here: who they are, where they live, where they signed in, and what staff noted of them."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.db.models import Q

from accounts.actions import forget_person
from accounts.models import Address, Device, Preferences, StaffNote, User
from accounts.rules.erasing import role_in_the_way
from milkdelivery.core.actors import Role
from milkdelivery.core.erasing import Leaving, Obstacle, erases, obstructs
from milkdelivery.core.models import Event, EventOrigin
from milkdelivery.core.personal import record, tells

DOOR = (*Address.OF_A_DOOR, "city", "state", "pincode", "country", "latitude", "longitude")


@tells("profile", User, EmailAddress, User.groups.through, User.history.model)
def profile(user_id: int) -> dict[str, Any]:
    """Four queries."""
    person = User.objects.prefetch_related("groups").get(pk=user_id)
    who = ("name", "email", "phone", "contact_email", "contact_phone")
    mailboxes = EmailAddress.objects.filter(user_id=user_id).order_by("pk")
    before = User.history.filter(id=user_id).order_by("history_date")
    return record(
        person,
        "id",
        *who,
        "is_active",
        "order_count",
        "last_active_at",
        "last_login",
        "created_at",
        "profile_completion_prompted_at",
        role=person.role,
        mailboxes=[record(mailbox, "email", "verified") for mailbox in mailboxes],
        changes=[record(row, "history_date", *who) for row in before],
    )


@tells("addresses", Address)
def addresses(user_id: int) -> list[dict[str, Any]]:
    """Those that were deleted too: the place is left of them. One query."""
    facts = (*DOOR, "is_default", "is_deleted", "created_at", "updated_at")
    return [record(door, *facts) for door in Address.objects.filter(user_id=user_id).order_by("pk")]


@tells("preferences", Preferences)
def preferences(user_id: int) -> dict[str, Any] | None:
    """Consent to offers with its time among them. One query."""
    chosen = Preferences.objects.filter(user_id=user_id).first()
    if chosen is None:
        return None
    times = ("newsletter", "newsletter_at", "quiet_from", "quiet_until")
    return record(chosen, "slot", "payment_method", "language", "channels", *times)


@tells("devices", Device)
def devices(user_id: int) -> list[dict[str, Any]]:
    facts = ("os", "browser", "ip", "place", "is_trusted", "first_seen_at", "last_seen_at", "revoked_at")
    return [record(device, *facts) for device in Device.objects.filter(user_id=user_id).order_by("pk")]


@tells("sessions", UserSession)
def sessions(user_id: int) -> list[dict[str, Any]]:
    """Without their keys, which open the account."""
    facts = ("ip", "user_agent", "created_at", "last_seen_at")
    return [record(session, *facts) for session in UserSession.objects.filter(user_id=user_id).order_by("pk")]


@tells("notes_of_staff", StaffNote)
def notes_of_staff(user_id: int) -> list[dict[str, Any]]:
    """What is written about the person is theirs to read; which colleague wrote it is the colleague's."""
    notes = StaffNote.objects.of(user_id).reverse()
    return [record(note, "text", "written_at", "struck_at") for note in notes]


@tells("events", Event, EventOrigin)
def events(user_id: int) -> list[dict[str, Any]]:
    """What they did, and what happened to their account, oldest first. Where from is told of what they did themselves,
    or did before they had signed in: a colleague's address is not theirs. What a colleague does at work is the dairy's.
    One query."""
    as_household = Q(actor_id=user_id, actor_kind="user", role=Role.CUSTOMER)
    told = Event.objects.filter(as_household | Q(subject=f"user:{user_id}"))
    return [_event(event, user_id) for event in told.select_related("origin").order_by("pk")]


def _event(event: Event, user_id: int) -> dict[str, Any]:
    told = record(event, "name", "subject", "occurred_at", "data")
    is_own = event.actor_kind == "guest" or event.actor_id == user_id
    if event.origin is not None and is_own:
        told["from"] = record(event.origin, "ip", "user_agent", "place")
    return told


@obstructs
def work_here(user_id: int) -> list[Obstacle]:
    return role_in_the_way(User.objects.get(pk=user_id).role)


@erases
def erase(leaving: Leaving) -> None:
    forget_person(leaving)
