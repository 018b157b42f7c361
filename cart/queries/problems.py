"""What keeps a cart from being ordered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cart.queries.pricing import CartView, next_day
from cart.rules import Problem
from inventory.queries import availability_at
from milkdelivery.core import clock
from milkdelivery.core.models import DeliverySlot, Region
from milkdelivery.core.money import Money
from milkdelivery.core.queries import RegionBook
from payments.gateways import usable_methods
from payments.queries import missing_for


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be ordered: from where to where, when, and how it is paid."""

    pincode: str
    slot: DeliverySlot | None
    delivery_date: date | None
    payment_method: str
    expected_total: Money | None = None
    """What the person saw; None where nothing was shown."""


def problems_of(view: CartView, plan: Plan, *, region: Region, book: RegionBook) -> list[Problem]:
    """Everything that keeps the cart from being ordered by this plan.

    No query, but where something can't come on the day: one for each day that is open, until all of it can come.
    """
    place = _place_problems(plan, region=region, book=book)
    when = _time_problems(plan, region=region, book=book)
    is_day_open = not any(problem.field == "delivery_date" for problem in when) or plan.delivery_date is None
    goods = [Problem("cart_empty", _("Your cart is empty."))]
    if any(line.sold or not line.line.told_gone for line in view.lines):
        # Where nobody delivers, or on a day on which nobody does, nothing is available: that is said once, of the
        # place or the day.
        goods = _line_problems(view, plan, region=region, book=book) if not place and is_day_open else []
    return [
        *goods,
        *place,
        *when,
        *_money_problems(view, plan),
    ]


def wallet_problems(view: CartView, plan: Plan, *, user_id: int | None) -> list[Problem]:
    """What keeps a wallet from paying for the cart. One query, and only where a wallet is to pay."""
    if plan.payment_method not in usable_methods(has_account=True) or plan.payment_method in usable_methods():
        return []
    if user_id is None:
        text = _("Sign in to pay from your wallet, or choose another way to pay.")
        return [Problem("payment_method_not_usable", text, "payment_method")]
    missing = missing_for(user_id, view.quote.grand_total)
    if not missing:
        return []
    text = _("%(missing)s is missing in your wallet. Top it up, or choose another way to pay.")
    facts = {"missing": str(missing.to_decimal())}
    return [Problem("insufficient_funds", text % {"missing": missing.format()}, "payment_method", facts)]


def _line_problems(view: CartView, plan: Plan, *, region: Region, book: RegionBook) -> list[Problem]:
    day = plan.delivery_date or next_day(book, region)
    first_days = _first_days(view, plan, region=region, book=book)
    problems = []
    for line in view.lines:
        if line.sold is None and line.line.told_gone:
            continue  # they know, and it is in no total
        variant = line.line.variant
        facts: dict[str, Any] = {"variant_id": variant.pk, "state": line.state}
        name = f"{variant.product.local_name} {variant.local_name}"
        if line.state == "UNAVAILABLE":
            text = _("%(name)s is not available now. Take it out to go on.")
            first = first_days.get(variant.pk)
            if line.sold is None and not book.knows_tax(region.id, variant.hsn_code, on=day):
                text = _("%(name)s can't be sold for this day: its tax is not settled yet. Take it out to go on.")
                facts["why"] = "tax_unknown"
            elif first is not None:
                text = _(
                    "%(name)s can't come on %(day)s; the first day that it can is %(first)s. Choose another day, or "
                    "take it out."
                )
                facts["first_day"] = first.isoformat()
            text %= {"name": name, "day": date_format(day, "D j M"), "first": date_format(first or day, "D j M")}
            problems.append(Problem("line_unavailable", text, "lines", facts))
        elif line.state == "SHORT":
            left = line.availability.quantity
            text = ngettext("Only %(left)d of %(name)s is left.", "Only %(left)d of %(name)s are left.", left)
            text %= {"left": left, "name": name}
            problems.append(Problem("line_short", text, "lines", {**facts, "available": left}))
    return problems


def _first_days(view: CartView, plan: Plan, *, region: Region, book: RegionBook) -> Mapping[int, date]:
    """Of what is on sale and can't come on the day of the plan: the first day that it can, by variant."""
    missing = {line.line.variant_id for line in view.lines if line.sold and line.state == "UNAVAILABLE"}
    found: dict[int, date] = {}
    for day in book.open_days(plan.slot) if plan.slot and missing else ():
        left = availability_at(plan.pincode, missing - found.keys(), region_id=region.pk, on=day.date)
        found |= {pk: day.date for pk, there in left.items() if there.quantity}
        if len(found) == len(missing):
            break
    return found


def _place_problems(plan: Plan, *, region: Region, book: RegionBook) -> Sequence[Problem]:
    pincode = book.pincode(plan.pincode)
    if pincode is None or not pincode.is_served:
        return [Problem("not_served", _("We don't deliver to this pincode yet."), "pincode")]
    if pincode.region_id != region.id:
        return [Problem("other_region", _("This cart was filled for another region."), "pincode")]
    return []


def _time_problems(plan: Plan, *, region: Region, book: RegionBook) -> Sequence[Problem]:
    if plan.slot is None or not plan.slot.is_active or plan.slot.region_id != region.id:
        return [Problem("slot_closed", _("Choose a delivery time."), "slot")]
    if plan.delivery_date is None:
        return [Problem("date_missing", _("Choose a delivery day."), "delivery_date")]
    named = date_format(plan.delivery_date, "D j M")
    open_days = book.open_days(plan.slot)
    if any(day.date == plan.delivery_date for day in open_days):
        return []
    if plan.delivery_date < clock.today(book.regions[plan.slot.region_id]):
        return [Problem("date_past", _("%(day)s has passed. Choose another day.") % {"day": named}, "delivery_date")]
    if clock.now() >= book.cutoff_at(plan.slot, plan.delivery_date):
        text = _("The time to order for %(day)s has just passed. Choose another day.") % {"day": named}
        return [Problem("cutoff_passed", text, "delivery_date")]
    text = _("We don't deliver on %(day)s. Choose another day.") % {"day": named}
    return [Problem("date_closed", text, "delivery_date")]


def _money_problems(view: CartView, plan: Plan) -> Sequence[Problem]:
    """A code that can't be used stops an order whose total was not seen without it."""
    if plan.payment_method not in usable_methods(has_account=True):
        text = _("This way to pay is not available. Choose another.")
        return [Problem("payment_method_not_usable", text, "payment_method")]
    total = view.quote.grand_total
    problems = []
    if view.deal.refusal is not None and view.deal.is_lost and plan.expected_total != total:
        refusal = view.deal.refusal
        problems.append(Problem(refusal.code, refusal.message, "promo_code", {"promo_code": view.deal.code}))
    if plan.expected_total is not None and plan.expected_total != total:
        text = _("The total is now %(total)s. Look it over and press again.") % {"total": total.format()}
        problems.append(Problem("total_changed", text, None, {"total": str(total.to_decimal())}))
    return problems
