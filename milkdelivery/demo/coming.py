"""The orders of the coming days, placed by the real checkout and carried through by its workflow."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from cart.actions import Buyer, Destination, Purchase, add_item, open_cart, place_order, run_checkout
from cart.actions.steps import PAYMENT
from cart.models import Cart, Checkout
from cart.queries import Plan
from cart.rules import CheckoutRefused, NotOnSale
from catalog.models import Variant
from inventory.actions import set_on_hand
from inventory.models import Stock
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import DeliverySlot, Region
from milkdelivery.core.money import Money
from milkdelivery.core.queries import RegionBook
from milkdelivery.demo import paying, wallets
from milkdelivery.demo.dairies import DAIRY, bring, plan_ahead
from milkdelivery.demo.data.products import Supply
from milkdelivery.demo.habits import supply_of
from milkdelivery.demo.hands import untouched
from milkdelivery.demo.households import Household
from milkdelivery.demo.supply import shelf_size
from orders.models import Order
from payments.models import Payment
from payments.queries import spendable_of
from vendors.models import Offer

BUSY = timedelta(hours=6)
"""The coming days' orders came in during the last hours."""

EARLY_PERCENT = 12
"""Per cent of the households that have ordered already. What is to come stays as it is when its day has passed."""

PLENTY = 400
"""Whole units in a wallet that are enough for whatever a household orders."""


@dataclass(frozen=True, slots=True)
class EarlyBird:
    """A household that has ordered for its next delivery already."""

    household: Household
    slot: DeliverySlot
    day: date
    pieces: Mapping[str, int]


def open_up(households: Sequence[Household], *, book: RegionBook, seed: int, since: datetime | None) -> int:
    """Fill the shelves and place the orders for the next deliveries that are not there yet; how many were confirmed.

    `since` is the last start: nothing happened before it that was not there then.
    """
    birds = _early_birds(households, book=book, seed=seed)
    if not birds:
        return 0
    now = clock.now()
    opens_at = max(since, now - BUSY) if since else now - BUSY
    # Where nobody has ordered yet, too: the shelves of a small market would be empty in three days.
    markets = Counter(household.region_id for household in households)
    with clock.override(opens_at):
        for region_id, number in sorted(markets.items()):
            _fill_shelves(region_id, households)
            plan_ahead(book.regions[region_id], households=number)
    variants = dict(Variant.objects.values_list("sku", "pk"))
    confirmed = 0
    for position, bird in enumerate(birds, start=1):
        with clock.override(opens_at + (now - opens_at) * position / len(birds)):
            confirmed += _order(bird, variants, region=book.regions[bird.household.region_id])
    for region_id, number in sorted(markets.items()):
        plan_ahead(book.regions[region_id], households=number)  # a day more, if midnight has passed since
    return confirmed


def _early_birds(households: Sequence[Household], *, book: RegionBook, seed: int) -> list[EarlyBird]:
    """Those who order early and have neither ordered for that day nor something of their own in the cart."""
    filling = set(Cart.objects.open().filter(lines__isnull=False).values_list("customer_id", flat=True))
    served: dict[tuple[int, date], set[int]] = {}
    birds: list[EarlyBird] = []
    for household in households:
        bird = None if household.user_id in filling else _early_bird(household, book=book, seed=seed)
        if bird is None:
            continue
        key = (bird.slot.pk, bird.day)
        if key not in served:
            orders = Order.objects.filter(slot=bird.slot, delivery_date=bird.day)
            served[key] = set(orders.values_list("customer_id", flat=True))
        if household.user_id not in served[key]:
            birds.append(bird)
    return birds


def _early_bird(household: Household, *, book: RegionBook, seed: int) -> EarlyBird | None:
    slots = (slot for slot in book.slots_of(household.region_id) if slot.code == household.habits.slot)
    slot = next(slots, None)
    days = book.open_days(slot) if slot else ()
    if slot is None or not days:
        return None
    day = days[0].date
    chance = Random(f"{seed}/early/{household.index}/{day}")
    wish = household.wish(day, seed=seed)
    if wish is None or (household.index > 0 and chance.randrange(100) >= EARLY_PERCENT):
        return None
    pieces = {sku: count for sku, count in wish.pieces.items() if supply_of(sku) == Supply.PLENTY}
    return EarlyBird(household, slot, day, pieces)


def _fill_shelves(region_id: int, households: Sequence[Household]) -> None:
    """Goods for tomorrow, by the dairies' usual measure; of what is always sold out only what is promised stays.

    Shelves that somebody has counted or filled by hand stay as they were left.
    """
    here = [household for household in households if household.region_id == region_id]
    tomorrow = clock.today(Region.objects.get(pk=region_id)) + timedelta(days=1)
    offers = Offer.objects.filter(vendor__region_id=region_id, vendor__is_active=True, is_active=True)
    found = Stock.objects.filter(vendor__region_id=region_id).with_left(on=tomorrow)
    stocks = {(stock.vendor_id, stock.variant_id): stock for stock in found}
    for offer in untouched(offers.select_related("variant", "vendor__region").order_by("pk")):
        sku = offer.variant.sku
        stock = stocks.get((offer.vendor_id, offer.variant_id))
        pair: dict[str, Any] = {"vendor_id": offer.vendor_id, "variant_id": offer.variant_id}
        if supply_of(sku) == Supply.OUT:
            if stock and stock.available:
                set_on_hand(**pair, quantity=stock.reserved, by=DAIRY, reason="Counted: sold out")
            continue
        size = shelf_size(sku, households=len(here), region_code=here[0].region_code)
        left = stock.left if stock else 0
        if left < size and not (stock and stock.supply_id):
            bring(offer, size - left)


def _order(bird: EarlyBird, variants: Mapping[str, int], *, region: Region) -> bool:
    """From an empty cart to a confirmed order; False where the shop said no."""
    household = bird.household
    by = Actor.user(household.user_id, Role.CUSTOMER)
    cart = open_cart(customer_id=household.user_id)
    purchase = Purchase(
        buyer=Buyer(user_id=household.user_id, device_id=household.device_id),
        destination=Destination(address_id=household.address_id),
        plan=Plan(household.pincode, bird.slot, bird.day, _method(household, region)),
    )
    try:
        for sku, count in bird.pieces.items():
            add_item(cart.pk, variant_id=variants[sku], quantity=count, region=region, on=bird.day, by=by)
        checkout = place_order(cart.pk, purchase, by=by)
    except (CheckoutRefused, NotOnSale):
        return False
    run = run_checkout(checkout.pk, by=by)
    if run.state == Checkout.State.WAITING and run.waiting_for == PAYMENT:
        run = paying.pay_for(run, household, by=by)
    return run.state == Checkout.State.DONE


def _method(household: Household, region: Region) -> str:
    """Some pay from their wallet, where there is plenty in it, some ahead at their bank; the first household, who is
    you, in cash."""
    if household.index % 2 and household.index % wallets.EVERY:
        return paying.method_of(household)
    if household.index == 0 or household.index % wallets.EVERY:
        return Payment.Method.COD
    has_plenty = spendable_of(household.user_id, region.currency) >= Money(PLENTY * 100, region.currency)
    return Payment.Method.WALLET if has_plenty else Payment.Method.COD
