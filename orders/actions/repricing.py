"""What an order costs once less of it comes than was promised, or something else."""

from collections.abc import Sequence

from catalog.rules.promotions import Discount
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from orders.actions.parts import item_of, save_rows
from orders.events import OrderLineShort
from orders.models import Order, OrderLine
from orders.rules.pricing import Terms, price

TOTALS = ["items_total", "discount_total", "tax_total", "deposit_total", "grand_total"]


def reprice_what_is_missing(
    order: Order, rows: Sequence[OrderLine], changed: Sequence[OrderLine], *, by: Actor
) -> None:
    """Price a locked order anew where some of its `changed` rows don't come. `rows` are all of its lines, saved.

    Part of the caller's transaction. Emits OrderLineShort.
    """
    missing = [row for row in changed if not row.comes]
    if not missing:
        return
    before = order.grand_total
    save_rows(_reprice(order, rows))
    emit(
        OrderLineShort(
            order.pk,
            order.customer_id,
            line_ids=tuple(row.pk for row in missing),
            pieces=sum(row.quantity for row in missing),
            total_before=before,
            total=order.grand_total,
            is_whole=False,
            replaced=sum(row.quantity for row in missing if row.status == OrderLine.Status.SUBSTITUTED),
        ),
        actor=by,
    )


def _reprice(order: Order, lines: Sequence[OrderLine]) -> list[OrderLine]:
    """Price the order anew over what comes, by the one pricing function at the prices it was sold at.

    The delivery costs what it did: it never rises because something is missing. Lines keep their discounts. Saves the
    order; returns the lines that come with their figures, for the caller to save.
    """
    coming = [line for line in lines if line.comes]
    kept = Discount(tuple(line.discount for line in coming))
    quote = price([item_of(line) for line in coming], terms=_terms(order), discount=kept)
    for line, priced in zip(coming, quote.lines, strict=True):
        line.discount, line.tax, line.deposit, line.total = priced.discount, priced.tax, priced.deposit, priced.total
    order.items_total = quote.items_total
    order.discount_total = quote.discount_total
    order.tax_total = quote.tax_total
    order.deposit_total = quote.deposit_total
    order.grand_total = quote.grand_total
    order.partial_fulfilment = any(line.status == OrderLine.Status.SHORT for line in lines)
    order.save(update_fields=[*TOTALS, "partial_fulfilment", "updated_at"])
    return coming


def _terms(order: Order) -> Terms:
    """The region's, with the delivery at what it cost when the order was placed, whatever the goods are worth now."""
    return Terms(
        currency=order.currency,
        tax_inclusive=order.region.tax_inclusive,
        delivery_fee=order.delivery_total,
        free_delivery_from=None,
    )
