"""The cart, as a page and as the drawer that opens over the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cart.actions import apply_code, choose_if_short, remove_code
from cart.queries import instead_of_short
from cart.rules import CartClosed
from catalog.rules.promotions import PromotionRefused
from milkdelivery.core.api.throttles import PromoCodes, is_too_often
from milkdelivery.core.errors import DomainError
from milkdelivery.core.web import actor_of
from milkdelivery.shopping import shopping_of
from orders.models import OrderLine

UNPROCESSABLE, TOO_MANY = 422, 429
LARGEST_ID = 2**63 - 1
LONGEST_CODE = 64
DRAWER = "drawer"


@dataclass(frozen=True, slots=True)
class TypedCode:
    """A promo code as it was typed, and what is wrong with it."""

    typed: str = ""
    error: str = ""
    status: int = 200


NO_CODE = TypedCode()


@require_safe
def cart_page(request: HttpRequest) -> HttpResponse:
    return answer(request)


@require_safe
def drawer(request: HttpRequest) -> HttpResponse:
    """What opens over a page. Whoever comes here without htmx gets the whole page."""
    return answer(request, in_drawer=True) if request.htmx else HttpResponseRedirect(reverse("cart:page"))  # type: ignore[attr-defined]


@require_POST
def promo(request: HttpRequest) -> HttpResponse:
    """Put a promo code on the cart, or take it off."""
    shopping = shopping_of(request)
    if "remove" in request.POST:
        if shopping.cart is not None:
            take_code_off(request, shopping.cart.pk)
    else:
        code = try_code(request, shopping.cart_to_fill(), request.POST.get("code", ""))
        if code.error:
            return answer(request, code=code, status=code.status)
    return _done(request)


@require_POST
def choice(request: HttpRequest) -> HttpResponse:
    """What is wanted where there is not enough of a line."""
    shopping = shopping_of(request)
    variant_id = variant_of(request)
    if shopping.contents.cart_id is not None and variant_id in shopping.quantities:
        try:
            choose_if_short(
                shopping.contents.cart_id,
                variant_id=variant_id,
                if_short=request.POST.get("if_short", ""),
                by=actor_of(request),
            )
        except DomainError as refusal:
            return answer(request, errors={variant_id: (str(refusal.message), "")}, status=UNPROCESSABLE)
    return _done(request)


def try_code(request: HttpRequest, cart_id: int, typed: str) -> TypedCode:
    """Try a code for a cart as it was typed; what is wrong with it, if something is."""
    shopping = shopping_of(request)
    typed = typed.replace("\0", "")[:LONGEST_CODE]
    if not typed.strip():
        return TypedCode(typed, _("Enter the code."), UNPROCESSABLE)
    if is_too_often(PromoCodes, request):
        status = UNPROCESSABLE if request.htmx else TOO_MANY  # type: ignore[attr-defined]  # which htmx shows in its place
        return TypedCode(typed, _("That were many codes. Try again in an hour."), status)
    try:
        apply_code(cart_id, typed, region=shopping.region, book=shopping.book, by=actor_of(request))
    except (PromotionRefused, CartClosed) as refusal:
        return TypedCode(typed, str(refusal.message), UNPROCESSABLE)
    shopping.look_anew()
    return NO_CODE


def take_code_off(request: HttpRequest, cart_id: int) -> None:
    try:
        remove_code(cart_id, by=actor_of(request))
    except CartClosed:  # ordered in another tab: there is nothing to take off any more
        return
    shopping_of(request).look_anew()


def variant_of(request: HttpRequest, name: str = "variant") -> int:
    """The variant that was named; 0, which there is none of, where that makes no sense."""
    text = request.POST.get(name, "")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0
    return number if number <= LARGEST_ID else 0


def _done(request: HttpRequest) -> HttpResponse:
    return answer(request) if request.htmx else HttpResponseRedirect(reverse("cart:page"))  # type: ignore[attr-defined]


def answer(
    request: HttpRequest,
    *,
    errors: Mapping[int, tuple[str, str]] | None = None,
    code: TypedCode = NO_CODE,
    in_drawer: bool | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, or the part of it that htmx asked for.

    `errors` by variant: what was wrong with it, and the quantity that was typed.
    """
    shopping = shopping_of(request)
    errors = errors or {}
    view = shopping.view()
    others = instead_of_short(view, region=shopping.region, pincode=shopping.code, on=shopping.day)
    lines = [
        (
            line,
            errors.get(line.line.variant_id, ("", ""))[0],
            errors.get(line.line.variant_id, ("", ""))[1] or str(line.quantity),
            others.get(line.line.variant_id, ()),
        )
        for line in view.lines
        if line.sold
    ]
    known = {line.line.variant_id for line in view.lines if line.sold}
    context = {
        "shopping": shopping,
        "view": view,
        "lines": lines,
        "news": shopping.tell_news(view) if request.method != "HEAD" else (),
        "errors": [text for variant_id, (text, _typed) in errors.items() if variant_id not in known],
        "is_orderable": bool(lines) and all(line.state in ("OK", "LOW") for line in view.lines if line.sold),
        "choices": OrderLine.IfShort.choices,
        "code": code,
    }
    shopping.note_cart(view)
    if in_drawer is None:
        in_drawer = request.POST.get("place") == DRAWER
    is_partial = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
    if in_drawer and is_partial:
        return render(request, "cart/drawer.html", context, status=status)
    template = "cart/answer.html" if is_partial and request.htmx.target == "cart" else "cart/page.html"  # type: ignore[attr-defined]
    return render(request, template, context, status=status)
