"""Claims about delivered goods: the form and what became of it, for a household and by a guest's link; the photos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.rules import is_contact_only
from deliveries.photos import photo_address as photo_of_door
from deliveries.queries import proof_of_order
from milkdelivery.core import clock
from milkdelivery.core.api.throttles import Changes, is_too_often
from milkdelivery.core.errors import DomainError
from milkdelivery.core.photos import private_photo
from milkdelivery.core.web import actor_of
from orders.actions import claim_limits
from orders.forms import ClaimForm, claim_key
from orders.models import Claim, Order
from orders.photos import forget_photo, open_photo
from orders.queries import claims_of_order, delivered_at, left_to_claim, order_of
from orders.rules.claims import claim_until, ensure_claimable
from orders.tokens import photo_address, read_claims_link, read_photo
from payments.actions import make_claim, ways_for_claim
from payments.models import Payment, Refund
from payments.queries import documents_of

GONE = 410
UNPROCESSABLE = 422
LONGEST_NUMBER = 8


@dataclass(frozen=True, slots=True)
class ClaimCard:
    """A claim as its household sees it."""

    claim: Claim
    photo: str

    @property
    def money_words(self) -> str:
        """Where what was granted goes."""
        if self.claim.destination == Refund.Destination.WALLET:
            return _("It goes into your wallet.")
        return _("It goes back to where you paid from.")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def claims(request: HttpRequest, number: str) -> HttpResponse:
    """The person's order; another's is as unknown as one that never was."""
    order = order_of(cast(User, request.user).pk, number) if len(number) <= LONGEST_NUMBER else None
    if order is None:
        raise Http404("no such order")
    done = reverse("orders:detail", args=[order.number]) + "#claims"
    return _page(request, order, template="orders/claims.html", done=done, section="orders")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def claims_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The same by the link in a guest's mail, as long as the order is that guest's: who has an account signs in."""
    order = order_by_link(token)
    if order is None:
        return render(request, "orders/claims_gone.html", status=GONE)
    papers = documents_of([order.pk]).get(order.pk, [])
    proof = proof_of_order(order.pk)
    more = {"papers": papers, "proof": proof, "door_photo": photo_of_door(proof)}
    return _page(request, order, template="orders/claims_by_link.html", done=request.path, token=token, **more)


def order_by_link(token: str) -> Order | None:
    """The order that a guest's link opens; None where it is not ours, too old, or the order has an account by now."""
    given = read_claims_link(token)
    orders = Order.objects.select_related("customer", "region", "slot").prefetch_related("lines")
    order = orders.filter(pk=given.order_id, customer_id=given.customer_id).first() if given else None
    return order if order is not None and is_contact_only(order.customer) else None


@require_safe
def claim_photo(request: HttpRequest, token: str) -> HttpResponseBase:
    """A photo, for an hour after a page showed it to somebody who may see the claim. Nobody keeps it for others."""
    stem = read_photo(token)
    try:
        if stem is None:
            raise FileNotFoundError
        content = open_photo(stem)
    except FileNotFoundError as missing:
        raise Http404("no such photo") from missing
    return private_photo(content, name="claim.webp")


def claim_cards(order: Order) -> list[ClaimCard]:
    """What was claimed of an order. Two queries, one where nothing was."""
    return [ClaimCard(claim, photo_address(claim)) for claim in claims_of_order(order)]


def _page(request: HttpRequest, order: Order, *, template: str, done: str, **context: Any) -> HttpResponse:
    attempts = list(Payment.objects.filter(order=order).order_by("pk"))
    ways = ways_for_claim(attempts, is_guest=is_contact_only(order.customer))
    left = left_to_claim(order)
    posted = request.method == "POST"
    if posted and Claim.objects.filter(key=claim_key(order.pk, request.POST.get("key", ""))).exists():
        return HttpResponseRedirect(done)  # a tap that was sent twice
    files = request.FILES if posted else None
    form = ClaimForm(request.POST if posted else None, files, order_id=order.pk, left=left, ways=ways)
    if posted and is_too_often(Changes, request):
        form.add_error(None, _("That was too often. Wait a minute, then try again."))
    elif posted and form.is_valid() and (claim := _claim(request, order, form)):
        return _thank(request, claim, form, done)
    with timezone.override(order.region.time_zone):
        context |= {
            "order": order,
            "form": form,
            "cards": claim_cards(order),
            "closed": _why_closed(order, left, ways),
            "until": _until(order),
            "is_cash": ways == ("WALLET",) and bool(attempts) and attempts[-1].method == Payment.Method.COD,
            "is_guest": is_contact_only(order.customer),
        }
        return render(request, template, context, status=UNPROCESSABLE if form.errors else 200)


def _claim(request: HttpRequest, order: Order, form: ClaimForm) -> Claim | None:
    """None where it was refused; the form says why."""
    try:
        return make_claim(order.pk, form.draft(), by=actor_of(request))
    except DomainError as refusal:
        form.add_refusal(refusal)
        return None


def _thank(request: HttpRequest, claim: Claim, form: ClaimForm, done: str) -> HttpResponse:
    if form.kept_photo is not None and claim.photo != form.kept_photo.stem:
        forget_photo(form.kept_photo.stem)  # of a tap that was sent twice
    if claim.is_open:
        messages.success(request, _("We got it. Somebody looks at it, and we write to you."))
    else:
        amount = {"amount": claim.granted.format()}
        messages.success(request, _("We are sorry. %(amount)s goes back to you.") % amount)
    return HttpResponseRedirect(done)


def _why_closed(order: Order, left: list[Any], ways: tuple[str, ...]) -> str:
    """Why nothing can be claimed now; empty where something can."""
    try:
        ensure_claimable(order.status, delivered_at=delivered_at(order), limits=claim_limits(), now=clock.now())
    except DomainError as refusal:
        return str(refusal.message)
    if not any(line.quantity for line in left):
        return _("All of this order was claimed. Below is what was decided.")
    return "" if ways else _("Nothing was paid for this order, so nothing can go back.")


def _until(order: Order) -> Any:
    when = delivered_at(order)
    return claim_until(when, claim_limits()) if when else None
