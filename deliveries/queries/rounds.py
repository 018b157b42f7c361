"""Reads of a driver's round: which days, which stops, what is next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from django.db.models import Count, Prefetch, Q
from django.utils.translation import gettext as _

from deliveries.models import Delivery, Driver, DriverAction, Proof, Route, proof_of
from deliveries.queries.lookup import round_of
from deliveries.rules import OPEN, UNDER_WAY
from deliveries.rules.proof import needs_photo
from deliveries.rules.taps import DELIVERED, DONE, WORDS
from milkdelivery.core import clock
from milkdelivery.core.money import Money
from orders.models import Order, OrderLine
from orders.rules.status import UNDO_WITHIN
from payments.models import Payment

_UNFINISHED = OPEN | UNDER_WAY


@dataclass(frozen=True, slots=True)
class RoundDay:
    """A day of a driver: how many stops, and how many of them are still to do."""

    date: date
    stops: int
    left: int


@dataclass
class Drop:
    """One drop as the driver needs it. `cash_due` is None where nothing is to be collected.

    `problem` says why what the driver just tried could not be done.
    """

    delivery: Delivery
    cash_due: Money | None
    problem: str = ""

    @property
    def order(self) -> Order:
        return self.delivery.order

    @property
    def is_open(self) -> bool:
        return self.delivery.status in _UNFINISHED

    @property
    def proof(self) -> Proof | None:
        """What came along with "delivered"."""
        return proof_of(self.delivery)

    @property
    def needs_photo(self) -> bool:
        """Whether its hub wants a photo of what is left here. Reads the delivery's hub."""
        return self.is_open and needs_photo(self.delivery.hub.door_photo, pays_at_door=self.cash_due is not None)

    @property
    def is_packed(self) -> bool:
        return self.delivery.status in OPEN and self.order.status == Order.Status.PACKED

    @property
    def is_waiting(self) -> bool:
        return self.delivery.status in OPEN and self.order.status != Order.Status.PACKED

    @property
    def is_under_way(self) -> bool:
        return self.delivery.status in UNDER_WAY

    @cached_property
    def packs(self) -> int:
        return sum(line.quantity for line in self.order.coming_lines)

    @cached_property
    def bottles(self) -> int:
        """Packs that carry a deposit and come back."""
        return sum(line.quantity for line in self.order.coming_lines if line.deposit)

    @property
    def door(self) -> str:
        """The flat or house number."""
        return str(self.order.address.get("flat", ""))

    @property
    def way_up(self) -> str:
        """Tower and floor."""
        tower, floor = (str(self.order.address.get(part, "")) for part in ("tower", "floor"))
        if floor.isdecimal():
            floor = _("Floor %(floor)s") % {"floor": floor}
        return " · ".join(part for part in (tower, floor) if part)

    @property
    def place(self) -> str:
        """The building, or the street where it has no name."""
        address = self.order.address
        return str(address.get("society") or address.get("line1", ""))

    @property
    def street(self) -> str:
        """What is not said by door and place."""
        address = self.order.address
        parts = [address.get(part, "") for part in ("line1", "line2", "landmark", "city", "pincode")]
        return ", ".join(part for part in parts if part and part != self.place)

    @property
    def person(self) -> str:
        return str(self.order.address.get("name", "")) if self.is_open else ""

    @property
    def phone(self) -> str:
        """Only while there is something to call about."""
        return str(self.order.address.get("phone", "")) if self.is_open else ""

    @property
    def instructions(self) -> list[str]:
        notes = (self.order.address.get("instructions", ""), self.order.special_instructions)
        return [note for note in notes if note]

    @property
    def destination(self) -> str:
        """For a map: the position where it is known, else the address."""
        address = self.order.address
        if address.get("latitude") and address.get("longitude"):
            return f"{address['latitude']},{address['longitude']}"
        return str(address.get("text") or ", ".join(part for part in (self.place, self.street) if part))


@dataclass(frozen=True, slots=True)
class Crate:
    """So many pieces of one pack."""

    name: str
    pack: str
    pieces: int


@dataclass(frozen=True)
class RouteOfDay:
    """One round of a driver's day, and what its driver brings back from it so far."""

    route: Route
    drops: Sequence[Drop]

    @property
    def left(self) -> int:
        """Orders that are still to do."""
        return sum(1 for drop in self.drops if drop.is_open)

    @property
    def delivered(self) -> int:
        return sum(1 for drop in self.drops if drop.delivery.status == Delivery.Status.DELIVERED)

    @property
    def cash(self) -> Money | None:
        """What was taken at its doors, None where nothing was."""
        return _cash_of(self.drops)

    @property
    def label(self) -> str:
        return str(self.drops[0].delivery.slot.label) if self.drops else str(self.route.number)


def _cash_of(drops: Iterable[Drop]) -> Money | None:
    taken = [drop.delivery.cash_collected for drop in drops if drop.delivery.cash_collected]
    return Money.total(taken, taken[0].currency) if taken else None


@dataclass(frozen=True)
class Round:
    """A driver's day, in the order it is driven.

    `current` is what this page is about: the rounds that are not over, or the whole day once all are.
    """

    date: date
    stops: Sequence[Drop]

    @cached_property
    def current(self) -> list[Drop]:
        return [drop for route in self.routes for drop in self._of(route)] or [*self.stops]

    @cached_property
    def closed(self) -> list[RouteOfDay]:
        """Rounds that the driver is back from, while another one is to be driven; the latest first."""
        if not self.routes:
            return []
        over = {drop.delivery.stop.route.pk: drop.delivery.stop.route for drop in self.stops if drop.delivery.stop}
        return [RouteOfDay(route, self._of(route)) for route in reversed(over.values()) if route.is_over]

    @cached_property
    def packed(self) -> list[Drop]:
        return [stop for stop in self.stops if stop.is_packed]

    @cached_property
    def waiting(self) -> list[Drop]:
        return [stop for stop in self.stops if stop.is_waiting]

    @cached_property
    def under_way(self) -> list[Drop]:
        return [stop for stop in self.stops if stop.is_under_way]

    @cached_property
    def done(self) -> list[Drop]:
        return [stop for stop in self.current if not stop.is_open]

    @cached_property
    def packs_to_load(self) -> int:
        return sum(stop.packs for stop in (*self.packed, *self.waiting))

    @cached_property
    def cash_collected(self) -> Money | None:
        """What is in the bag, None for a round without cash."""
        return _cash_of(self.done)

    @cached_property
    def failed(self) -> int:
        return sum(1 for stop in self.current if stop.delivery.status == Delivery.Status.FAILED)

    @cached_property
    def empties(self) -> int:
        return sum(stop.delivery.empties_collected for stop in self.current)

    @cached_property
    def routes(self) -> list[Route]:
        """Of this day, those that are not over."""
        found = {stop.delivery.stop.route.pk: stop.delivery.stop.route for stop in self.stops if stop.delivery.stop}
        return [route for route in found.values() if not route.is_over]

    @cached_property
    def to_start(self) -> Route | None:
        """The one that something is loaded for and that has not left."""
        loaded = {stop.delivery.stop.route_id for stop in self.under_way if stop.delivery.stop}
        planned = (route for route in self.routes if route.status == Route.Status.PLANNED)
        return next((route for route in planned if route.pk in loaded), None)

    @cached_property
    def to_close(self) -> list[RouteOfDay]:
        """Those that are on the road."""
        started = [route for route in self.routes if route.status == Route.Status.STARTED]
        return [RouteOfDay(route, self._of(route)) for route in started]

    def _of(self, route: Route) -> list[Drop]:
        return [drop for drop in self.stops if drop.delivery.stop and drop.delivery.stop.route_id == route.pk]

    @cached_property
    def crates(self) -> list[Crate]:
        """What is to be loaded in all, product by product."""
        found: dict[tuple[str, str], int] = {}
        for drop in (*self.packed, *self.waiting):
            for line in drop.order.coming_lines:
                pack = (line.local_name, line.local_pack)
                found[pack] = found.get(pack, 0) + line.quantity
        return [Crate(name, pack, pieces) for (name, pack), pieces in sorted(found.items())]

    def next_stop(self, chosen: int | None = None) -> Drop | None:
        """The one the driver chose, or the next in order, of those in the van."""
        return next((stop for stop in self.under_way if stop.delivery.pk == chosen), next(iter(self.under_way), None))


def days_of(driver: Driver, *, today: date) -> list[RoundDay]:
    """The driver's days from `today` on, and earlier ones with something still in the van. One query."""
    unfinished = Count("pk", filter=Q(status__in=_UNFINISHED))
    days = (
        Delivery.objects.filter(stop__route__driver=driver)
        .exclude(status=Delivery.Status.CANCELLED)
        .filter(Q(delivery_date__gte=today) | Q(status__in=UNDER_WAY))
        .values_list("delivery_date")
        .annotate(stops=Count("pk"), left=unfinished)
        .order_by("delivery_date")
    )
    return [RoundDay(day, stops, left) for day, stops, left in days]


def current_day(days: Sequence[RoundDay], *, today: date) -> date:
    """The first day with something left to do, or today."""
    return next((day.date for day in days if day.left), today)


def load_round(driver: Driver, *, on: date) -> Round:
    """Three queries, whatever the number of stops."""
    return Round(date=on, stops=stops_of(list(round_of(driver.pk, on=on))))


def stops_of(deliveries: Sequence[Delivery]) -> list[Drop]:
    """The deliveries with what is to be collected at each. One query."""
    owed = owed_of(deliveries)
    return [Drop(delivery, owed.get(delivery.order_id)) for delivery in deliveries]


def drops_of(route_id: int) -> list[Drop]:
    """All that is or was brought on a round, in its order. Three queries."""
    rows = Delivery.objects.filter(stop__route=route_id).exclude(status=Delivery.Status.CANCELLED)
    rows = rows.select_related("order__region", "slot", "stop__route", "hub", "proof")
    rows = rows.prefetch_related(Prefetch("order__lines", OrderLine.objects.named()))
    return stops_of(list(rows.order_by("stop__sequence", "pk")))


@dataclass(frozen=True, slots=True)
class Undoable:
    """The driver's last word at a door, as long as they can take it back: so many seconds, until then."""

    delivery: Delivery
    was_delivered: bool
    seconds: int
    until: datetime


def undoable_of(driver: Driver) -> Undoable | None:
    """One query."""
    now = clock.now()
    words = DriverAction.objects.filter(driver=driver, kind__in=WORDS, result=DONE, happened_at__gt=now - UNDO_WITHIN)
    alive = words.filter(route__status__in=[Route.Status.PLANNED, Route.Status.STARTED])
    last = alive.select_related("delivery__order").order_by("-happened_at", "-pk").first()
    if last is None or last.delivery is None:
        return None
    until = last.happened_at + UNDO_WITHIN
    return Undoable(last.delivery, last.kind == DELIVERED, int((until - now).total_seconds()), until)


def stop_of(driver: Driver, delivery_id: int) -> Drop | None:
    """One stop of the driver, None for anybody else's. Two queries."""
    delivery = (
        Delivery.objects.filter(stop__route__driver=driver, pk=delivery_id)
        .select_related("order__region", "slot", "stop__route", "hub", "proof")
        .first()
    )
    return Drop(delivery, owed_of([delivery]).get(delivery.order_id)) if delivery else None


def owed_of(deliveries: Sequence[Delivery]) -> dict[int, Money]:
    """What is to be collected at the door, by order id."""
    payments = Payment.objects.filter(
        order__in=[delivery.order_id for delivery in deliveries],
        method=Payment.Method.COD,
        status=Payment.Status.PENDING,
    )
    return {payment.order_id: payment.amount for payment in payments if payment.order_id is not None}
