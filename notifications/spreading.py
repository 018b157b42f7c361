"""From one message to the rows of all channels that it goes out on: what its kind is for, and what the person chose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from accounts.rules import is_contact_only
from accounts.rules.messages import Channel, Group, channels_for
from milkdelivery.core.actors import Role
from notifications.channels.push import is_available
from notifications.models import Notification
from notifications.queries import chosen_by, listeners, members_of, staff
from notifications.rules import KINDS, TO_CHOSEN_STAFF

KEY_LENGTH = 120
OF_STAFF = frozenset({Role.ADMIN, Role.MANAGER})


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of everybody concerned, read once."""

    chosen: Mapping[int, Mapping[str, Any]]
    languages: Mapping[int, str]
    pushed_to: frozenset[int]
    members: Mapping[int, list[User]]
    staff: list[User]

    @classmethod
    def of(cls, rows: list[Notification]) -> _Known:
        vendor_ids = {row.data["vendor_id"] for row in rows if row.role == Role.VENDOR and "vendor_id" in row.data}
        members = members_of(vendor_ids) if vendor_ids else {}
        colleagues = staff() if any(row.role in OF_STAFF and row.recipient_id is None for row in rows) else []
        ids = {row.recipient.pk for row in rows if row.recipient is not None and not is_contact_only(row.recipient)}
        ids |= {person.pk for people in (*members.values(), colleagues) for person in people}
        chosen = chosen_by(ids) if ids else {}
        return cls(
            chosen={user_id: preferences.channels for user_id, preferences in chosen.items()},
            languages={user_id: preferences.language for user_id, preferences in chosen.items()},
            pushed_to=listeners(ids) if ids and is_available() else frozenset(),
            members=members,
            staff=colleagues,
        )


def spread(rows: Iterable[Notification]) -> list[Notification]:
    """Each row with those that tell the same elsewhere. At most four queries, however many there are.

    One to a person goes where they want to hear of such things; money and security always where it reaches them. One to
    the mailbox of a dairy or of staff is shown in the bell of everybody there too.
    """
    told = list(rows)
    known = _Known.of(told)
    return [each for row in told for each in _everywhere(row, known)]


def _everywhere(row: Notification, known: _Known) -> Iterator[Notification]:
    if row.recipient is not None:
        yield from _to_person(row, row.recipient, known)
        return
    yield row
    if row.kind in TO_CHOSEN_STAFF:
        return
    people = known.staff if row.role in OF_STAFF else known.members.get(row.data.get("vendor_id", 0), [])
    for person in people:
        language = known.languages.get(person.pk, row.language)
        yield _copy(row, Channel.IN_APP, person, language=language)
        if person.pk in known.pushed_to:
            yield _copy(row, Channel.PUSH, person, language=language)


def _to_person(row: Notification, person: User, known: _Known) -> Iterator[Notification]:
    """Whoever never signed in has no bell and chose nothing: theirs goes to the contact that they typed. Nobody is told
    anything once they were erased."""
    if person.erased_at is not None:
        return
    if is_contact_only(person):
        yield row
        return
    spec = KINDS[row.kind]
    wanted = channels_for(spec.group, known.chosen.get(person.pk, {}))
    reaching = {Channel.EMAIL: person.mail_address, Channel.SMS: person.phone_number}
    if spec.group == Group.NEWS:
        reaching = {Channel.EMAIL: person.email or ""}  # only where it is theirs for certain, and has the way out in it
    found = [channel for channel in reaching if channel in wanted and reaching[channel]]
    if not found and (spec.must_reach or Channel.EMAIL in wanted):
        found = [channel for channel in reaching if reaching[channel]][:1]
    for number, channel in enumerate(found):
        if number == 0:
            row.channel, row.address = channel, reaching[channel]
            yield row
        else:
            yield _copy(row, channel, person, address=reaching[channel])
    yield _copy(row, Channel.IN_APP, person)
    if Channel.PUSH in wanted and person.pk in known.pushed_to:
        yield _copy(row, Channel.PUSH, person)


def _copy(row: Notification, channel: str, person: User, *, address: str = "", language: str = "") -> Notification:
    """The same to the person on another channel: once per event, person and channel, as the key says."""
    return Notification(
        recipient=person,
        role=row.role,
        kind=row.kind,
        channel=channel,
        language=language or row.language,
        address=address,
        data=row.data,
        dedupe_key=f"{channel}:{person.pk}:{row.dedupe_key}"[:KEY_LENGTH],
        event_id=row.event_id,
    )
