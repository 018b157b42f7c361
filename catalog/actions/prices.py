"""Writes of the price list."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from catalog.events import PriceChanged
from catalog.models import PriceListEntry, Variant
from catalog.models.prices import overlaps
from catalog.rules.prices import ensure_priced
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError, InvalidInput
from milkdelivery.core.eventlog import emit
from milkdelivery.core.models import Region
from milkdelivery.core.money import Money
from milkdelivery.core.rules import Room, Span, keeps_past, room_for

A_DAY = timedelta(days=1)
FARTHEST = timedelta(days=3_653)
"""Ten years: how far ahead of today a price may start or end."""


class PriceOverlap(DomainError):
    """Two prices of a pack would hold in a region on one day. The fact `other` is the id of the one that is there."""

    code = "price_overlap"


class PriceInForce(DomainError):
    """The price of a day that has passed would change."""

    code = "price_in_force"


class PriceBackwards(InvalidInput):
    code = "price_ends_before_start"


class PriceTooEarly(InvalidInput):
    """It would start on a day that has passed: what was charged then is written down."""

    code = "price_starts_in_past"


class PriceTooFar(InvalidInput):
    """A day that nobody plans for: a slip in the year."""

    code = "price_too_far"


@dataclass(frozen=True, slots=True)
class SavedPrice:
    """An entry as it was saved; the one before it that made room, and its copy that goes on afterwards.

    Where it moved away from an entry that it had ended, that one lasts longer now: `extended`. Where the one that goes
    on afterwards starts on another day now, it is `moved`.
    """

    entry: PriceListEntry
    ended: PriceListEntry | None = None
    resumed: PriceListEntry | None = None
    extended: PriceListEntry | None = None
    moved: PriceListEntry | None = None


def save_price(entry: PriceListEntry, *, by: Actor) -> SavedPrice:
    """Create or change an entry of the price list.

    Entries of one pack and region never overlap. One convenience: an open-ended entry that started before is ended the
    day before the new start, and goes on the day after where the new one has an end (a price for a festival). What held
    on a day that has passed stays: a price starts today or later, and one that has been in force can only be given
    another end, from yesterday on; orders keep their prices anyway. One that started today may be mended today, but
    still starts today. Where an entry gets other days, what made room for it follows at both ends: the one before it
    ends where it starts now, the one that goes on after it starts where it ends now. Where it leaves its place for
    another one, these two close it, as `remove_price` does.

    Locks the pack. Raises PriceOverlap, PriceInForce, PriceMissing, PriceBackwards, PriceTooEarly and PriceTooFar.
    Emits PriceChanged for each entry that is written.
    """
    if entry.valid_until is not None and entry.valid_until < entry.valid_from:
        raise PriceBackwards(_("The price ends before it starts."), field="valid_until")
    with transaction.atomic():
        Variant.objects.locked(entry.variant_id)
        today = clock.today(entry.region)
        entries = _entries(entry)
        before = entries.pop(entry.pk, None)
        if before is not None:
            _ensure_past_kept(before, entry, today)
        _ensure_near(before, entry, today)
        if before is None or before.terms != entry.terms:
            ensure_priced(entry.price)
        place = _place(before, entry, entries, today)
        room = room_for(entry.span, place.spans, today=today)
        if room.clash is not None:
            in_way = [other for other in entries.values() if other.span.overlaps(entry.span)]
            other = min(in_way, key=lambda each: each.valid_from, default=entries[room.clash])
            raise _overlap(other, is_late=room.is_late, today=today)
        if entry.valid_from < today and (before is None or before.valid_from != entry.valid_from):
            text = _("Past days keep their price. This one can start on %(today)s or later.")
            raise PriceTooEarly(text % {"today": date_format(today)}, field="valid_from")
        shorter, longer, moved = _settle(place, entries, besides=room.yields, by=by)
        if place.is_left and before is not None:
            entry.made_end = None
            PriceListEntry.objects.filter(made_end=before).update(made_end=longer)
        ended, resumed = _make_room(entries, room, by)
        if ended is not None:
            entry.made_end = ended
        # No two may start on one day, not even between two writes: the one that leads the way goes first.
        is_later = before is not None and entry.valid_from > before.valid_from
        for each in (moved, entry) if is_later else (entry, moved):
            if each is not None:
                each.save()
                _tell(each, by)
    return SavedPrice(entry, ended or shorter, resumed, None if longer is ended else longer, moved)


def set_price(
    variant: Variant, *, region: Region, price: Money, valid_from: date, by: Actor, **terms: Money | date | None
) -> PriceListEntry:
    """Price a variant in a region from a delivery day on. The same day again replaces it. See `save_price`.

    `terms` may hold mrp, deposit and valid_until.
    """
    with transaction.atomic():
        Variant.objects.locked(variant.pk)
        known = PriceListEntry.objects.filter(variant=variant, region=region, valid_from=valid_from).first()
        entry = known or PriceListEntry(variant=variant, region=region, valid_from=valid_from)
        for name, value in {"price": price, **terms}.items():
            setattr(entry, name, value)
        return save_price(entry, by=by).entry


def remove_price(entry_id: int, *, by: Actor) -> PriceListEntry | None:
    """Take an entry that holds on no day up to today off the list; the entry that goes on in its place, if any.

    Safe to repeat. What has been in force, were it since midnight, can only be ended: see `save_price`.

    An open-ended entry that ended only because this one started goes on: until the next one, or without an end, and as
    one with its copy where that goes on afterwards at the same price. An end that somebody gave it stays, and then the
    days have no entry. Locks the pack. Raises PriceInForce. Emits
    PriceChanged for each.
    """
    with transaction.atomic():
        found = PriceListEntry.objects.filter(pk=entry_id).first()
        if found is None:
            return None
        Variant.objects.locked(found.variant_id)
        entry = PriceListEntry.objects.select_related("region").filter(pk=entry_id).first()
        if entry is None:
            return None
        if entry.valid_from <= clock.today(entry.region):
            raise PriceInForce(
                _("This price is or was in force, and what was sold at it looks back at it. End it instead.")
            )
        entries = _entries(entry)
        del entries[entry.pk]
        place = _closed(_beside(entry, entries, clock.today(entry.region)), entries)
        goes_on = _settle(place, entries, by=by)[1]
        # What ended the one that goes now ends the one before it.
        PriceListEntry.objects.filter(made_end=entry).update(made_end=goes_on)
        entry.delete()
        _tell(entry, by, is_removed=True)
    return goes_on


def _entries(entry: PriceListEntry) -> dict[int, PriceListEntry]:
    """All of the pack in the region, as they are stored."""
    found = PriceListEntry.objects.filter(variant_id=entry.variant_id, region_id=entry.region_id)
    return {each.pk: each for each in found.select_related("region")}


def _ensure_past_kept(before: PriceListEntry, after: PriceListEntry, today: date) -> None:
    if before.valid_from == today != after.valid_from:
        raise PriceInForce(_("This price is in force since today: its start stays."), field="valid_from")
    if keeps_past(before.span, after.span, is_same=before.terms == after.terms, today=today):
        return
    if before.terms != after.terms:
        text = _("This price has been in force, and past days keep it. Add a new price from %(today)s on instead.")
        raise PriceInForce(text % {"today": date_format(today)}, field="price")
    if before.valid_from != after.valid_from:
        raise PriceInForce(_("This price has been in force: its start stays."), field="valid_from")
    text = _("This price has been in force: days before %(today)s stay as they were.") % {"today": date_format(today)}
    raise PriceInForce(text, field="valid_until")


def _ensure_near(before: PriceListEntry | None, after: PriceListEntry, today: date) -> None:
    """Both days within `FARTHEST`, unless they stood there before. Raises PriceTooFar."""
    for field in ("valid_from", "valid_until"):
        day = getattr(after, field)
        if day is None or day <= today + FARTHEST or (before is not None and getattr(before, field) == day):
            continue
        text = _("That is too far ahead: %(day)s is the last day that can be planned.")
        if field == "valid_until":
            text = _("That is too far ahead: leave it empty for a price without an end.")
        raise PriceTooFar(text % {"day": date_format(today + FARTHEST)}, field=field)


def _overlap(other: PriceListEntry, *, is_late: bool, today: date) -> PriceOverlap:
    text = overlaps(other.words)
    if is_late:
        late = _("Past days keep their price: %(other)s. Another can start on %(today)s or later.")
        text = late % {"other": other.words, "today": date_format(today)}
    return PriceOverlap(text, field="valid_from", other=other.pk)


def _make_room(
    entries: dict[int, PriceListEntry], room: Room[int], by: Actor
) -> tuple[PriceListEntry | None, PriceListEntry | None]:
    """End what yields, and let it go on after; what was ended, and what goes on."""
    if room.yields is None:
        return None, None
    ended, resumed = entries[room.yields], None
    ended.valid_until = room.ends_on
    ended.save()
    _tell(ended, by)
    if room.resumes_on is not None:
        price, mrp, deposit = ended.terms
        resumed = PriceListEntry(variant_id=ended.variant_id, region=ended.region, valid_from=room.resumes_on)
        resumed.price, resumed.mrp, resumed.deposit = price, mrp, deposit
        resumed.save()
        _tell(resumed, by)
    return ended, resumed


@dataclass(frozen=True, slots=True)
class _Beside:
    """What made room for an entry: the one that ends where it starts, and the one that goes on where it ends."""

    before: PriceListEntry | None = None
    after: PriceListEntry | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """The days of all other entries once one of them has other days: what follows it, and what is gone.

    `is_left`: it was taken from between the two that made room for it.
    """

    spans: dict[int, Span]
    gone: PriceListEntry | None = None
    is_left: bool = False


def _beside(entry: PriceListEntry, entries: dict[int, PriceListEntry], today: date) -> _Beside:
    """Unless somebody gave the first another end since, or the other another start. What has begun stays."""
    ended = entries.get(entry.made_end_id or 0)
    if ended is None:
        return _Beside()
    is_beside = ended.valid_until == entry.valid_from - A_DAY
    next_day = entry.valid_until + A_DAY if entry.valid_until and entry.valid_until < date.max else None
    following = [
        other
        for other in entries.values()
        if other.valid_from == next_day and other.made_end_id is None and other.valid_from > today
    ]
    return _Beside(ended if is_beside else None, following[0] if following else None)


def _place(
    before: PriceListEntry | None, entry: PriceListEntry, entries: dict[int, PriceListEntry], today: date
) -> _Place:
    """Where the others stand for `entry`: those beside it follow both its ends while it stays between them."""
    spans = {pk: other.span for pk, other in entries.items()}
    if before is None or before.span == entry.span:
        return _Place(spans)
    beside, new = _beside(before, entries, today), entry.span
    followed: dict[int, Span] = {}
    if beside.before is not None and beside.before.valid_from < new.first:
        followed[beside.before.pk] = Span(beside.before.valid_from, new.first - A_DAY)
    if beside.after is not None and new.last is not None and new.last < (beside.after.valid_until or date.max):
        followed[beside.after.pk] = Span(new.last + A_DAY, beside.after.valid_until)
    wanted = [other for other in (beside.before, beside.after) if other is not None]
    others = [span for pk, span in spans.items() if pk not in followed]
    is_between = len(followed) == len(wanted) and not any(
        span.overlaps(other) for span in followed.values() for other in others
    )
    return _Place({**spans, **followed}) if is_between else _closed(beside, entries)


def _closed(beside: _Beside, entries: dict[int, PriceListEntry]) -> _Place:
    """Where the others stand once nothing is between those two: the first goes on, as one with an equal second."""
    spans, first, second = {pk: other.span for pk, other in entries.items()}, beside.before, beside.after
    if first is None:
        return _Place(spans, is_left=True)
    if second is not None and second.terms == first.terms:
        del spans[second.pk]
        spans[first.pk] = Span(first.valid_from, second.valid_until)
        return _Place(spans, gone=second, is_left=True)
    later = [span.first for span in spans.values() if span.first > first.valid_from]
    spans[first.pk] = Span(first.valid_from, min(later) - A_DAY if later else None)
    return _Place(spans, is_left=True)


def _settle(
    place: _Place, entries: dict[int, PriceListEntry], *, by: Actor, besides: int | None = None
) -> tuple[PriceListEntry | None, PriceListEntry | None, PriceListEntry | None]:
    """Give the others the days of `place`: who is shorter by that, who longer, and who starts on another day.

    The last one is not saved yet; nor is `besides`, whose end somebody else decides.
    """
    shorter, longer, moved = None, None, None
    for pk, span in place.spans.items():
        other = entries[pk]
        if other.span == span:
            continue
        was, (other.valid_from, other.valid_until) = other.span, (span.first, span.last)
        if was.first != span.first:
            moved = other
            continue
        if (span.last or date.max) < (was.last or date.max):
            shorter = other
        else:
            longer = other
        if pk != besides:
            other.save()
            _tell(other, by)
    if place.gone is not None:
        PriceListEntry.objects.filter(made_end=place.gone).update(made_end=longer)
        _tell(place.gone, by, is_removed=True)
        place.gone.delete()
    return shorter, longer, moved


def _tell(entry: PriceListEntry, by: Actor, *, is_removed: bool = False) -> None:
    event = PriceChanged(
        entry.variant_id, entry.region_id, entry.price, entry.valid_from, entry.valid_until, is_removed
    )
    emit(event, actor=by)
