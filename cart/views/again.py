"""Ordering once more in one tap: the card that shows all of it, and the tap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from cart.actions import Seen, fill_cart, order_again, run_checkout
from cart.forms import NEW, when_value
from cart.models import Checkout
from cart.queries import USUAL, Offer, usual_offer
from cart.rules import CheckoutRefused
from cart.views.checkout_page import DRAFT, order_url
from milkdelivery.core.api.throttles import Orders, is_too_often
from milkdelivery.core.errors import DomainError
from milkdelivery.core.money import Money
from milkdelivery.core.web import actor_of
from milkdelivery.shopping import Shopping, shopping_of

SALT = "milk.again"
VALID_FOR = timedelta(days=2)
"""Real time."""
TAPS = UUID("0f7d3f0e-6a52-4b0b-9a3b-5d1f3f6c8a41")
"""The namespace in which what was seen names the cart that is ordered."""


@dataclass(frozen=True, slots=True)
class Card:
    """What templates/cart/again.html shows: the offer, and the tap on it."""

    offer: Offer
    title: str
    action: str
    sealed: str
    """All that is shown, signed: the tap orders this and nothing else."""


def card_of(offer: Offer, user: User, *, title: str, action: str) -> Card | None:
    """None where nothing of it can come."""
    return Card(offer, title, action, _seal(offer, user)) if offer.pieces else None


def usual_card(shopping: Shopping) -> Card | None:
    """The card of the front page; None for somebody who never ordered."""
    user = shopping.user
    offer = usual_offer(user, book=shopping.book) if user is not None else None
    if user is None or offer is None:
        return None
    title = _("Your usual") if offer.rests_on > 1 else _("The same again?")
    return card_of(offer, user, title=title, action=reverse("cart:usual"))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def usual(request: HttpRequest) -> HttpResponse:
    """The tap on "your usual"."""
    user, book = shopping_of(request).user, shopping_of(request).book
    back = reverse("home") + "#again"
    if request.method != "POST" or user is None:  # somebody who had to sign in first
        return HttpResponseRedirect(back)
    return press(request, user, subject=USUAL, look=lambda: usual_offer(user, book=book), back=back)


# -- what was seen -----------------------------------------------------------------------------------------------------


def _seal(offer: Offer, user: User) -> str:
    total = offer.view.quote.grand_total
    facts = {
        "user": user.pk,
        "subject": offer.subject,
        "after": offer.after,
        "lines": [[variant_id, count, offer.if_short[variant_id]] for variant_id, count in offer.pieces.items()],
        "address": offer.address.pk if offer.address else None,
        "slot": offer.slot.pk if offer.slot else None,
        "day": offer.delivery_date.isoformat() if offer.delivery_date else None,
        "method": offer.payment_method,
        "total": [total.minor, total.currency],
    }
    return signing.dumps(facts, salt=SALT, compress=True)


def _unseal(sealed: str, user: User, subject: str) -> tuple[Seen, UUID] | None:
    """What was seen, and the name of the one order that it can become; None for what is not ours, not theirs, or old.

    Two taps, and two tabs that showed the same before anything was ordered, name the same order.
    """
    try:
        facts: dict[str, Any] = signing.loads(sealed, salt=SALT, max_age=VALID_FOR)
    except signing.BadSignature:
        return None
    if (facts["user"], facts["subject"]) != (user.pk, subject):
        return None
    seen = Seen(
        pieces={variant_id: count for variant_id, count, _choice in facts["lines"]},
        if_short={variant_id: choice for variant_id, _count, choice in facts["lines"]},
        address_id=facts["address"],
        slot_id=facts["slot"],
        delivery_date=date.fromisoformat(facts["day"]) if facts["day"] else None,
        payment_method=facts["method"],
        expected_total=Money(*facts["total"]),
    )
    return seen, uuid5(TAPS, f"{user.pk} {subject} {facts['after']}")


# -- the tap -----------------------------------------------------------------------------------------------------------


def press(
    request: HttpRequest, user: User, *, subject: str, look: Callable[[], Offer | None], back: str
) -> HttpResponse:
    """Order what was seen; or, where the household wants to change something or has to, put it into the cart."""
    if "offer" not in request.POST or "change" in request.POST:
        return _to_the_cart(request, look(), back)
    known = _unseal(request.POST["offer"], user, subject)
    if known is None:
        messages.error(request, _("This page was open for long. Look it over and press the button again."))
        return HttpResponseRedirect(back)
    if is_too_often(Orders, request):
        messages.error(request, _("That were many orders in a short time. Wait a minute, then press the button again."))
        return HttpResponseRedirect(back)
    return _order(request, user, *known, back)


def _order(request: HttpRequest, user: User, seen: Seen, token: UUID, back: str) -> HttpResponse:
    by = actor_of(request)
    try:
        placed = order_again(seen, user_id=user.pk, token=token, by=by)
    except CheckoutRefused as refusal:
        for problem in refusal.problems:
            messages.error(request, str(problem.message))
        return HttpResponseRedirect(back)
    except DomainError as refusal:
        messages.error(request, str(refusal.message))
        return HttpResponseRedirect(back)
    run = run_checkout(placed.pk, by=by, seen=placed)
    if run.state == Checkout.State.FAILED:
        messages.error(request, run.failure_message)
        return HttpResponseRedirect(back)
    return HttpResponseRedirect(order_url(run))


# -- into the cart -----------------------------------------------------------------------------------------------------


def _to_the_cart(request: HttpRequest, offer: Offer | None, back: str) -> HttpResponse:
    """Put it into the cart beside what is in it, and go where the rest is chosen."""
    if offer is None or not offer.pieces:
        messages.error(request, _("Nothing of it can come now."))
        return HttpResponseRedirect(back)
    shopping = shopping_of(request)
    held_before = bool(shopping.quantities)
    try:
        added = fill_cart(
            shopping.cart_to_fill(),
            offer.pieces,
            if_short=offer.if_short,
            region=shopping.region,
            on=shopping.day,
            by=actor_of(request),
        )
    except DomainError as refusal:
        messages.error(request, str(refusal.message))
        return HttpResponseRedirect(reverse("cart:page"))
    for left_out in offer.left_out:
        text = _("Left out: %(name)s, %(reason)s.") % {"name": left_out.name, "reason": left_out.reason}
        messages.warning(request, text)
    if not held_before and added:
        request.session[DRAFT] = _choices(offer)
        return HttpResponseRedirect(reverse("cart:checkout"))
    names = ", ".join(
        f"{line.quantity} × {line.variant.product.local_name} {line.variant.local_name}" for line in added
    )
    if added:
        text = _("In your cart now, beside what was there: %(names)s.") % {"names": names}
        messages.success(request, text)
    else:
        messages.info(request, _("All of it was in your cart already."))
    return HttpResponseRedirect(reverse("cart:page"))


def _choices(offer: Offer) -> dict[str, str]:
    """What the checkout starts with."""
    when = when_value(offer.slot, offer.delivery_date) if offer.slot and offer.delivery_date else ""
    chosen = {"address": str(offer.address.pk) if offer.address else NEW, "when": when}
    return {name: value for name, value in chosen.items() if value}
