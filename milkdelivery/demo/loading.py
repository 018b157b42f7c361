"""The demo dairy made, or brought up to date. All that is over is one transaction; the coming orders follow it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction

from catalog.models import Product
from deliveries.models import Hub
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError
from milkdelivery.core.eventlog import emit
from milkdelivery.core.models import Event
from milkdelivery.core.queries import RegionBook, load_region_book
from milkdelivery.core.statistics import analyze
from milkdelivery.demo import (
    coming,
    complaints,
    desk,
    doors,
    groundwork,
    held,
    invoices,
    paying,
    people,
    reports,
    rounds,
    wallets,
)
from milkdelivery.demo.carrying import carry_on
from milkdelivery.demo.dairies import receive_due
from milkdelivery.demo.data.dairies import PASSWORD
from milkdelivery.demo.driven import close_what_is_done
from milkdelivery.demo.events import SUBJECT, DemoContinued, DemoLoaded
from milkdelivery.demo.households import Household, residents
from milkdelivery.demo.past import Past, closed_slots
from milkdelivery.demo.writing import TABLES
from orders.models import Order
from vendors.models import Vendor

DEMO = Actor.system("demo")


class NotEmpty(DomainError):
    """The database holds somebody's business, and it is not the demo's."""

    code = "demo_not_empty"


@dataclass(frozen=True, slots=True)
class State:
    """What an earlier start left: how the demo was made, and up to when."""

    seed: int
    household_ids: tuple[int, ...]
    until: datetime


@dataclass(frozen=True, slots=True)
class Added:
    """Orders that a start has written: of days that are over, and of those to come; and those it brought further."""

    past: int
    coming: int
    carried: int = 0


def state() -> State | None:
    """The demo in this database, or None."""
    loaded = Event.objects.about(SUBJECT).named(DemoLoaded.name).first()
    if loaded is None:
        return None
    made = DemoLoaded.from_data(loaded.data)
    latest = Event.objects.about(SUBJECT).named(DemoContinued.name).last()
    until = DemoContinued.from_data(latest.data).until if latest else made.until
    return State(made.seed, made.household_ids, until)


@contextmanager
def in_haste() -> Iterator[None]:
    """Commits don't wait for the disk: a power cut now costs the last second of a demo, and leaves it whole."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET synchronous_commit")


def load(*, households: int, seed: int) -> Added:
    """Make the demo dairy in a database without business of its own. Raises NotEmpty."""
    if Product.objects.exists() or Vendor.objects.exists() or Order.objects.exists():
        raise NotEmpty("This database holds products, dairies or orders that are not the demo's.")
    password_hash = make_password(PASSWORD)  # slow on purpose: once for everybody, and outside the transaction
    now = clock.now()
    with transaction.atomic(), clock.override(now):
        groundwork.lay(households=households, by=DEMO)
        people.hire(password_hash=password_hash, by=DEMO)
        rounds.buy_vans(list(Hub.objects.select_related("region").order_by("pk")), by=DEMO)
        ids = people.settle(households, seed=seed, password_hash=password_hash, now=now, by=DEMO)
        book = load_region_book()
        neighbours = residents(ids, seed=seed, book=book)
        past = _play(neighbours, seed=seed, book=book, since=None, now=now)
        currencies = {region.pk: region.currency for region in book.regions.values()}
        wallets.book_the_past(list(book.regions.values()))
        invoices.invoice_the_past()
        wallets.fill(neighbours, currencies=currencies, seed=seed, now=now)
        emit(DemoLoaded(seed, now, tuple(ids)), actor=DEMO)
    analyze(*TABLES)
    added = Added(past, _open_up(neighbours, seed=seed, book=book, since=None, now=now))
    held.hold_two(neighbours, book=book, now=now)
    paying.live_through(neighbours, now=now)
    desk.work(neighbours, book=book, now=now)
    with clock.override(now):
        complaints.claim_some(neighbours)
        doors.prove_some(neighbours, seed=seed)
        rounds.dispatch(by=DEMO)
    reports.look_back(now=now, by=DEMO)
    return added


def go_on(known: State) -> Added:
    """Add what has happened since the last start, and to what was open then. What is over stays as it is.

    Safe to repeat.
    """
    now = max(clock.now(), known.until)
    with transaction.atomic(), clock.override(now):
        receive_due()
    carried = carry_on(seed=known.seed, now=now)
    with transaction.atomic(), clock.override(now):
        book = load_region_book()
        for region in book.regions.values():
            groundwork.keep_holidays(region, by=DEMO)
        book = load_region_book()
        neighbours = residents(known.household_ids, seed=known.seed, book=book)
        past = _play(neighbours, seed=known.seed, book=book, since=known.until, now=now)
        wallets.book_the_past(list(book.regions.values()))
        invoices.invoice_the_past()
        if past:
            emit(DemoContinued(now), actor=DEMO)
    added = _open_up(neighbours, seed=known.seed, book=book, since=known.until, now=now)
    with clock.override(now):
        rounds.dispatch(by=DEMO)
    return Added(past, added, carried)


def _play(neighbours: list[Household], *, seed: int, book: RegionBook, since: datetime | None, now: datetime) -> int:
    """Everything between `since` and now, region by region; how many orders."""
    number = 0
    for region in sorted(book.regions.values(), key=lambda region: region.pk):
        here = [household for household in neighbours if household.region_id == region.pk]
        closed = closed_slots(region, book=book, since=since, now=now)
        if not here or not closed:
            continue
        past = Past(region, here, since=min(slot.day for slot in closed), seed=seed, book=book, now=now)
        number += sum(past.play(slot) for slot in closed)
        past.finish()
    close_what_is_done()
    return number


def _open_up(neighbours: list[Household], *, seed: int, book: RegionBook, since: datetime | None, now: datetime) -> int:
    with clock.override(now):
        return coming.open_up(neighbours, book=book, seed=seed, since=since)
