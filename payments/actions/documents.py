"""From an order and its seller to what an invoice says, frozen."""

from collections.abc import Sequence
from datetime import date

from orders.models import Order, OrderLine
from payments.models import Refund, Seller
from payments.rules.invoices import (
    VERSION,
    Data,
    Title,
    ensure_adds_up,
    heads_of,
    taxes_by_rate,
    title_of,
)
from payments.rules.places import state_label, state_of

_DOOR = ("name", "text", "pincode", "country")


def invoice_document(order: Order, *, seller: Seller, methods: Sequence[str], language: str) -> Data:
    """All that the invoice of a delivered order says; amounts in minor units. Reads `lines`, prefetched where there are
    many. Raises ValueError where the order's parts do not sum to its total."""
    is_gst = seller.is_gst
    home = seller.tax_number[:2] if is_gst else ""
    address = order.address
    place = state_of(order.pincode, named=str(address.get("state", "")), home=home) if is_gst else ""
    heads = heads_of(is_gst=is_gst, seller_state=home, supply_state=place, scheme=seller.region.tax_scheme)
    lines = [_line(line, tax_inclusive=order.region.tax_inclusive) for line in order.coming_lines]
    document: Data = {
        "version": VERSION,
        "title": title_of([line["basis_points"] for line in lines], is_gst=is_gst).value,
        "language": language,
        "currency": order.currency,
        "tax_inclusive": order.region.tax_inclusive,
        "seller": seller_data(seller),
        "buyer": {part: str(address[part]) for part in _DOOR if address.get(part)},
        "place_of_supply": state_label(place),
        "order": order.number,
        "delivered_on": order.delivery_date.isoformat(),
        "methods": list(methods),
        "promotion": order.promotion_name,
        "lines": lines,
        "heads": list(heads.names),
        "taxes": taxes_by_rate(lines, heads),
        "sums": {
            "items": order.items_total.minor,
            "discount": order.discount_total.minor,
            "tax": order.tax_total.minor,
            "deposit": order.deposit_total.minor,
            "delivery": order.delivery_total.minor,
            "total": order.grand_total.minor,
        },
    }
    ensure_adds_up(document)
    return document


def note_document(
    refund: Refund, credited: Data, *, destination: str, invoice: Data, number: str, issued_on: date
) -> Data:
    """All that the credit note for a refund says: of the invoice what stays the same, of the refund what went back, and
    to where."""
    kept = ("currency", "language", "tax_inclusive", "seller", "buyer", "place_of_supply", "order", "heads")
    return {
        "version": VERSION,
        "title": Title.CREDIT_NOTE.value,
        **{key: invoice[key] for key in kept},
        "invoice": {"title": invoice["title"], "number": number, "issued_on": issued_on.isoformat()},
        "reason": refund.reason,
        "destination": destination,
        **credited,
    }


def seller_data(seller: Seller) -> Data:
    state = state_label(seller.tax_number[:2]) if seller.is_gst else ""
    return {
        "name": seller.name,
        "address": seller.address,
        "tax_number": seller.tax_number,
        "food_licence": seller.food_licence,
        "state": state,
        "is_gst": seller.is_gst,
    }


def _line(line: OrderLine, *, tax_inclusive: bool) -> Data:
    taxable = line.total - line.tax if tax_inclusive else line.total
    return {
        "line": line.pk,
        "name": line.name,
        "pack": line.pack,
        "hsn": line.hsn_code,
        "quantity": line.quantity,
        "unit_price": line.unit_price.minor,
        "discount": line.discount.minor,
        "basis_points": line.tax_basis_points,
        "taxable": taxable.minor,
        "tax": line.tax.minor,
        "deposit": line.deposit.minor,
    }
