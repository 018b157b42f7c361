"""Filling a cart."""

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from cart.actions.transitions import move
from cart.events import CartItemAdded, CartItemChanged, CartMerged
from cart.models import Cart, CartLine
from cart.rules import CAPPED, NO_ROOM, NotOnSale, ensure_open, ensure_quantity, ensure_room
from catalog.queries import sellable
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit, emit_many
from milkdelivery.core.models import Region
from milkdelivery.core.rules import MAX_LINES, MAX_QUANTITY
from orders.models import OrderLine


def open_cart(*, customer_id: int | None, token: uuid.UUID | None = None) -> Cart:
    """The customer's open cart, or a guest's by token; a new one where there is none. Safe under a double tap."""
    known = _open_cart(customer_id, token)
    if known is not None:
        return known
    try:
        with transaction.atomic():
            return Cart.objects.create(customer_id=customer_id)
    except IntegrityError:  # the other tap was first
        return Cart.objects.open().get(customer_id=customer_id)


def _open_cart(customer_id: int | None, token: uuid.UUID | None) -> Cart | None:
    carts = Cart.objects.open()
    if customer_id is not None:
        return carts.filter(customer_id=customer_id).first()
    return carts.filter(token=token, customer=None).first() if token else None


def add_item(cart_id: int, *, variant_id: int, quantity: int, region: Region, on: date, by: Actor) -> CartLine:
    """Put `quantity` more pieces into the cart, up to `MAX_QUANTITY` of a variant.

    Raises BadQuantity, CartFull, CartClosed, and NotOnSale where the region doesn't sell it. Emits CartItemAdded.
    """
    ensure_quantity(quantity)
    sold = sellable([variant_id], region=region, on=on).get(variant_id)
    if sold is None:
        raise NotOnSale(_("This is not on sale any more."), variant_id=variant_id)
    with transaction.atomic():
        cart = Cart.objects.locked(cart_id)
        ensure_open(cart.status)
        lines = {line.variant_id: line for line in cart.lines.all()}
        line = lines.get(variant_id)
        if line is None:
            ensure_room(len(lines))
            line = CartLine(cart_id=cart_id, quantity=0, currency=region.currency, told_price=sold.price.price)
        line.variant = sold.variant
        line.told_gone = False
        line.quantity = min(MAX_QUANTITY, line.quantity + quantity)
        line.save()
        emit(CartItemAdded(cart_id, variant_id, quantity), actor=by)
    return line


def fill_cart(
    cart_id: int, pieces: Mapping[int, int], *, if_short: Mapping[int, str], region: Region, on: date, by: Actor
) -> list[CartLine]:
    """Have at least so many pieces by variant in the cart, what is in it besides left alone: what came into it.

    Safe to repeat. What the region doesn't sell is passed over. Raises BadQuantity, CartFull and CartClosed, and adds
    nothing then. Emits CartItemAdded for each.
    """
    sold = sellable(pieces.keys(), region=region, on=on)
    with transaction.atomic():
        cart = Cart.objects.locked(cart_id)
        ensure_open(cart.status)
        lines = {line.variant_id: line for line in cart.lines.all()}
        added: list[CartLine] = []
        more: list[CartItemAdded] = []
        for variant_id, offered in sold.items():
            wanted = ensure_quantity(pieces[variant_id])
            line = lines.get(variant_id)
            if line is None:
                ensure_room(len(lines))
                choice = if_short.get(variant_id, OrderLine.IfShort.SEND_AVAILABLE)
                line = CartLine(cart_id=cart_id, quantity=0, if_short=choice)
                line.currency, line.told_price = region.currency, offered.price.price
                lines[variant_id] = line
            if line.quantity >= wanted and not line.told_gone:
                continue
            more.append(CartItemAdded(cart_id, variant_id, max(0, wanted - line.quantity)))
            line.variant, line.quantity, line.told_gone = offered.variant, max(wanted, line.quantity), False
            added.append(line)
        CartLine.objects.bulk_create(
            added, update_conflicts=True, unique_fields=["cart", "variant"], update_fields=["quantity", "told_gone"]
        )
        emit_many(more, actor=by)
    return added


def set_quantity(cart_id: int, *, variant_id: int, quantity: int, by: Actor) -> None:
    """Have exactly `quantity` pieces of something that is in the cart; 0 takes it out. Safe to repeat.

    Raises BadQuantity and CartClosed. Emits CartItemChanged.
    """
    if quantity != 0:
        ensure_quantity(quantity)
    with transaction.atomic():
        ensure_open(Cart.objects.locked(cart_id).status)
        line = CartLine.objects.filter(cart_id=cart_id, variant_id=variant_id).first()
        if line is None or line.quantity == quantity:
            return
        if quantity == 0:
            line.delete()
        else:
            line.quantity = quantity
            line.save(update_fields=["quantity"])
        emit(CartItemChanged(cart_id, variant_id, quantity), actor=by)


def merge_guest_cart(token: uuid.UUID, *, customer_id: int, by: Actor) -> Cart | None:
    """A guest signed in: their cart's lines join the customer's, up to the caps, and its promo code if there is none.

    What the caps kept out is told once. Safe to repeat. Locks both carts. Emits CartMerged.
    """
    with transaction.atomic():
        guest = Cart.objects.locked_guest(token)
        if guest is None:
            return None
        own = _locked_open_cart(customer_id)
        _join(own, guest)
        move(guest, Cart.Status.MERGED)
        emit(CartMerged(own.pk, guest.pk), actor=by)
    return own


def _locked_open_cart(customer_id: int) -> Cart:
    """The customer's open cart. One that is ordered between the look and the lock is open no more: look again."""
    while True:
        open_cart(customer_id=customer_id)
        cart = Cart.objects.locked_open_of(customer_id)
        if cart is not None:
            return cart


def reopen_cart(cart: Cart) -> None:
    """An order came to nothing: its cart is open again, or joins the one opened meanwhile.

    Part of the caller's transaction.
    """
    newer = None
    if cart.customer_id is not None:
        newer = Cart.objects.locked_open_of(cart.customer_id)
    if newer is not None:
        _join(newer, cart)
        move(cart, Cart.Status.MERGED)
    else:
        move(cart, Cart.Status.OPEN)


def _join(cart: Cart, other: Cart) -> None:
    """Put what is in the other cart into this one, both locked: pieces add up to the caps.

    What is wanted where a line falls short is what somebody chose of it; this cart's choice, where both did.
    """
    lines = {line.variant_id: line for line in cart.lines.all()}
    notes: list[dict[str, Any]] = []
    for line in other.lines.all():
        known = lines.get(line.variant_id)
        if known is not None:
            wanted = known.quantity + line.quantity
            known.quantity = min(MAX_QUANTITY, wanted)
            known.if_short = line.if_short if known.if_short == OrderLine.IfShort.SEND_AVAILABLE else known.if_short
            if wanted > MAX_QUANTITY:
                notes.append(_note(CAPPED, line, wanted=wanted, kept=MAX_QUANTITY))
        elif len(lines) < MAX_LINES:
            lines[line.variant_id] = CartLine(
                cart=cart,
                variant_id=line.variant_id,
                quantity=line.quantity,
                if_short=line.if_short,
                currency=line.currency,
                told_price=line.told_price,
                told_gone=line.told_gone,
            )
        else:
            notes.append(_note(NO_ROOM, line, wanted=line.quantity, kept=0))
    CartLine.objects.bulk_create(
        lines.values(), update_conflicts=True, unique_fields=["cart", "variant"], update_fields=["quantity", "if_short"]
    )
    if notes or (other.promo_code_id is not None and cart.promo_code_id is None):
        cart.notes = [*cart.notes, *notes]
        cart.promo_code_id = cart.promo_code_id or other.promo_code_id
        cart.save(update_fields=["notes", "promo_code", "updated_at"])


def _note(kind: str, line: CartLine, *, wanted: int, kept: int) -> dict[str, Any]:
    return {"kind": kind, "variant": line.variant_id, "wanted": wanted, "kept": kept}
