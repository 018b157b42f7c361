"""The days that are over, slot by slot: who ordered what, who brought it, and what that left on the shelves."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from accounts.models import User
from cart.queries import item_of, terms_of
from catalog.models import PriceListEntry
from catalog.queries import Sellable, sellable
from milkdelivery.core import clock, rules
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import DeliverySlot, Holiday, Region
from milkdelivery.core.queries import RegionBook
from milkdelivery.demo.dairies import put_away
from milkdelivery.demo.data.names import CANCEL_REASONS, WISHES
from milkdelivery.demo.driven import RoundsWriter
from milkdelivery.demo.habits import Wish
from milkdelivery.demo.households import Household
from milkdelivery.demo.life import Share, Story, moments_of, steps_of
from milkdelivery.demo.supply import Rounds, Supplies
from milkdelivery.demo.ways import way_of
from milkdelivery.demo.writing import Writer
from orders.models import Order
from orders.rules.decision import decision_of, reason_for
from orders.rules.pricing import Item, price

HISTORY = timedelta(days=60)
"""How far back the demo reaches at most, at the first start and after a long pause."""

DAWN, SHOP_OPENS = time(5), time(6)
CHUNK = 1000
"""Orders written at a time."""


@dataclass(frozen=True, slots=True)
class ClosedSlot:
    """A slot on a day whose cut-off has passed: nobody can order for it any more."""

    slot: DeliverySlot
    day: date
    goods_at: datetime
    opens_at: datetime
    cutoff: datetime
    packs_at: datetime
    starts_at: datetime

    @property
    def ordered_on(self) -> date:
        """The day on which its orders come in."""
        return self.cutoff.date()


def closed_slots(region: Region, *, book: RegionBook, since: datetime | None, now: datetime) -> list[ClosedSlot]:
    """What was closed after `since`, up to now, in the order of the cut-offs."""
    first = max(since, now - HISTORY) if since else now - HISTORY
    holidays = set(Holiday.objects.filter(region=region).values_list("date", flat=True))
    days = [clock.today(region) + timedelta(days=ahead) for ahead in range((first - now).days - 1, 8)]
    found = [
        _closed(slot, day, region.time_zone, first)
        for slot in book.slots_of(region.pk)
        for day in days
        if rules.is_open_on(slot, day, holidays) and first < rules.cutoff_at(slot, day, region.time_zone) <= now
    ]
    return sorted(found, key=lambda closed: (closed.cutoff, closed.slot.starts_at))


def _closed(slot: DeliverySlot, day: date, zone: str, first: datetime) -> ClosedSlot:
    cutoff = rules.cutoff_at(slot, day, zone)
    ordered_on = cutoff.date()  # local, as rules.instant makes it
    return ClosedSlot(
        slot=slot,
        day=day,
        goods_at=max(first, rules.instant(ordered_on, DAWN, zone)),
        opens_at=max(first, rules.instant(ordered_on, SHOP_OPENS, zone)),
        cutoff=cutoff,
        packs_at=rules.pack_at(slot, day, zone),
        starts_at=rules.instant(day, slot.starts_at, zone),
    )


class _Goods:
    """What a region sells, by SKU, read anew only where a price begins or ends."""

    def __init__(self, region: Region, variant_ids: Sequence[int]) -> None:
        self.region, self.variant_ids = region, variant_ids
        terms = PriceListEntry.objects.filter(region=region).values_list("valid_from", "valid_until")
        first_days = {start for start, _ in terms} | {end + timedelta(days=1) for _, end in terms if end}
        self.changes = sorted(first_days)
        self.by_term: dict[int, dict[str, Sellable]] = {}

    def on(self, day: date) -> dict[str, Sellable]:
        """What can be had for a delivery on that day."""
        term = bisect_right(self.changes, day)
        if term not in self.by_term:
            found = sellable(self.variant_ids, region=self.region, on=day)
            self.by_term[term] = {sold.variant.sku: sold for sold in found.values()}
        return self.by_term[term]


class Past:
    """Plays the past of one region's households."""

    def __init__(
        self,
        region: Region,
        households: Sequence[Household],
        *,
        since: date,
        seed: int,
        book: RegionBook,
        now: datetime,
    ) -> None:
        self.region, self.book, self.seed, self.now = region, book, seed, now
        self.households = households
        self.terms = terms_of(region)
        self.supplies = Supplies(region, households=len(households), since=since)
        self.rounds = Rounds(region, since=since)
        self.packer = packer()
        self.writer = Writer(self.supplies, RoundsWriter(since=since))
        self.unwritten: list[Story] = []
        self.served = self._served(since)
        self.goods = _Goods(region, list(self.supplies.offering))

    def play(self, closed: ClosedSlot) -> int:
        """All orders of a slot but those that households have placed themselves; how many."""
        self.supplies.receive(closed.ordered_on, at=closed.goods_at)
        self.rounds.begin(closed.slot, closed.day)
        goods = self.goods.on(closed.day)
        stories: list[Story] = []
        for household in self._customers(closed):
            wish = household.wish(closed.day, seed=self.seed)
            story = self._story(household, wish, closed, goods) if wish else None
            if story is not None:
                stories.append(story)
                self._keep(story)
        self._give_back(stories)
        return len(stories)

    def finish(self) -> None:
        """Write what is left, and what it all means for the people."""
        self._write()
        self.writer.write_customers()
        shelves = self.supplies.shelves.items()
        put_away({pair: shelf.size for pair, shelf in shelves if not shelf.is_theirs})

    def _served(self, since: date) -> dict[tuple[int, date], set[int]]:
        """Who has an order already, by slot and day."""
        served: dict[tuple[int, date], set[int]] = {}
        orders = Order.objects.filter(region=self.region, delivery_date__gte=since)
        for slot_id, day, customer_id in orders.values_list("slot_id", "delivery_date", "customer_id"):
            served.setdefault((slot_id, day), set()).add(customer_id)
        return served

    def _customers(self, closed: ClosedSlot) -> Iterator[Household]:
        served = self.served.get((closed.slot.pk, closed.day), set())
        for household in self.households:
            usual = household.habits.slot == closed.slot.code and household.pincode in self.rounds.hub_of
            if usual and household.user_id not in served:
                yield household

    def _story(self, household: Household, wish: Wish, closed: ClosedSlot, goods: dict[str, Sellable]) -> Story | None:
        """The household's order, as far as the dairies can fill it; None where nothing is left."""
        items, shares = self._fill(household, wish, closed, goods)
        if not items:
            return None
        hub_id = self.rounds.hub_of[household.pincode]
        driver_id = self.rounds.next(hub_id)
        moments = moments_of(
            closed.slot,
            opens_at=closed.opens_at,
            cutoff=closed.cutoff,
            packs_at=closed.packs_at,
            starts_at=closed.starts_at,
            may_cancel=household.index > 0,
            chance=wish.chance,
        )
        steps = steps_of(
            moments,
            customer=Actor.user(household.user_id, Role.CUSTOMER),
            packer=self.packer,
            driver=Actor.user(self.rounds.user_of[driver_id], Role.DRIVER) if driver_id else None,
            now=self.now,
        )
        return Story(
            household=household,
            region=self.region,
            slot=closed.slot,
            day=closed.day,
            quote=price(items, terms=self.terms),
            shares=shares,
            hub_id=hub_id,
            driver_id=driver_id,
            steps=steps,
            wish=wish.chance.choice(WISHES) if wish.chance.randrange(100) < 3 else "",
            cancel_reason=wish.chance.choice(CANCEL_REASONS),
            way=way_of(household.index, closed.day, seed=self.seed),
        )

    def _fill(
        self, household: Household, wish: Wish, closed: ClosedSlot, goods: dict[str, Sellable]
    ) -> tuple[list[Item], list[Share]]:
        """What of the wish can be had, and from which dairies: line by line, as an assignment does it."""
        items: list[Item] = []
        shares: list[Share] = []
        chosen: set[int] = set()
        for sku, quantity in wish.pieces.items():
            sold = goods.get(sku)
            if sold is None:
                continue
            variant_id = sold.variant.pk
            assigned = self.supplies.assign(
                variant_id, quantity=quantity, pincode=household.pincode, on=closed.day, chosen=chosen
            )
            if assigned is None:
                continue
            candidate, candidates = assigned
            chosen.add(candidate.vendor_id)
            shelf = self.supplies.shelves[candidate.vendor_id, variant_id]
            shelf.available -= quantity
            items.append(item_of(sold, quantity, book=self.book, region=self.region, on=closed.day))
            decision = decision_of(candidates, chosen_id=candidate.vendor_id, quantity=quantity, used=frozenset())
            shares.append(Share(shelf, reason_for(candidate, len(candidates)), decision))
        orders = self.supplies.orders_of(closed.day)
        self.supplies.unwritten.add(closed.day)
        for vendor_id in chosen:
            orders[vendor_id] += 1
        return items, shares

    def _keep(self, story: Story) -> None:
        self.unwritten.append(story)
        if len(self.unwritten) == CHUNK:
            self._write()

    def _write(self) -> None:
        """Write what has gathered, oldest first, and let go of it."""
        self.writer.write(sorted(self.unwritten, key=lambda story: (story.placed_at, story.household.index)))
        self.unwritten.clear()

    def _give_back(self, stories: Iterable[Story]) -> None:
        """Cancelled orders give back what they took."""
        for story in stories:
            if story.status != Order.Status.CANCELLED:
                continue
            for priced, share in zip(story.quote.lines, story.shares, strict=True):
                share.shelf.available += priced.item.quantity
            self.supplies.unwritten.add(story.day)
            for vendor_id in story.vendor_ids:
                self.supplies.orders_of(story.day)[vendor_id] -= 1


def packer() -> Actor:
    """Whoever packs: the first manager there is."""
    manager = User.objects.filter(groups__name=Role.MANAGER, is_active=True).order_by("pk").first()
    return Actor.user(manager.pk, Role.MANAGER) if manager else Actor.system("demo")
