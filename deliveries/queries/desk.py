"""The rounds of a hub's slot as a dispatcher needs them: who drives what, how far they are, what nobody drives."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from hashlib import sha256

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from deliveries.models import Delivery, Driver, FailedAttempt, Hub, Route, Shift, Stop, Vehicle, proof_of
from deliveries.queries.rounds import owed_of
from deliveries.rules import CANCELLED, DELIVERED, FAILED, OPEN, UNDER_WAY
from deliveries.rules.planning import crates_for
from milkdelivery.core import clock, rules
from milkdelivery.core.models import DeliverySlot
from milkdelivery.core.money import Money
from milkdelivery.core.queries import region_book
from orders.models import MISSING, Order, OrderLine
from payments.models import Payment


@dataclass(frozen=True)
class DeskDrop:
    """An order at a door: what comes, and what is to be collected."""

    delivery: Delivery
    packs: int
    bottles: int
    cash_due: Money | None

    @property
    def order(self) -> Order:
        return self.delivery.order

    @property
    def far_off(self) -> str:
        """How far from the door it was said to be delivered, where that was not at the door; else empty."""
        proof = proof_of(self.delivery)
        return proof.distance_words if proof is not None else ""


@dataclass(frozen=True)
class DeskStop:
    """A door of a round, with the orders behind it that are not called off."""

    stop: Stop
    drops: Sequence[DeskDrop]
    has_failed: bool
    before_previous: int = 0
    """The stop before which it stands when it goes up by one: the one before it, by primary key."""
    after_next: int = 0
    """The stop before which it stands when it goes down by one; 0 for the end."""

    @property
    def packs(self) -> int:
        return sum(drop.packs for drop in self.drops)

    @property
    def bottles(self) -> int:
        return sum(drop.bottles for drop in self.drops)

    @property
    def cash_due(self) -> Money | None:
        sums = [drop.cash_due for drop in self.drops if drop.cash_due]
        return Money.total(sums, sums[0].currency) if sums else None

    @property
    def place(self) -> str:
        """The building, or the street where it has no name; the door's words where nothing comes any more."""
        address = self.drops[0].order.address if self.drops else {}
        return str(address.get("society") or address.get("line1") or self.stop.door)

    @property
    def flat(self) -> str:
        address = self.drops[0].order.address if self.drops else {}
        return ", ".join(str(address[part]) for part in ("flat", "tower") if address.get(part))

    @property
    def may_move(self) -> bool:
        """Something is to be brought and nothing of it has left: it can go to another round."""
        return bool(self.drops) and all(drop.delivery.status in OPEN for drop in self.drops)

    @property
    def is_to_do(self) -> bool:
        """Somebody still has to go there."""
        return self.state in ("OPEN", "UNDER_WAY")

    @property
    def state(self) -> str:
        """DELIVERED, FAILED, UNDER_WAY, OPEN or EMPTY: the least that is done at this door."""
        seen = {drop.delivery.status for drop in self.drops}
        if seen & UNDER_WAY:
            return "UNDER_WAY"
        if seen & OPEN:
            return "OPEN"
        if FAILED in seen or self.has_failed:
            return "FAILED"
        return "DELIVERED" if seen else "EMPTY"


@dataclass(frozen=True)
class DeskRound:
    """A round with its doors in order, and how far it is. `failed` are tries at its doors."""

    route: Route
    stops: Sequence[DeskStop]
    failed: int

    @cached_property
    def packs(self) -> int:
        return sum(stop.packs for stop in self.stops)

    @cached_property
    def bottles(self) -> int:
        return sum(stop.bottles for stop in self.stops)

    @cached_property
    def crates(self) -> int:
        return crates_for(self.packs, packs_per_crate=settings.PACKS_PER_CRATE)

    @property
    def doors(self) -> int:
        """Without those at which everything was called off."""
        return sum(stop.state != "EMPTY" for stop in self.stops)

    @property
    def lacks_driver(self) -> bool:
        """Something is to be brought, and nobody is named for it."""
        return self.is_alive and self.route.driver_id is None and self.left > 0

    @property
    def is_overloaded(self) -> bool:
        return self.route.vehicle is not None and self.crates > self.route.vehicle.crates

    @cached_property
    def orders(self) -> int:
        return sum(len(stop.drops) for stop in self.stops)

    @cached_property
    def statuses(self) -> Counter[str]:
        return Counter(drop.delivery.status for stop in self.stops for drop in stop.drops)

    @property
    def delivered(self) -> int:
        return self.statuses[DELIVERED]

    @property
    def under_way(self) -> int:
        return sum(self.statuses[status] for status in UNDER_WAY)

    @property
    def left(self) -> int:
        return sum(self.statuses[status] for status in (*OPEN, *UNDER_WAY))

    @property
    def done(self) -> int:
        return self.delivered + self.failed

    @property
    def whole(self) -> int:
        """Orders that were or are to be brought, failed tries too."""
        return self.done + self.left

    @property
    def kilometres(self) -> str:
        return f"{self.route.planned_metres / 1000:.1f}"

    @cached_property
    def cash_due(self) -> Money | None:
        sums = [stop.cash_due for stop in self.stops if stop.cash_due]
        return Money.total(sums, sums[0].currency) if sums else None

    @property
    def can_give(self) -> bool:
        """Whether a door of it can go to another round."""
        return any(stop.may_move for stop in self.stops)

    @property
    def is_alive(self) -> bool:
        return not self.route.is_over

    @property
    def far_off(self) -> int:
        """Orders that were said to be delivered far from their doors."""
        return sum(1 for stop in self.stops for drop in stop.drops if drop.far_off)

    @property
    def last_done_at(self) -> datetime | None:
        """When its driver was last at a door."""
        at = [
            instant
            for stop in self.stops
            for drop in stop.drops
            for instant in (drop.delivery.delivered_at, drop.delivery.failed_at)
            if instant is not None
        ]
        return max(at, default=None)


@dataclass(frozen=True)
class DeskDriver:
    """A driver of the hub, and what they do in the slot."""

    driver: Driver
    is_absent: bool
    route: Route | None

    @property
    def words(self) -> str:
        if self.is_absent:
            return _("absent")
        return _("round %(number)d") % {"number": self.route.number} if self.route else _("free")


@dataclass(frozen=True)
class Desk:
    """A hub's slot."""

    hub: Hub
    date: date
    slot: DeliverySlot
    rounds: Sequence[DeskRound]
    """Those that nobody drives first."""
    loose: Sequence[DeskDrop]
    """What is to be brought and on no round."""
    drivers: Sequence[DeskDriver]
    vehicles: Sequence[Vehicle] = field(default=())

    @property
    def alive(self) -> list[DeskRound]:
        return [each for each in self.rounds if each.is_alive]

    @property
    def is_planned(self) -> bool:
        return any(each.route.planned_at is not None for each in self.rounds)

    @property
    def left(self) -> int:
        """Orders that are still to be brought."""
        return sum(each.left for each in self.rounds) + len(self.loose)

    @property
    def orders(self) -> int:
        return sum(each.orders for each in self.rounds) + len(self.loose)

    @property
    def doors(self) -> int:
        return sum(each.doors for each in self.rounds)

    @property
    def without_driver(self) -> list[DeskRound]:
        """Rounds with something to bring that nobody drives."""
        return [each for each in self.rounds if each.lacks_driver]

    @property
    def edition(self) -> str:
        """Changes whenever what the desk shows does, but for what people and vehicles are called."""
        drops = [*self.loose]
        facts: list[object] = [(one.driver.pk, one.words) for one in self.drivers]
        facts += [(van.pk, van.crates) for van in self.vehicles]
        for each in self.rounds:
            route = each.route
            facts.append((route.pk, route.number, route.status, route.is_locked, route.driver_id, route.vehicle_id))
            facts.append((route.planned_at, route.planned_metres, route.planned_minutes, each.failed))
            facts += [(stop.stop.pk, stop.stop.planned_arrival, stop.has_failed) for stop in each.stops]
            drops += [drop for stop in each.stops for drop in stop.drops]
        for drop in drops:
            at = drop.delivery.delivered_at, drop.delivery.failed_at
            facts.append((drop.delivery.pk, drop.delivery.stop_id, drop.delivery.status, drop.order.status, *at))
            facts.append((drop.packs, drop.cash_due, drop.order.address))
        return sha256(repr(facts).encode()).hexdigest()[:24]

    @property
    def is_over(self) -> bool:
        return self.date < clock.today(self.hub.region)


def next_slot(hub: Hub, *, now: datetime) -> tuple[date, DeliverySlot] | None:
    """The slot of a hub that is on, or comes next, by its region's clock; None for a region without slots."""
    book = region_book()
    region = book.regions.get(hub.region_id) or hub.region
    today = clock.today(region)
    slots = sorted(book.slots_of(hub.region_id), key=lambda slot: slot.starts_at)
    for slot in slots:
        if rules.instant(today, slot.ends_at, region.time_zone) > now:
            return today, slot
    return (today + timedelta(days=1), slots[0]) if slots else None


def desk_of(hub: Hub, *, on: date, slot: DeliverySlot) -> Desk:
    """Eight queries, whatever the number of rounds and doors."""
    routes = list(
        Route.objects.filter(hub=hub, date=on, slot=slot).select_related("driver__user", "vehicle").order_by("number")
    )
    stops = list(Stop.objects.filter(route__in=routes).in_order())
    tries_at = FailedAttempt.objects.true().filter(stop__in=stops)
    failed = Counter(tries_at.values_list("stop_id", flat=True)) if stops else Counter()
    there = Q(stop__in=stops) | Q(hub=hub, delivery_date=on, slot=slot, stop=None, status__in=OPEN)
    drops = _drops(Delivery.objects.filter(there).exclude(status=CANCELLED))
    at_door: dict[int | None, list[DeskDrop]] = {}
    for drop in drops:
        at_door.setdefault(drop.delivery.stop_id, []).append(drop)
    of_route: dict[int, list[Stop]] = {}
    tries: Counter[int] = Counter()
    for stop in stops:
        of_route.setdefault(stop.route_id, []).append(stop)
        tries[stop.route_id] += failed.get(stop.pk, 0)
    rounds = [
        DeskRound(route, _doors(of_route.get(route.pk, []), at_door, failed), tries[route.pk]) for route in routes
    ]
    return Desk(
        hub=hub,
        date=on,
        slot=slot,
        rounds=sorted(rounds, key=lambda each: not each.lacks_driver),
        loose=at_door.get(None, []),
        drivers=_drivers(hub, on=on, slot=slot, routes=routes),
        vehicles=list(Vehicle.objects.filter(hub=hub, is_active=True).order_by("plate")),
    )


def _doors(
    stops: Sequence[Stop], at_door: Mapping[int | None, Sequence[DeskDrop]], failed: Mapping[int, int]
) -> list[DeskStop]:
    keys = [0, *(stop.pk for stop in stops), 0, 0]
    return [
        DeskStop(stop, at_door.get(stop.pk, []), bool(failed.get(stop.pk)), keys[place], keys[place + 3])
        for place, stop in enumerate(stops)
    ]


def _drops(deliveries: QuerySet[Delivery]) -> list[DeskDrop]:
    rows = list(deliveries.select_related("order__customer", "order__region", "proof").order_by("pk"))
    owed = owed_of(rows)
    what = _what_comes([row.order_id for row in rows])
    return [DeskDrop(row, *what.get(row.order_id, (0, 0)), owed.get(row.order_id)) for row in rows]


def _what_comes(order_ids: Collection[int]) -> Mapping[int, tuple[int, int]]:
    """Packs, and of them those in bottles that come back, by order. One query."""
    lines = OrderLine.objects.filter(order_id__in=order_ids).exclude(status__in=MISSING).order_by()
    sums = lines.values_list("order_id").annotate(
        packs=Sum("quantity"), bottles=Sum("quantity", filter=Q(deposit__gt=0), default=0)
    )
    return {order_id: (packs, bottles) for order_id, packs, bottles in sums}


def _drivers(hub: Hub, *, on: date, slot: DeliverySlot, routes: Iterable[Route]) -> list[DeskDriver]:
    shifts = Shift.objects.of(hub.pk, on=on, slot_id=slot.pk)
    absent = set(shifts.filter(is_absent=True).values_list("driver", flat=True))
    alive = sorted((r for r in routes if r.status != Route.Status.CALLED_OFF), key=lambda route: not route.is_over)
    driven = {route.driver_id: route for route in alive}  # who is back and out again is on the second
    drivers = Driver.objects.at_work(hub.pk).select_related("user").order_by("user__name", "pk")
    return [DeskDriver(driver, driver.pk in absent, driven.get(driver.pk)) for driver in drivers]


@dataclass(frozen=True, slots=True)
class AtStake:
    """What calling off would undo: orders and households that get nothing, and what they would have paid."""

    orders: int
    households: int
    worth: Money


def at_stake(deliveries: QuerySet[Delivery], *, currency: str) -> AtStake:
    """Of these deliveries, those that are still to be brought. One query."""
    left = deliveries.filter(status__in=[*OPEN, *UNDER_WAY]).order_by()
    found = left.aggregate(
        orders=Count("pk"), households=Count("order__customer", distinct=True), worth=Sum("order__grand_total")
    )
    return AtStake(found["orders"], found["households"], Money(found["worth"] or 0, currency))


def paid_already(deliveries: QuerySet[Delivery], *, currency: str) -> Money:
    """What was paid for them and would go back. One query."""
    orders = deliveries.filter(status__in=[*OPEN, *UNDER_WAY]).values("order")
    paid = Payment.objects.filter(order__in=orders, status=Payment.Status.SUCCEEDED)
    return Money(paid.aggregate(sum=Sum("amount"))["sum"] or 0, currency)


def nobody_drives() -> QuerySet[Delivery]:
    """What is to come, from yesterday on, and on no round or on one that nobody drives."""
    yesterday = clock.now().date() - timedelta(days=1)  # no region is further ahead
    without = Q(stop=None) | Q(stop__route__driver=None)
    return Delivery.objects.filter(without, status__in=OPEN, delivery_date__gte=yesterday)
