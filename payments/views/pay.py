"""Where an order is paid: choosing, waiting, coming back from a bank, trying again."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import User
from accounts.rules import is_contact_only
from cart.actions import resume_checkout
from cart.models import Checkout
from cart.queries import checkout_of_order
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.api.throttles import Payments, is_too_often
from milkdelivery.core.errors import DomainError
from milkdelivery.core.money import Money
from milkdelivery.core.web import actor_of
from orders.models import Order
from orders.queries import order_of
from payments.actions import LastAttempt, Means, look_at_payment, pay
from payments.forms import SAVED, PayForm
from payments.gateways import is_demo
from payments.gateways.base import Next
from payments.gateways.demo.scenarios import ALL
from payments.links import kept_link, payable_order
from payments.models import Payment
from payments.queries import Paying, paying, saved_methods_of, spendable_of
from payments.rules.attempts import Standing
from payments.words import failure_words

LONGEST_NUMBER = 8
UNPROCESSABLE, TOO_MANY = 422, 429
Status = Payment.Status


def payers_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For whoever is signed in, and for a browser that came by the link of that order."""

    @wraps(view)
    def guarded(request: HttpRequest, number: str) -> HttpResponse:
        if not request.user.is_authenticated and not kept_link(request.session, number):
            return redirect_to_login(request.get_full_path())
        return view(request, number)

    return guarded


@sensitive_post_parameters()
@never_cache
@payers_only
@require_http_methods(["GET", "HEAD", "POST"])
def pay_page(request: HttpRequest, number: str) -> HttpResponse:
    """Pay an order, or see how its payment stands."""
    state = _state(request, number)
    if not state.is_open:
        return _to_order(request, state.order)
    if request.method == "POST":
        return _press(request, state)
    payment = state.payment
    wants_another = "again" in request.GET and state.attempts_left > 1
    if payment is not None and payment.status == Status.PENDING and _waits(payment) and not wants_another:
        return _page(request, state, form=None)
    return _page(request, state, _form(request, state))


@never_cache
@payers_only
@require_http_methods(["GET", "HEAD", "POST"])
def back(request: HttpRequest, number: str) -> HttpResponse:
    """Back from a bank, or asking for news: look, and go on where it leads. Safe to repeat."""
    state = _state(request, number)
    payment = state.payment
    if state.is_open and payment is not None and payment.status == Status.PENDING:
        payment = look_at_payment(payment.pk, by=actor_of(request))
        if payment.status == Status.FAILED:
            messages.error(request, failure_words(payment))
        elif payment.status == Status.PENDING and request.method == "POST":
            messages.info(request, _("There is no news yet."))
    run = _carry_on(state.order, by=actor_of(request))
    if run is not None and run.state == Checkout.State.FAILED:
        messages.error(request, run.failure_message)
    return HttpResponseRedirect(reverse("payments:pay", args=[number]))


# -- pressing the button -----------------------------------------------------------------------------------------------


def _press(request: HttpRequest, state: Paying) -> HttpResponse:
    form = _form(request, state)
    if not form.is_valid():
        return _page(request, state, form, status=UNPROCESSABLE)
    if is_too_often(Payments, request):
        form.add_error(None, _("That was often in a short time. Wait a minute, then press the button again."))
        return _page(request, state, form, status=TOO_MANY)
    means = Means(
        method=form.method,
        details=form.details(),
        saved_id=form.saved_id,
        instead_of=form.cleaned_data.get("instead_of"),
        attempt=form.cleaned_data.get("attempt"),
        saves=bool(form.cleaned_data.get("saves")),
    )
    try:
        payment = pay(state.order.pk, means, by=actor_of(request))
    except DomainError as refusal:
        now = _state(request, str(state.order.number))
        if not now.is_open or now.standing in (Standing.DECLINED, Standing.EXPIRED):
            return _settle(request, now.order)
        if isinstance(refusal, LastAttempt):
            messages.error(request, refusal.message)
            return HttpResponseRedirect(reverse("payments:pay", args=[now.order.number]))
        form.add_refusal(refusal)
        return _page(request, now, _anew(form, now), status=UNPROCESSABLE)
    return _after(request, payment, form)


def _after(request: HttpRequest, payment: Payment, form: PayForm) -> HttpResponse:
    """On to where the attempt leads."""
    number = payment.order.number if payment.order else ""
    if payment.status == Status.PENDING and payment.next_action.get("kind") == Next.REDIRECT:
        return HttpResponseRedirect(payment.next_action["url"])
    if payment.status == Status.PENDING and payment.method != Payment.Method.COD:
        return HttpResponseRedirect(reverse("payments:pay", args=[number]))
    state = _state(request, number)
    if payment.status == Status.FAILED and state.standing in (Standing.OPEN, Standing.PENDING):
        form.add_error(None, failure_words(payment))
        return _page(request, state, _anew(form, state), status=UNPROCESSABLE)
    return _settle(request, state.order)


def _anew(form: PayForm, state: Paying) -> PayForm:
    """The form for one more attempt: what was typed, but not the card that was declined."""
    live = state.payment if state.standing == Standing.PENDING else None
    form.data = {
        **{name: form.data.get(name, "") for name in form.fields if name in form.data},
        "attempt": str(live.attempt if live else len(state.attempts) + 1),
        "instead_of": str(live.pk) if live and _waits(live) else "",
        "number": "",
    }
    return form


def _settle(request: HttpRequest, order: Order) -> HttpResponse:
    """The payment has come to its end, one way or the other: carry the order on, and go there."""
    run = _carry_on(order, by=actor_of(request))
    if run is not None and run.state == Checkout.State.FAILED:
        messages.error(request, run.failure_message)
    return HttpResponseRedirect(_after_it(request, order))


def _after_it(request: HttpRequest, order: Order) -> str:
    """Where a payer goes from here: to the order, or, who came by its link, to what that tells of it."""
    if _is_theirs(request, order):
        return reverse("orders:detail", args=[order.number])
    return reverse("payments:link", args=[kept_link(request.session, str(order.number))])


def _is_theirs(request: HttpRequest, order: Order) -> bool:
    return request.user.is_authenticated and request.user.pk == order.customer_id


def _carry_on(order: Order, *, by: Actor) -> Checkout | None:
    """The checkout that waits for this payment runs on. What cart would do on hearing of it, but at once."""
    run = checkout_of_order(order.pk)
    if run is None or run.state != Checkout.State.WAITING:
        return run
    return resume_checkout(run.pk, by=by)


# -- showing -----------------------------------------------------------------------------------------------------------


def _state(request: HttpRequest, number: str) -> Paying:
    """The payer's order and its payment; another's is as unknown as one that never was."""
    order = None
    if len(number) <= LONGEST_NUMBER and request.user.is_authenticated:
        order = order_of(request.user.pk, number)
    if order is None and (token := kept_link(request.session, number)):
        order = payable_order(token)
    if order is None:
        raise Http404("no such order")
    return paying(order)


def _form(request: HttpRequest, state: Paying) -> PayForm:
    """Whoever came by a link pays with what they have at hand: what the household saved is the household's."""
    user = cast(User, request.user) if _is_theirs(request, state.order) else None
    saved = saved_methods_of(user.pk) if user else []
    payment = state.payment
    live = payment if payment is not None and payment.status == Status.PENDING else None
    usual = payment.method if payment is not None else ""
    initial = {
        "how": next((f"{SAVED}{kept.pk}" for kept in saved if kept.method == usual), usual),
        "attempt": live.attempt if live else len(state.attempts) + 1,
        "instead_of": live.pk if live and _waits(live) else None,
    }
    data = request.POST if request.method == "POST" else None
    return PayForm(data, initial=initial, saved=saved, is_guest=user is None or is_contact_only(user))


def _waits(payment: Payment) -> bool:
    """Whether a bank is at work on it, or the person has to answer there."""
    return payment.next_action.get("kind") in (Next.WAIT, Next.REDIRECT)


def _page(request: HttpRequest, state: Paying, form: PayForm | None, *, status: int = 200) -> HttpResponse:
    payment = state.payment
    context: dict[str, Any] = {
        "state": state,
        "order": state.order,
        "payment": payment,
        "form": form,
        "purse": _purse(request, state, form),
        "bank_url": payment.next_action.get("url", "") if payment else "",
        "scenarios": ALL if is_demo() else (),
        "section": "orders",
        "failure": failure_words(payment) if payment and form and not form.is_bound else "",
        "today": clock.today(state.order.region),
        "is_theirs": _is_theirs(request, state.order),
    }
    with timezone.override(state.order.region.time_zone):
        return render(request, "payments/pay.html", context, status=status)


def _purse(request: HttpRequest, state: Paying, form: PayForm | None) -> Money | None:
    """What the person could spend from a wallet, where the form offers that."""
    if form is None or all(value != Payment.Method.WALLET for value, _label in form.fields["how"].choices):  # type: ignore[attr-defined]
        return None
    return spendable_of(cast(User, request.user).pk, state.order.currency)


def _to_order(request: HttpRequest, order: Order) -> HttpResponse:
    url = _after_it(request, order)
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(url)
    return HttpResponseRedirect(url)
