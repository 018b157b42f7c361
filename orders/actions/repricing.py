"""What an order costs once less of it comes than was promised."""

from collections.abc import Sequence

from catalog.rules.promotions import Discount
from milkdelivery.core.money import Money
from orders.models import Order, OrderLine
from orders.rules.pricing import Item, Terms, price

TOTALS = ["items_total", "discount_total", "tax_total", "deposit_total", "grand_total"]


def reprice(order: Order, lines: Sequence[OrderLine]) -> list[OrderLine]:
    """Price a locked order anew over what comes, by the one pricing function at the prices it was sold at.

    The delivery costs what it did: it never rises because something is missing. Lines keep their discounts. Saves the
    order; returns the lines that come with their figures, for the caller to save.
    """
    coming = [line for line in lines if line.comes]
    kept = Discount(tuple(line.discount for line in coming))
    quote = price([_item(line) for line in coming], terms=_terms(order), discount=kept)
    for line, priced in zip(coming, quote.lines, strict=True):
        line.discount, line.tax, line.deposit, line.total = priced.discount, priced.tax, priced.deposit, priced.total
    order.items_total = quote.items_total
    order.discount_total = quote.discount_total
    order.tax_total = quote.tax_total
    order.deposit_total = quote.deposit_total
    order.grand_total = quote.grand_total
    order.partial_fulfilment = True
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


def _item(line: OrderLine) -> Item:
    return Item(
        variant_id=line.variant_id,
        name=line.name,
        pack=line.pack,
        hsn_code=line.hsn_code,
        quantity=line.quantity,
        unit_price=line.unit_price,
        deposit=Money(line.deposit.minor // line.quantity, line.deposit.currency),
        tax_basis_points=line.tax_basis_points,
    )
