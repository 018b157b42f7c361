"""From a priced basket to an order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction

from accounts.models import User
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from milkdelivery.core.models import DeliverySlot, Region
from orders.actions.transitions import record
from orders.events import OrderPlaced
from orders.models import Order, OrderLine
from orders.rules.doors import door_key
from orders.rules.pricing import PricedLine, Quote


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """All that was decided when the button was pressed."""

    customer_id: int
    region: Region
    address: Mapping[str, Any]
    pincode: str
    delivery_date: date
    slot: DeliverySlot
    quote: Quote
    source: str = Order.Source.CHECKOUT
    special_instructions: str = ""
    device_id: int | None = None
    is_from_their_place: bool = True
    """Whether the request came from the household: not where staff order for a caller."""
    if_short: Mapping[int, str] = field(default_factory=dict)
    """What the household wants where there is not enough, by variant."""


def create_order(draft: OrderDraft, *, by: Actor) -> Order:
    """Write the order with its lines at the quoted prices. Promises nothing yet: stock is reserved later.

    Keeps the customer from being erased meanwhile. Emits OrderPlaced. Raises PersonErased.
    """
    quote = draft.quote
    origin = by.request if draft.is_from_their_place else None
    with transaction.atomic():
        User.objects.keep(draft.customer_id)
        order = Order.objects.create(
            customer_id=draft.customer_id,
            region=draft.region,
            currency=draft.region.currency,
            address=dict(draft.address),
            pincode=draft.pincode,
            delivery_date=draft.delivery_date,
            slot=draft.slot,
            items_total=quote.items_total,
            discount_total=quote.discount_total,
            tax_total=quote.tax_total,
            deposit_total=quote.deposit_total,
            delivery_total=quote.delivery_total,
            grand_total=quote.grand_total,
            promotion_name=quote.promotion_name,
            promo_code=quote.promo_code,
            source=draft.source,
            special_instructions=draft.special_instructions,
            device_id=draft.device_id,
            ip=origin.ip if origin else None,
            place=origin.place if origin else "",
            door=door_key(draft.address, pincode=draft.pincode),
            placed_at=clock.now(),
        )
        OrderLine.objects.bulk_create(
            line_of(order, priced, if_short=draft.if_short.get(priced.item.variant_id)) for priced in quote.lines
        )
        record(order, "", by=by)
        emit(OrderPlaced(order.pk, order.customer_id, order.delivery_date, quote.grand_total, order.source), actor=by)
    return order


def line_of(order: Order, priced: PricedLine, *, if_short: str | None = None) -> OrderLine:
    """An order line that is not saved yet, with every figure of its quote."""
    item = priced.item
    return OrderLine(
        order=order,
        variant_id=item.variant_id,
        name=item.name,
        pack=item.pack,
        quantity=item.quantity,
        unit_price=item.unit_price,
        discount=priced.discount,
        hsn_code=item.hsn_code,
        tax_basis_points=item.tax_basis_points,
        tax=priced.tax,
        deposit=priced.deposit,
        total=priced.total,
        if_short=if_short or OrderLine.IfShort.SEND_AVAILABLE,
    )
