"""A household's orders: the list, and each with its way to the door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.functional import Promise, cached_property
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.rules import is_contact_only
from deliveries.models import Delivery, Proof, proof_of
from deliveries.photos import photo_address
from deliveries.queries import Followed, Rated, follow, rating_of
from milkdelivery.core import clock, rules
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.errors import DomainError
from milkdelivery.core.web import actor_of
from milkdelivery.shopping import shopping_of
from orders.actions import cancel_order, claim_limits
from orders.forms import CancelForm
from orders.models import Order, OrderLine, OrderStatusChange
from orders.queries import COMING, left_to_claim, older_orders_of, order_of
from orders.rules.answers import LINE_MISSING, NOBODY_CAN_FILL
from orders.rules.claims import ALL_CLAIMED, claim_until
from orders.rules.holding import LAPSED, REJECTED
from orders.rules.status import OrderNotCancellable, ensure_cancellable
from orders.views.again import repeat_card
from orders.views.claims import ClaimCard, claim_cards
from payments.models import Invoice, Payment, Refund, RefundMovement
from payments.queries import Paying, documents_of, paying_by
from payments.rules.attempts import Standing

PER_PAGE = 20
UNPROCESSABLE = 422
LONGEST_NUMBER = 8

# What the checkout says when it undid an order.
FAILURES: dict[str, str | Promise] = {
    "out_of_stock": gettext_lazy("Something in it sold out while we were confirming it."),
    "not_served": gettext_lazy("Nobody delivers to this pincode any more."),
    "order_not_possible": gettext_lazy("The time to order for this day had passed."),
    "payment_declined": gettext_lazy("The payment was declined."),
    "payment_expired": gettext_lazy("The payment did not come in time."),
    "checkout_given_up": gettext_lazy("Something on our side failed."),
}
# Why we called an order off ourselves.
TROUBLES: dict[str, str | Promise] = {
    LINE_MISSING: gettext_lazy(
        "Something in it can’t come after all, and you asked us to cancel all of it then. We are sorry."
    ),
    NOBODY_CAN_FILL: gettext_lazy(
        "The dairy could not bring it after all, and no other one near you has it. We are sorry."
    ),
    REJECTED: gettext_lazy("We looked at it and could not accept it. Call us if you think that is a mistake."),
    LAPSED: gettext_lazy("We could not look at it in time for this day. We are sorry; please order again."),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the timeline as its component wants it."""

    label: str | Promise
    state: str
    at: datetime | None
    note: str = ""


@dataclass(frozen=True)
class OrderView:
    """An order as its page shows it."""

    order: Order
    followed: Followed
    cutoff_at: datetime
    is_cancellable: bool

    @property
    def is_open(self) -> bool:
        """Something can still happen to it soon."""
        return self.order.status in COMING

    @property
    def seconds_left(self) -> int:
        return max(0, int((self.cutoff_at - clock.now()).total_seconds()))

    @property
    def steps(self) -> list[Step]:
        steps = [
            _step(step.name, step.label, step.at, is_current=step.is_current, note=str(step.note))
            for step in self.followed.timeline
        ]
        if self.order.source == Order.Source.STAFF and steps:
            steps[0] = replace(steps[0], note=_("Placed for you by us"))
        return steps

    @property
    def failure(self) -> str | Promise:
        """Why the checkout undid the order; empty where it did not."""
        return FAILURES.get(self._cancelled.reason, "") if self._cancelled else ""

    @property
    def trouble(self) -> str | Promise:
        """Why we cancelled it ourselves; empty where we did not."""
        return TROUBLES.get(self._cancelled.reason, "") if self._cancelled else ""

    @property
    def is_replaced(self) -> bool:
        """Whether something comes in place of what ran out."""
        return any(line.status == OrderLine.Status.SUBSTITUTED for line in self.order.lines.all())

    @property
    def _cancelled(self) -> OrderStatusChange | None:
        changes = self.followed.changes if self.order.status == Order.Status.CANCELLED else ()
        return next((change for change in changes if change.to_status == Order.Status.CANCELLED), None)

    @property
    def is_all_claimed(self) -> bool:
        """Whether it is returned because all of it was claimed and granted."""
        changes = self.followed.changes if self.order.status == Order.Status.RETURNED else ()
        return any(change.reason == ALL_CLAIMED for change in changes)

    @property
    def was_not_handed_over(self) -> bool:
        """Whether all of it went back without having been with the household."""
        return self.order.status == Order.Status.RETURNED and not self.is_all_claimed

    @cached_property
    def claim_until(self) -> datetime | None:
        """Until when something of it can be claimed; None before it was delivered. No query."""
        came = [c.occurred_at for c in self.followed.changes if c.to_status == Order.Status.DELIVERED]
        return claim_until(came[-1], claim_limits()) if came else None

    @cached_property
    def may_claim(self) -> bool:
        """Whether the page leads to where something can be claimed. One query, and only where the time is not over."""
        if self.order.status != Order.Status.DELIVERED or self.claim_until is None or clock.now() > self.claim_until:
            return False
        return self.has_paid and any(line.quantity for line in left_to_claim(self.order))

    @property
    def may_be_repeated(self) -> bool:
        """Whether its page offers to order the same again: not while it still comes, or lies in the cart again, and not
        what we would not accept."""
        is_rejected = self._cancelled is not None and self._cancelled.reason == REJECTED
        return not self.is_open and not self.failure and not is_rejected

    @cached_property
    def paying(self) -> Paying:
        """What is to be done about the payment. No query."""
        return paying_by(self.order, self.followed.payments)

    @property
    def has_paid(self) -> bool:
        """Whether money came for it."""
        return any(payment.is_captured for payment in self.followed.payments)

    @property
    def paid_back(self) -> Sequence[tuple[Refund, RefundMovement | None]]:
        """What goes back to the household, and how far each is."""
        return self.followed.refunds

    @property
    def is_lost(self) -> bool:
        """Whether it will not be paid any more: its checkout is about to end it."""
        over = (Standing.DECLINED, Standing.EXPIRED)
        return self.order.status == Order.Status.CREATED and self.paying.standing in over

    @property
    def payment_words(self) -> str:
        """How far the payment is."""
        payment = self.paying.payment
        if payment and (payment.method, payment.status) == (Payment.Method.WALLET, Payment.Status.PENDING):
            return _("set aside, and paid when it is at your door")
        if payment and payment.is_called_off:
            return _("called off")
        return self.order.get_payment_status_display()

    @cached_property
    def rated(self) -> Rated:
        """Stars that were given, or can be. One query, none before it is delivered."""
        return rating_of(self.followed.delivery)

    @property
    def proof(self) -> Proof | None:
        """What came along with "delivered". No query."""
        return proof_of(self.followed.delivery) if self.followed.delivery else None

    @property
    def door_photo(self) -> str:
        """Where the photo of what stands at the door can be seen for an hour; empty without one."""
        return photo_address(self.proof)

    @property
    def documents(self) -> Sequence[Invoice]:
        """Its invoice and credit notes. One query, none before it is delivered."""
        was_delivered = self.order.status in (Order.Status.DELIVERED, Order.Status.RETURNED)
        return documents_of([self.order.pk]).get(self.order.pk, []) if was_delivered else []

    @property
    def missed(self) -> str:
        """Why the last attempt at the door failed; empty where none did."""
        delivery = self.followed.delivery
        if delivery is None or delivery.status != Delivery.Status.FAILED:
            return ""
        return str(delivery.get_failure_reason_display())

    @property
    def version(self) -> str:
        """Changes when anything on the page would."""
        delivery = self.followed.delivery
        facts = (
            self.order.status,
            self.order.payment_status,
            self.order.updated_at,
            self.is_cancellable,
            [(payment.status, payment.settled_at, payment.refunded) for payment in self.followed.payments],
            self.paying.standing,
            (delivery.status, delivery.driver_id, delivery.sequence) if delivery else None,
            self.followed.way,
            get_language(),
        )
        return sha256(repr(facts).encode()).hexdigest()[:20]


@login_required
@require_safe
def order_list(request: HttpRequest) -> HttpResponse:
    """Newest first; what is older is a page further."""
    before = request.GET.get("before", "")
    marker = before if before.isascii() and before.isalnum() and len(before) <= LONGEST_NUMBER else ""
    rows = list(older_orders_of(_user(request).pk, before=marker or None)[: PER_PAGE + 1])
    orders = rows[:PER_PAGE]
    context = {
        "orders": orders,
        "older": orders[-1].number if len(rows) > PER_PAGE else "",
        "is_first": not marker,
        "section": "orders",
        "shopping": shopping_of(request),
    }
    return render(request, "orders/list.html", context)


@login_required
@require_safe
def detail(request: HttpRequest, number: str) -> HttpResponse:
    view = _order_view(request, number)
    card = repeat_card(view.order, _user(request)) if view.may_be_repeated else None
    with timezone.override(view.order.region.time_zone):
        context = {**_context(request, view), "card": card, "claim_cards": _claim_cards(view.order)}
        return render(request, "orders/detail.html", context)


@login_required
@require_safe
def progress(request: HttpRequest, number: str) -> HttpResponse:
    """The live part of the page. Nothing new is told in one line: 304."""
    view = _order_view(request, number)
    etag = f'"{view.version}"'
    if etag in request.headers.get("If-None-Match", ""):
        return HttpResponseNotModified(headers={"ETag": etag})
    with timezone.override(view.order.region.time_zone):
        response = render(request, "orders/progress.html", _context(request, view))
    response["ETag"] = etag
    patch_cache_control(response, private=True, no_cache=True)
    return response


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Ask why, then cancel."""
    view = _order_view(request, number)
    back = HttpResponseRedirect(reverse("orders:detail", args=[number]))
    form = CancelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            cancel_order(view.order.pk, by=actor_of(request), reason=form.reason())
        except DomainError as refusal:
            messages.error(request, str(refusal.message))
        else:
            said = _("The order is cancelled. What you paid goes back.") if view.has_paid else ""
            messages.success(request, said or _("The order is cancelled. Nothing is charged."))
        return back
    if not view.is_cancellable:
        messages.error(request, _("This order can’t be cancelled any more."))
        return back
    with timezone.override(view.order.region.time_zone):
        context = {**_context(request, view), "form": form}
        return render(request, "orders/cancel.html", context, status=UNPROCESSABLE if form.errors else 200)


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _order_view(request: HttpRequest, number: str) -> OrderView:
    """The person's order; another's is as unknown as one that never was."""
    order = order_of(_user(request).pk, number) if len(number) <= LONGEST_NUMBER else None
    if order is None:
        raise Http404("no such order")
    cutoff = rules.cutoff_at(order.slot, order.delivery_date, order.region.time_zone)
    return OrderView(order, follow(order), cutoff, _is_cancellable(order, cutoff))


def _is_cancellable(order: Order, cutoff: datetime) -> bool:
    """Whether the household still may; what staff may besides is not offered on this page."""
    household = Actor.user(order.customer_id, Role.CUSTOMER)
    try:
        ensure_cancellable(order.status, cutoff_at=cutoff, by=household, now=clock.now())
    except OrderNotCancellable:
        return False
    return True


def _claim_cards(order: Order) -> list[ClaimCard]:
    """What was claimed of it; nobody asks of an order that was never delivered."""
    return claim_cards(order) if order.status in (Order.Status.DELIVERED, Order.Status.RETURNED) else []


def _context(request: HttpRequest, view: OrderView) -> dict[str, object]:
    return {
        "view": view,
        "order": view.order,
        "lines": list(view.order.lines.all()),
        "section": "orders",
        "today": clock.today(view.order.region),
        "is_guest": is_contact_only(_user(request)),
        "cancel_form": CancelForm(),
    }


def _step(name: str, label: str | Promise, at: datetime | None, *, is_current: bool, note: str) -> Step:
    if name in ("CANCELLED", "RETURNED", "ATTEMPTED"):
        return Step(label, "failed", at, note)
    if at is None:
        return Step(label, "current" if is_current else "todo", None)
    return Step(label, "current" if is_current and name not in ("DELIVERED", "PAID", "REFUNDED") else "done", at)
