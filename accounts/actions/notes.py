"""Notes of staff about people: written once, struck out where they are wrong, never changed."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.events import UserNoted, UserNoteStruck
from accounts.models import StaffNote, User
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.errors import InvalidInput, NotAllowed, NotFound
from milkdelivery.core.eventlog import emit
from milkdelivery.core.text import seen


def write_note(user_id: int, *, text: str, key: UUID, by: Actor) -> StaffNote:
    """Keep a note of staff about a person. The same `key` again gives the note that it made.

    Locks the person. Emits UserNoted. Raises NotAllowed for anybody but staff, InvalidInput for an empty one.
    """
    _ensure_staff(by)
    text = seen(text).strip()
    if not text:
        raise InvalidInput(_("Write something down."), field="text")
    if len(text) > StaffNote.LONGEST:
        raise InvalidInput(_("This is too long: %(most)d letters at most.") % {"most": StaffNote.LONGEST}, field="text")
    with transaction.atomic():
        user = User.objects.locked(user_id)
        if kept := StaffNote.objects.filter(key=key, user=user).first():
            return kept
        note = StaffNote.objects.create(user=user, key=key, text=text, actor=by.label, written_at=clock.now())
        emit(UserNoted(user.pk, note.pk), actor=by)
    return note


def strike_note(note_id: int, *, by: Actor) -> StaffNote:
    """Strike a note out: it stays to be read, as no longer so. Safe to repeat.

    Locks the note. Emits UserNoteStruck. Raises NotFound, and NotAllowed for somebody else's note, except for an admin.
    """
    _ensure_staff(by)
    with transaction.atomic():
        if not StaffNote.objects.filter(pk=note_id).exists():
            raise NotFound(_("There is no such note."))
        note = StaffNote.objects.locked(note_id)
        if by.role != Role.ADMIN and note.actor != by.label:
            raise NotAllowed(_("Only who wrote it, or an admin, may strike it out."))
        if note.struck_at is not None:
            return note
        note.struck_at, note.struck_by = clock.now(), by.label
        note.save(update_fields=["struck_at", "struck_by"])
        emit(UserNoteStruck(note.user_id, note.pk), actor=by)
    return note


def _ensure_staff(by: Actor) -> None:
    if not by.is_staff:
        raise NotAllowed(_("Only staff may do this."))
