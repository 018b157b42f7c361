"""Files of counts and receipts: taken in, read, looked over by a person, and carried out line by line."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from hashlib import sha256

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.utils.translation import gettext_lazy as _

from catalog.models import Variant
from inventory.actions.batches import BatchFacts
from inventory.actions.goods import receive, set_on_hand, spoil
from inventory.events import StockFileDone, StockFileRead, StockFileStarted, StockFileUploaded
from inventory.models import Batch, Stock, StockImport, StockImportRow
from inventory.rules import ensure_days
from inventory.rules.files import FileRefused, Line, lines_of, text_of
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.errors import DomainError, InvalidInput
from milkdelivery.core.eventlog import emit
from milkdelivery.core.jobs import enqueue
from vendors.models import Offer, Vendor

logger = structlog.get_logger(__name__)

READ_TASK = "inventory.tasks.read_stock_file"
TAKE_TASK = "inventory.tasks.take_stock_file"
CHUNK = 2_000
LONGEST_NAME = 120
_SHELF = ("vendor_id", "variant_id", "on_hand", "reserved")

State = StockImport.State
RowState = StockImportRow.State


def upload_file(*, name: str, content: bytes, by: Actor) -> tuple[StockImport, bool]:
    """Keep a file to be read by the worker, and whether it is new: the same bytes are taken once a day (in UTC).

    Raises FileRefused for what is no table of text, before anything is kept. Emits StockFileUploaded.
    """
    next(lines_of(text_of(content)))
    digest, day = sha256(content).hexdigest(), clock.now().date()
    with transaction.atomic():
        kept = StockImport(
            name=name[:LONGEST_NAME],
            digest=digest,
            day=day,
            content=content,
            actor=by.label,
            role=by.role or "",
            created_at=clock.now(),
        )
        StockImport.objects.bulk_create([kept], ignore_conflicts=True)
        found = StockImport.objects.get(digest=digest, day=day)
        is_new = found.created_at == kept.created_at and found.actor == kept.actor and not found.rows.exists()
        if is_new:
            emit(StockFileUploaded(found.pk), actor=by)
            enqueue(READ_TASK, found.pk)
    return found, is_new


def read_file(import_id: int) -> StockImport:
    """Understand a file line by line, and check each against the dairies and packs there are. Safe to repeat.

    Parsing comes before the transaction. Emits StockFileRead.
    """
    kept = StockImport.objects.get(pk=import_id)
    if kept.state != State.UPLOADED:
        return kept
    problem, rows = "", []
    try:
        rows = _checked(kept, list(lines_of(text_of(bytes(kept.content)))))
    except FileRefused as refusal:
        problem = str(refusal)[:255]
    with transaction.atomic():
        kept = StockImport.objects.locked(import_id)
        if kept.state != State.UPLOADED:
            return kept
        StockImportRow.objects.bulk_create(rows, batch_size=CHUNK)
        kept.state, kept.problem, kept.content = (State.REFUSED if problem else State.CHECKED), problem, b""
        kept.save(update_fields=["state", "problem", "content"])
        ready = sum(row.state == RowState.READY for row in rows)
        emit(StockFileRead(kept.pk, ready, len(rows) - ready), actor=_person(kept))
    return kept


def start_file(import_id: int, *, by: Actor) -> StockImport:
    """Somebody has looked it over: carry out its good lines, in the worker. Safe to repeat. Emits StockFileStarted.

    Raises InvalidInput while it is being read, or where no line is good.
    """
    with transaction.atomic():
        kept = StockImport.objects.locked(import_id)
        if kept.state in (State.RUNNING, State.DONE):
            return kept
        if kept.state != State.CHECKED or not kept.rows.filter(state=RowState.READY).exists():
            raise InvalidInput(_("There is no line that could be taken over."))
        kept.state, kept.actor, kept.role = State.RUNNING, by.label, by.role or ""
        kept.save(update_fields=["state", "actor", "role"])
        emit(StockFileStarted(kept.pk), actor=by)
        enqueue(TAKE_TASK, kept.pk)
    return kept


def take_line(import_id: int) -> bool:
    """Carry out the next line that waits, with its mark in the same transaction; False where none does.

    Two workers never take the same line. A line that is refused keeps the reason, and so does one that fails for a
    reason that nobody foresaw, while the others go on. Emits what its movement emits.
    """
    with transaction.atomic():
        row = StockImportRow.objects.next_locked(import_id)
        if row is None:
            return False
        row.state, row.problem = RowState.DONE, ""
        try:
            with transaction.atomic():
                _carry_out(row, by=_person(row.stock_import))
        except DomainError as refusal:
            row.state, row.problem = RowState.FAILED, str(refusal)[:255]
        except (OperationalError, InterfaceError):
            raise  # the database is busy or away: the line is tried again
        except Exception:
            logger.exception("stock_file.line_failed", stock_import=import_id, line=row.line)
            row.state = RowState.FAILED
            row.problem = str(_("Something went wrong with this line on our side. Nothing of it was booked."))
        row.save(update_fields=["state", "problem"])
    return True


def finish_file(import_id: int) -> StockImport:
    """No line waits any more. Safe to repeat. Emits StockFileDone."""
    with transaction.atomic():
        kept = StockImport.objects.locked(import_id)
        if kept.state != State.RUNNING or kept.rows.filter(state=RowState.READY).exists():
            return kept
        kept.state, kept.finished_at = State.DONE, clock.now()
        kept.save(update_fields=["state", "finished_at"])
        taken = kept.rows.filter(state=RowState.DONE).count()
        refused = kept.rows.filter(state=RowState.FAILED).count()
        emit(StockFileDone(kept.pk, taken, refused), actor=_person(kept))
    return kept


def _person(kept: StockImport) -> Actor:
    """Who stands behind the file, as the movements will name them."""
    kind, _colon, rest = kept.actor.partition(":")
    if kind == "user" and rest.isdecimal():
        return Actor.user(int(rest), Role(kept.role or Role.CUSTOMER))
    return Actor.system(rest or kind)


def _checked(kept: StockImport, lines: list[Line]) -> list[StockImportRow]:
    """The lines as rows, with the keys of their dairy and pack; a fixed number of queries, whatever their number."""
    known = list(Vendor.objects.select_related("region"))
    vendors = _Names((vendor.name, vendor.pk) for vendor in known)
    todays = {vendor.pk: clock.today(vendor.region) for vendor in known}
    packs = list(Variant.objects.values_list("sku", "pk", "shelf_life_days"))
    variants = _Names((sku, pk) for sku, pk, _life in packs)
    lives = {pk: life for _sku, pk, life in packs}
    offered = Offer.objects.values_list("vendor_id", "variant_id")
    there = {(vendor, variant): counts for vendor, variant, *counts in Stock.objects.values_list(*_SHELF)}
    pairs = {*offered, *there}
    rows = []
    for line in lines:
        vendor, variant = vendors.key_of(line.vendor), variants.key_of(line.sku)
        if not line.problem:
            line.problem = _unknown(line, vendor, variant, pairs) or _wrong_days(
                line, todays[vendor or 0], lives[variant or 0]
            )
        rows.append(
            StockImportRow(
                stock_import=kept,
                line=line.number,
                vendor=line.vendor,
                sku=line.sku,
                quantity=line.quantity,
                kind=line.kind,
                batch_code=line.batch_code,
                produced_on=line.produced_on,
                expires_on=line.expires_on,
                vendor_key=vendor,
                variant_key=variant,
                state=RowState.BAD if line.problem else RowState.READY,
                problem=line.problem or _warning(line, *there.get((vendor or 0, variant or 0), (0, 0))),
            )
        )
    return rows


def _warning(line: Line, on_hand: int, reserved: int) -> str:
    """A word beside a good line: the shelf may yet fill up, or be freed, before the file is carried out."""
    quantity = line.quantity or 0
    if line.kind == "SPOIL" and not line.batch_code and quantity > on_hand:
        return str(_("More than there is now (%(count)d): refused unless more comes in first.") % {"count": on_hand})
    if line.kind == "COUNT" and not line.batch_code and quantity < reserved:
        return str(_("Fewer than are promised now (%(count)d): refused unless some are freed.") % {"count": reserved})
    return ""


class _Names:
    """Keys by name: as it is written, or else in any case where that leaves no doubt which one is meant."""

    def __init__(self, names: Iterable[tuple[str, int]]) -> None:
        self._exact = dict(names)
        self._folded: dict[str, list[int]] = defaultdict(list)
        for name, key in self._exact.items():
            self._folded[name.casefold()].append(key)

    def key_of(self, name: str) -> int | None:
        alike = self._folded.get(name.casefold(), [])
        return self._exact.get(name, alike[0] if len(alike) == 1 else None)


def _unknown(line: Line, vendor: int | None, variant: int | None, pairs: set[tuple[int, int]]) -> str:
    if vendor is None:
        return str(_("There is no dairy “%(name)s”.") % {"name": line.vendor})
    if variant is None:
        return str(_("There is no pack “%(sku)s”.") % {"sku": line.sku})
    return "" if (vendor, variant) in pairs else str(_("The dairy offers no such pack."))


def _wrong_days(line: Line, today: date, shelf_life_days: int) -> str:
    if line.kind != "RECEIVE" or line.produced_on is None or line.expires_on is None:
        return ""
    try:
        ensure_days(line.produced_on, line.expires_on, today=today, good_on=today, shelf_life_days=shelf_life_days)
    except InvalidInput as refusal:
        return str(refusal)
    return ""


def _carry_out(row: StockImportRow, *, by: Actor) -> None:
    vendor_id, variant_id, quantity = row.vendor_key or 0, row.variant_key or 0, row.quantity or 0
    reason = str(_("File %(name)s, line %(line)d") % {"name": row.stock_import.name[:80], "line": row.line})
    if row.kind == "RECEIVE":
        facts = None
        if row.batch_code and row.produced_on and row.expires_on:
            facts = BatchFacts(row.batch_code, row.produced_on, row.expires_on)
        receive(vendor_id=vendor_id, variant_id=variant_id, quantity=quantity, batch=facts, reason=reason, by=by)
        return
    batch_id = _batch_named(row)
    change = spoil if row.kind == "SPOIL" else set_on_hand
    change(vendor_id=vendor_id, variant_id=variant_id, quantity=quantity, reason=reason, by=by, batch_id=batch_id)


def _batch_named(row: StockImportRow) -> int | None:
    """The batch that a line names, None where it names none. Raises InvalidInput for one that is not there."""
    if not row.batch_code:
        return None
    batches = Batch.objects.called(row.batch_code).filter(
        stock__vendor_id=row.vendor_key or 0, stock__variant_id=row.variant_key or 0
    )
    found = batches.values_list("pk", flat=True).first()
    if found is None:
        raise InvalidInput(_("There is no such batch on this shelf."), field="batch_code")
    return found
