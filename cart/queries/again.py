"""What ordering something once more would mean now: at today's prices, to the usual door, at the usual time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import Address, Preferences, User
from accounts.queries import addresses_of, preferences_of
from cart.models import CartLine
from cart.queries.pricing import CartView, LineView, lines_of, person_by_id, view_lines
from cart.queries.problems import Plan, problems_of, wallet_problems
from cart.rules import Problem
from milkdelivery.core.models import DeliverySlot, Region
from milkdelivery.core.queries import RegionBook, SlotDays, normal_pincode
from orders.models import Order
from orders.queries import Recent, Wanted, recent_of, usual_of, wanted_in
from payments.gateways import gateway_for
from payments.models import Payment

USUAL = "usual"
"""What an offer is of, where it is of no one order."""
COMES = ("OK", "LOW")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that was wanted and can't come now."""

    variant_id: int
    name: str
    reason: str
    """For people, in their language."""


@dataclass(frozen=True)
class Offer:
    """All of an order that one tap would place, and what keeps one tap from being enough."""

    subject: str
    """`USUAL`, or the number of the order that is repeated."""
    after: int
    """The household's newest order when this was looked at: what is tapped twice names it twice."""
    rests_on: int
    """How many orders tell what is usual; 1 for a repeated one."""
    view: CartView
    """What can come."""
    left_out: tuple[LeftOut, ...]
    if_short: dict[int, str]
    address: Address | None
    slot: DeliverySlot | None
    delivery_date: date | None
    payment_method: str
    gaps: tuple[Problem, ...]
    """What only the household can fill in."""
    hindrances: tuple[Problem, ...]
    """What else the check before an order finds."""

    @property
    def pieces(self) -> dict[int, int]:
        return {line.line.variant_id: line.quantity for line in self.view.lines}

    @property
    def problems(self) -> tuple[Problem, ...]:
        return (*self.gaps, *self.hindrances)

    @property
    def is_ready(self) -> bool:
        """Whether one tap is enough."""
        return not self.problems

    @cached_property
    def payment_label(self) -> str:
        return str(dict(Payment.Method.choices).get(self.payment_method, ""))


def usual_offer(user: User, *, book: RegionBook) -> Offer | None:
    """What a household orders most. A constant number of queries, one where it never ordered; then None."""
    recent = recent_of(user.pk)
    wanted = usual_of(recent)
    return _offer(USUAL, wanted, user, recent, rests_on=len(recent.kept), book=book) if wanted.pieces else None


def repeat_offer(order: Order, user: User, *, book: RegionBook) -> Offer:
    """The same as that order of theirs, read with its lines. A constant number of queries."""
    return _offer(order.number, wanted_in(order.lines.all()), user, recent_of(user.pk), rests_on=1, book=book)


def _offer(subject: str, wanted: Wanted, user: User, recent: Recent, *, rests_on: int, book: RegionBook) -> Offer:
    addresses = list(addresses_of(user.pk))
    address = _door(addresses, user.last_selected_address_id)
    preferences = preferences_of(user)
    region = _region(address, book)
    slot, day = usual_time(book.calendar(region.pk), preferences, taken=recent.taken) or (None, None)
    pincode = normal_pincode(address.pincode) if address else None
    view, left_out = _what_comes(wanted, user, region=region, book=book, pincode=pincode, on=day)
    plan = Plan(pincode or "", slot, day, preferences.payment_method)
    gaps = _gaps(user, address, plan)
    told = {gap.field for gap in gaps} | ({"pincode"} if address is None else set())
    found = [*problems_of(view, plan, region=region, book=book), *wallet_problems(view, plan, user_id=user.pk)]
    return Offer(
        subject=subject,
        after=recent.newest,
        rests_on=rests_on,
        view=view,
        left_out=left_out,
        if_short={variant_id: wanted.if_short[variant_id] for variant_id in wanted.pieces},
        address=address,
        slot=slot,
        delivery_date=day,
        payment_method=plan.payment_method,
        gaps=gaps,
        hindrances=tuple(problem for problem in found if problem.field not in told),
    )


def _door(addresses: Sequence[Address], last_id: int | None) -> Address | None:
    """The default address, or else the one used last, or else the only one."""
    return min(addresses, key=lambda door: (not door.is_default, door.pk != last_id, door.pk), default=None)


def _region(address: Address | None, book: RegionBook) -> Region:
    region = book.region_of(address.pincode) if address else None
    return region or book.region(settings.HOME_REGION) or next(iter(book.regions.values()))


def usual_time(
    calendar: Sequence[SlotDays],
    preferences: Preferences | None,
    *,
    taken: frozenset[tuple[int, date]] = frozenset(),
) -> tuple[DeliverySlot, date] | None:
    """The preferred slot on its soonest day, or the soonest of any. A day on which something comes already is passed
    over, unless there is no other."""
    usual = [entry for entry in calendar if entry.days and preferences and entry.slot.code == preferences.slot]
    choices = [(entry.slot, day.date) for entry in usual or calendar for day in entry.days]
    free = [choice for choice in choices if (choice[0].pk, choice[1]) not in taken]
    return min(free or choices, key=lambda choice: (choice[1], choice[0].starts_at), default=None)


def _what_comes(
    wanted: Wanted, user: User, *, region: Region, book: RegionBook, pincode: str | None, on: date | None
) -> tuple[CartView, tuple[LeftOut, ...]]:
    """What can come of it, priced, and what can't."""
    person = person_by_id(user.pk)
    lines: list[CartLine] = lines_of(wanted.pieces)
    view = view_lines(lines, region=region, book=book, pincode=pincode, on=on, person=person)
    missing = [line for line in view.lines if line.state not in COMES]
    if pincode is not None and not _is_served(book, pincode):  # nothing would come: that is said once, of the place
        missing = [line for line in missing if line.sold is None]
    if missing:
        gone = {line.line.variant_id for line in missing}
        rest = [line for line in lines if line.variant_id not in gone]
        view = view_lines(rest, region=region, book=book, pincode=pincode, on=on, person=person)
    return view, tuple(map(_left_out, missing))


def _is_served(book: RegionBook, code: str) -> bool:
    pincode = book.pincode(code)
    return pincode is not None and pincode.is_served


def _left_out(line: LineView) -> LeftOut:
    variant = line.line.variant
    if line.sold is None:
        reason = _("not sold any more")
    elif line.state == "SHORT":
        reason = _("only %(left)d left") % {"left": line.availability.quantity}
    else:
        reason = _("sold out for that day")
    return LeftOut(variant.pk, f"{variant.product.local_name} {variant.local_name}", reason)


def _gaps(user: User, address: Address | None, plan: Plan) -> tuple[Problem, ...]:
    gaps = []
    if not (user.name and user.contact):
        gaps.append(Problem("name_missing", _("Tell us your name."), "name"))
    if address is None:
        gaps.append(Problem("address_missing", _("Tell us where to deliver."), "address"))
    if plan.slot is None:
        gaps.append(Problem("slot_missing", _("Choose a delivery time."), "slot"))
    gateway = gateway_for(plan.payment_method)
    if gateway is None or not gateway.is_immediate:
        gaps.append(Problem("payment_needs_you", _("Your way to pay needs a step of yours."), "payment_method"))
    return tuple(gaps)
