"""What a household wants where there is not enough, and what it has heard of its cart."""

from django.db import transaction

from cart.events import CartChoiceMade, CartNewsTold
from cart.models import Cart, CartLine
from cart.queries import Untold
from cart.rules import ensure_choice, ensure_open
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from orders.models import OrderLine


def choose_if_short(cart_id: int, *, if_short: str, variant_id: int | None = None, by: Actor) -> None:
    """What happens where there is not enough of a line, or of any line. Safe to repeat.

    Locks the cart. Raises BadChoice and CartClosed. Emits CartChoiceMade.
    """
    ensure_choice(if_short, among=OrderLine.IfShort.values)
    with transaction.atomic():
        ensure_open(Cart.objects.locked(cart_id).status)
        lines = CartLine.objects.filter(cart_id=cart_id).exclude(if_short=if_short)
        if variant_id is not None:
            lines = lines.filter(variant_id=variant_id)
        if lines.update(if_short=if_short):
            emit(CartChoiceMade(cart_id, variant_id, if_short), actor=by)


def mark_told(cart_id: int, untold: Untold, *, by: Actor) -> None:
    """The household sees this now, so it is not told again. Safe to repeat, also by two pages at once.

    Locks the cart. Emits CartNewsTold.
    """
    with transaction.atomic():
        cart = Cart.objects.locked(cart_id)
        if cart.notes:
            cart.notes = []
            cart.save(update_fields=["notes"])
        lines = {line.pk: line for line in CartLine.objects.filter(cart_id=cart_id)}
        for pk, (minor, currency) in untold.prices.items():
            if pk in lines:
                lines[pk].told_price, lines[pk].currency = minor, currency
        for pk, is_gone in (*((pk, True) for pk in untold.gone), *((pk, False) for pk in untold.back)):
            if pk in lines:
                lines[pk].told_gone = is_gone
        CartLine.objects.bulk_update(lines.values(), ["told_price", "currency", "told_gone"])
        emit(CartNewsTold(cart_id, len(untold.news)), actor=by)
