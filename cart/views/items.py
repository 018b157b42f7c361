"""What fills the cart: from the shelf, a product's page, and the cart itself."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cart.actions import add_item, set_quantity
from cart.rules import BadQuantity, NotOnSale
from cart.views.cart_page import answer, variant_of
from catalog.models import Variant
from catalog.queries import sellable
from inventory.queries import availability_at
from milkdelivery.core.errors import DomainError
from milkdelivery.core.rules import MAX_QUANTITY
from milkdelivery.core.web import actor_of
from milkdelivery.shopping import Shopping, shopping_of

UNPROCESSABLE = 422
PLACES = ("cart", "drawer")
"""Where a change is made that is answered with the cart as it is then."""
LONGEST_TYPED = 12


@require_POST
def set_pieces(request: HttpRequest) -> HttpResponse:
    """Have so many pieces of a variant; 0 takes it out. Answers the page, or the part of it that htmx asked for."""
    shopping = shopping_of(request)
    variant_id = variant_of(request)
    typed = request.POST.get("to", request.POST.get("quantity", ""))
    try:
        added = _set(shopping, variant_id, _quantity(typed, least=0), request)
        replaced = variant_of(request, "instead_of")
        if added is not None and replaced in shopping.quantities:
            _set(shopping, replaced, 0, request)
    except DomainError as refusal:
        return _refused(request, variant_id, refusal, typed)
    if request.POST.get("place") in PLACES:
        return answer(request) if request.htmx else HttpResponseRedirect(reverse("cart:page"))  # type: ignore[attr-defined]
    if request.htmx:  # type: ignore[attr-defined]
        return _stepper(request, variant_id, sold=added)
    return HttpResponseRedirect(_back(request, variant_id))


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Put more pieces of a pack into the cart: the form of the product page."""
    variant_id = variant_of(request)
    typed = request.POST.get("quantity", "")
    try:
        quantity = _quantity(typed, least=1)
        shopping = shopping_of(request)
        line = add_item(
            shopping.cart_to_fill(),
            variant_id=variant_id,
            quantity=quantity,
            region=shopping.region,
            on=shopping.day,
            by=actor_of(request),
        )
    except DomainError as refusal:
        messages.error(request, str(refusal.message))
        held = urlencode({"pack": variant_id, "pieces": typed[:LONGEST_TYPED]})
        back = _back(request, None)
        return HttpResponseRedirect(f"{back}{'&' if '?' in back else '?'}{held}")
    if line.quantity == MAX_QUANTITY and quantity > 1:
        messages.info(request, _("In your cart now: %(count)d, the most there can be.") % {"count": line.quantity})
    else:
        messages.success(request, _("In your cart now: %(count)d.") % {"count": line.quantity})
    return HttpResponseRedirect(_back(request, None))


def _set(shopping: Shopping, variant_id: int, quantity: int, request: HttpRequest) -> Variant | None:
    """Set the pieces, adding the line where there is none; then the variant that was added."""
    by = actor_of(request)
    added = None
    if quantity or variant_id in shopping.quantities:
        cart_id = shopping.cart_to_fill()
        if variant_id in shopping.quantities:
            set_quantity(cart_id, variant_id=variant_id, quantity=quantity, by=by)
        else:
            day = shopping.day
            added = add_item(
                cart_id, variant_id=variant_id, quantity=quantity, region=shopping.region, on=day, by=by
            ).variant
        shopping.note_pieces(cart_id, variant_id, quantity)
    return added


def _quantity(text: str, *, least: int) -> int:
    """Raises BadQuantity for anything but a whole number from `least` to the most that a line may hold."""
    text = text.strip()
    if text.isascii() and text.isdecimal() and len(text) < 9 and least <= int(text) <= MAX_QUANTITY:
        return int(text)
    raise BadQuantity(_("Choose between 1 and %(most)d pieces.") % {"most": MAX_QUANTITY}, field="quantity")


def _back(request: HttpRequest, variant_id: int | None) -> str:
    """The page the tap came from, at the button that was tapped."""
    origin = request.POST.get("next") or request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(origin, {request.get_host()}, require_https=request.is_secure()):
        return reverse("cart:page")
    parts = urlsplit(origin)
    anchor = f"#set-more-{variant_id}" if variant_id else ""
    return f"{parts.path}{'?' + parts.query if parts.query else ''}{anchor}"


# -- answers -----------------------------------------------------------------------------------------------------------


def _refused(request: HttpRequest, variant_id: int, refusal: DomainError, typed: str) -> HttpResponse:
    """The refusal at the line where it happened, with what was typed; nothing else is lost."""
    text = str(refusal.message)
    if request.POST.get("place") in PLACES:
        return answer(request, errors={variant_id: (text, typed[:LONGEST_TYPED])}, status=UNPROCESSABLE)
    if request.htmx:  # type: ignore[attr-defined]
        return _stepper(request, variant_id, error=text)
    messages.error(request, text)
    return HttpResponseRedirect(_back(request, variant_id if not isinstance(refusal, NotOnSale) else None))


def _stepper(request: HttpRequest, variant_id: int, *, sold: Variant | None = None, error: str = "") -> HttpResponse:
    """The stepper again, with the count in the page's head. `sold` is the variant, where it is known already."""
    shopping = shopping_of(request)
    if sold is None:
        found = sellable([variant_id], region=shopping.region, on=shopping.day).get(variant_id)
        sold = found.variant if found else None
    quantity = shopping.quantities.get(variant_id, 0)
    left = availability_at(shopping.code, [variant_id], region_id=shopping.region.pk, on=shopping.day)[
        variant_id
    ].quantity
    context = {
        "variant_id": variant_id,
        "name": sold.product.local_name if sold else "",
        "quantity": quantity,
        "max": max(quantity, min(left, MAX_QUANTITY)),
        "count": shopping.cart_count,
        "error": error,
    }
    body = render_to_string("cart/stepper_answer.html", context, request=request)
    return HttpResponse(body, status=UNPROCESSABLE if error else 200)
