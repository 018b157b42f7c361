"""One page from a cart to an order, and every way back into it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.models import Address, Preferences, User
from accounts.queries import addresses_of, preferences_of
from accounts.rules import is_contact_only
from cart.actions import place_order, run_checkout
from cart.actions.steps import PAYMENT
from cart.forms import (
    AS_CHOSEN,
    CheckoutForm,
    cart_meant,
    cart_reference,
    choice_of,
    first_choices,
    read_anew,
    total_value,
)
from cart.models import Cart, Checkout
from cart.queries import checkout_of_cart, ordered_cart, view_cart
from cart.rules import CheckoutRefused
from cart.views.cart_page import NO_CODE, TypedCode, take_code_off, try_code
from catalog.rules.promotions import normal_code
from milkdelivery.core import clock
from milkdelivery.core.api.throttles import Orders, is_too_often
from milkdelivery.core.errors import DomainError
from milkdelivery.core.money import Money
from milkdelivery.core.stale_forms import came_from_here, refuse, token_problem
from milkdelivery.core.web import actor_of
from milkdelivery.shopping import Shopping, shopping_of
from orders.models import OrderLine
from payments.models import LedgerAccount
from payments.queries import wallets_of

BACK_IN = timedelta(minutes=30)
"""How long after placing whoever holds the cart gets back to its order without signing in: the answer may be lost."""

DRAFT = "checkout_draft"
DRAFT_LENGTH = 255
UNPROCESSABLE, TOO_MANY = 422, 429
CODE_BUTTONS = {"apply_promo", "remove_promo"}
CHOICES = [*OrderLine.IfShort.choices, (AS_CHOSEN, gettext_lazy("As I chose for each in the cart"))]


@csrf_exempt  # checked in `_press`, which gives an old page back with what was typed
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """Everything an order needs, on one page with one button."""
    return _press(request) if request.method == "POST" else _show(request)


# -- looking -----------------------------------------------------------------------------------------------------------


def _show(request: HttpRequest) -> HttpResponse:
    shopping = shopping_of(request)
    cart = shopping.cart
    if cart is None and (answer := _lost_answer(request, shopping)):
        return answer
    if cart is None:
        return HttpResponseRedirect(reverse("cart:page"))
    return _page(request, cart, _fresh_form(request, shopping))


def _fresh_form(request: HttpRequest, shopping: Shopping) -> CheckoutForm:
    """The form with what is known, and what was typed before a detour."""
    addresses, preferences = _known_of(shopping.user)
    draft: dict[str, Any] = request.session.pop(DRAFT, {}) if request.session.session_key else {}
    purse = _purse_of(shopping)
    choices = first_choices(
        addresses=addresses,
        last_address_id=shopping.user.last_selected_address_id if shopping.user else None,
        preferences=preferences,
        pincode=shopping.code,
        book=shopping.book,
        home=shopping.region,
        has_wallet=purse is not None,
    )
    return CheckoutForm(
        initial=choices | draft,
        user=shopping.user,
        addresses=addresses,
        book=shopping.book,
        home=shopping.region,
        purse=purse,
    )


def _purse_of(shopping: Shopping) -> LedgerAccount | None:
    """The wallet of the person who is here, in the money of the place; None where there never was anything in one."""
    if shopping.user is None:
        return None
    wallets = wallets_of(shopping.user.pk)
    return next((wallet for wallet in wallets if wallet.currency == shopping.region.currency), None)


def _known_of(user: User | None) -> tuple[list[Address], Preferences | None]:
    return (list(addresses_of(user.pk)), preferences_of(user)) if user else ([], None)


def _page(
    request: HttpRequest,
    cart: Cart,
    form: CheckoutForm,
    *,
    signed_out: bool = False,
    status: int = 200,
    code: TypedCode = NO_CODE,
) -> HttpResponse:
    shopping = shopping_of(request)
    day = form.chosen_when[1] if form.chosen_when else shopping.day
    view = view_cart(cart, region=form.region, book=shopping.book, pincode=form.chosen_pincode or None, on=day)
    if not view.lines:
        return HttpResponseRedirect(reverse("cart:page"))
    shopping.note_cart(view)
    total = view.quote.grand_total
    purse = form.purse if form.purse and form.purse.currency == total.currency else None
    of_lines = choice_of([line.line for line in view.lines])
    chosen = form.chosen("if_short") or of_lines
    choices = [choice for choice in CHOICES if choice[0] != AS_CHOSEN or AS_CHOSEN in (chosen, of_lines)]
    if not code.error and form.is_bound and form.has_error("promo"):
        code = TypedCode(form.chosen("promo"), " ".join(map(str, form.errors["promo"])))
    context = {
        "form": form,
        "code": code,
        "choices": choices,
        "chosen_choice": chosen,
        "view": view,
        "purse": purse,
        "missing": max(total - purse.spendable, Money.zero(total.currency)) if purse else None,
        "shopping": shopping,
        "calendar": list(form.calendar()),
        "reference": cart_reference(cart),
        "expected_total": total_value(total),
        "was_signed_out": signed_out,
        "sign_in_url": f"{reverse('account_login')}?next={reverse('cart:checkout')}",
    }
    return render(request, "cart/checkout.html", context, status=status)


# -- the promo code, without losing what was typed ---------------------------------------------------------------------


def _change_code(request: HttpRequest, cart: Cart, *, signed_out: bool) -> HttpResponse:
    """Put the code on the cart or take it off, and give the form back as it was: nothing in it is wrong yet."""
    shopping, code = shopping_of(request), NO_CODE
    if "remove_promo" in request.POST:
        take_code_off(request, cart.pk)
    else:
        code = try_code(request, cart.pk, request.POST.get("promo", ""))
    addresses, _preferences = _known_of(shopping.user)
    typed = {name: request.POST[name].replace("\0", "") for name in CheckoutForm.base_fields if name in request.POST}
    form = CheckoutForm(
        initial=typed,
        user=shopping.user,
        addresses=addresses,
        book=shopping.book,
        home=shopping.region,
        purse=_purse_of(shopping),
    )
    return _page(request, read_anew(cart), form, signed_out=signed_out, status=code.status, code=code)


def _unused_code(request: HttpRequest, cart: Cart) -> str:
    """A code that was typed and not put on the cart before the button was pressed."""
    typed = request.POST.get("promo", "")
    known = cart.promo_code.code if cart.promo_code else ""
    return typed if normal_code(typed) != known else ""


# -- pressing the button -----------------------------------------------------------------------------------------------


def _press(request: HttpRequest) -> HttpResponse:
    shopping = shopping_of(request)
    stale = token_problem(request)
    if stale and not came_from_here(request):  # before anything: the way to an order may sign its guest in
        return refuse(request, stale)
    cart = cart_meant(request.POST.get("cart", ""))
    if cart is not None and cart.status == Cart.Status.ORDERED:
        return _to_its_order(request, cart)
    if "sign_in" in request.POST and not stale:
        return _sign_in_first(request)
    user = shopping.user
    if cart is None or cart.status != Cart.Status.OPEN or (user is not None and cart.customer_id != user.pk):
        cart = shopping.cart
    if cart is None:
        return HttpResponseRedirect(reverse("cart:page"))
    signed_out = user is None and cart.customer_id is not None
    if not stale and not CODE_BUTTONS.isdisjoint(request.POST):
        return _change_code(request, cart, signed_out=signed_out)
    addresses, _preferences = _known_of(user)
    form = CheckoutForm(
        request.POST,
        user=user,
        addresses=addresses,
        book=shopping.book,
        home=shopping.region,
        purse=_purse_of(shopping),
    )
    if stale:
        form.add_error(None, _("This page was open for long. Look it over and press the button again."))
    elif signed_out and not request.POST.get("as_guest"):
        return _page(request, cart, form, signed_out=True, status=UNPROCESSABLE)
    return _order(request, cart, form, signed_out=signed_out)


def _order(request: HttpRequest, cart: Cart, form: CheckoutForm, *, signed_out: bool) -> HttpResponse:
    """What was typed is looked at first, then how often it was pressed, then a code that nobody put on the cart."""
    if not form.is_valid():
        return _page(request, cart, form, signed_out=signed_out, status=UNPROCESSABLE)
    if is_too_often(Orders, request):
        form.add_error(None, _("That were many orders in a short time. Wait a minute, then press the button again."))
        return _page(request, cart, form, signed_out=signed_out, status=TOO_MANY)
    if typed := _unused_code(request, cart):
        return _look_over(request, cart, form, try_code(request, cart.pk, typed), signed_out=signed_out)
    return _place(request, cart, form, signed_out=signed_out)


def _look_over(
    request: HttpRequest, cart: Cart, form: CheckoutForm, code: TypedCode, *, signed_out: bool
) -> HttpResponse:
    """A code was typed and the large button pressed: nothing is ordered before the total with it was seen."""
    if not code.error:
        form.add_error(None, _("Your code is on it now. Look the total over and press the button again."))
    status = code.status if code.error else UNPROCESSABLE
    return _page(request, read_anew(cart), form, signed_out=signed_out, status=status, code=code)


def _place(request: HttpRequest, cart: Cart, form: CheckoutForm, *, signed_out: bool) -> HttpResponse:
    """Place the order and carry it as far as it goes now; what is wrong comes back at its field."""
    by = actor_of(request)
    try:
        placed = place_order(cart.pk, form.purchase(), by=by)
    except CheckoutRefused as refusal:
        form.add_problems(refusal.problems)
    except DomainError as refusal:
        form.add_refusal(refusal)
    else:
        run = run_checkout(placed.pk, by=by, seen=placed)
        return _arrive(request, run, typed=form)
    return _page(request, read_anew(cart), form, signed_out=signed_out, status=UNPROCESSABLE)


def _arrive(request: HttpRequest, run: Checkout, *, typed: CheckoutForm) -> HttpResponse:
    """On to the order; or, where it came to nothing, back to the checkout with the reason and all that was typed."""
    shopping = shopping_of(request)
    pincode = shopping.book.pincode(run.order.pincode)
    if pincode is not None:
        shopping.choose_pincode(pincode)
    _let_in(request, run)
    if run.state == Checkout.State.FAILED:
        messages.error(request, run.failure_message)
        kept = {name: typed.chosen(name) for name in ("when", "payment_method", "instructions", "if_short")}
        request.session[DRAFT] = {name: value[:DRAFT_LENGTH] for name, value in kept.items()}
        return HttpResponseRedirect(reverse("cart:checkout"))
    return HttpResponseRedirect(order_url(run))


# -- coming back -------------------------------------------------------------------------------------------------------


def _to_its_order(request: HttpRequest, cart: Cart) -> HttpResponse:
    """A cart that has been ordered leads to its order: a second tap, a second tab, an answer that got lost."""
    run = checkout_of_cart(cart.pk)
    if run is None:
        return HttpResponseRedirect(reverse("cart:page"))
    user = shopping_of(request).user
    if user is None and clock.now() - run.started_at <= BACK_IN:
        _let_in(request, run)
    return HttpResponseRedirect(order_url(run))


def _lost_answer(request: HttpRequest, shopping: Shopping) -> HttpResponse | None:
    """This browser's cart was ordered, and it never heard."""
    if shopping.user is not None or shopping.token is None:
        return None
    cart = ordered_cart(shopping.token)
    return _to_its_order(request, cart) if cart else None


def _let_in(request: HttpRequest, run: Checkout) -> None:
    """Sign a guest in as the person the checkout made, as long as nobody else could be meant by that person."""
    if shopping_of(request).user is not None:
        return
    customer = run.order.customer
    if is_contact_only(customer):
        shopping_of(request).forget_cart()
        login(request, customer)


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    """Sign in and come back to a form that still holds what was typed."""
    fields = CheckoutForm.base_fields
    typed = {name: request.POST[name][:DRAFT_LENGTH].replace("\0", "") for name in fields if name in request.POST}
    request.session[DRAFT] = {name: value for name, value in typed.items() if name != "expected_total" and value}
    return redirect_to_login(reverse("cart:checkout"))


def order_url(run: Checkout) -> str:
    """Where its household goes next: to pay, or to the order."""
    if run.state == Checkout.State.WAITING and run.waiting_for == PAYMENT:
        return reverse("payments:pay", args=[run.order.number])
    return reverse("orders:detail", args=[run.order.number])
