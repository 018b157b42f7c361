"""Ordering for somebody on the telephone: find the household, write down what it wants, see the total, place it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_htmx.http import HttpResponseClientRedirect
from unfold.decorators import action

from accounts.forms.fields import contact_of
from accounts.models import Address, User
from accounts.queries import addresses_of, preferences_of
from cart.actions import order_lines, run_checkout
from cart.actions.steps import PAYMENT
from cart.forms import first_choices, total_value
from cart.models import Cart, Checkout
from cart.queries import CartView, Person, lines_of, next_day, person_by_id, view_lines
from cart.rules import CheckoutRefused
from catalog.models import PromoCode
from catalog.promotions import code_typed
from catalog.queries import Sellable, packs_for, products_on_sale, search_for
from catalog.rules.promotions import PromotionRefused
from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.core.errors import DomainError
from milkdelivery.core.models import Region
from milkdelivery.core.queries import region_book
from milkdelivery.core.web import actor_of
from orders.admin.call_form import NEW, CallForm, Pieces, fresh_token, is_key, link_method, typed_fields
from orders.models import Order
from orders.queries import find_households, households_at, last_orders_of, recent_of, usual_of, wanted_in
from payments.models import LedgerAccount
from payments.queries import paying, wallets_of

MOST_GOODS = 8
"""Products that a search shows."""


@dataclass(frozen=True, slots=True)
class Row:
    """A pack that is ordered: as it was typed, and as it is sold now."""

    view: Any
    typed: str
    error: str


class Desk:
    """One call: the household, what was written down so far, and what that comes to. Nothing is kept on our side."""

    def __init__(self, user: User | None, pieces: Pieces, *, data: Any = None, initial: Any = None) -> None:
        self.user, self.pieces = user, pieces
        self.book = region_book()
        self.addresses: list[Address] = list(addresses_of(user.pk)) if user else []
        self.home = self._home()
        purses = wallets_of(user.pk) if user else []
        self.purse: LedgerAccount | None = next((p for p in purses if p.currency == self.home.currency), None)
        first = initial if initial is not None else self.usual_choices()
        self.form = CallForm(
            data,
            initial=first,
            user=user,
            addresses=self.addresses,
            book=self.book,
            home=self.home,
            purse=self.purse,
        )
        self.code_error = ""

    def _home(self) -> Region:
        """Where the household lives, or else where we are at home."""
        door = next(iter(self.addresses), None)
        region = self.book.region_of(door.pincode) if door else None
        return region or self.book.region(settings.HOME_REGION) or next(iter(self.book.regions.values()))

    def usual_choices(self) -> dict[str, Any]:
        """What is chosen before anything was: as the household mostly chooses."""
        preferences = preferences_of(self.user) if self.user else None
        choices = first_choices(
            addresses=self.addresses,
            last_address_id=self.user.last_selected_address_id if self.user else None,
            preferences=preferences,
            pincode=None,
            book=self.book,
            home=self.home,
            has_wallet=self.purse is not None,
        )
        method = preferences.payment_method if preferences else "COD"
        is_offered = method == "COD" or (method == "WALLET" and self.purse is not None)
        return {
            **choices,
            "payment_method": method if is_offered else (link_method() or "COD"),
            "if_short": "SEND_AVAILABLE",
            "token": fresh_token(),
        }

    @cached_property
    def code(self) -> PromoCode | None:
        """The promo code that was typed; None where there is none, with `code_error` for one that there is not."""
        typed = self.form.chosen("promo").strip()
        if not typed:
            return None
        try:
            return code_typed(typed, customer_id=self.user.pk if self.user else None)
        except PromotionRefused as refusal:
            self.code_error = str(refusal.message)
            return None

    @cached_property
    def view(self) -> CartView:
        """What is written down, at the prices, offers and stock of the chosen place and day."""
        form, code = self.form, self.code
        person: Person = person_by_id(self.user.pk if self.user else None, code=code)
        view = view_lines(
            lines_of(self.pieces.numbers),
            region=form.region,
            book=self.book,
            pincode=form.chosen_pincode or None,
            on=form.chosen_when[1] if form.chosen_when else None,
            person=person,
            code=code,
        )
        if view.deal.refusal is not None:
            self.code_error = str(view.deal.refusal.message)
        return view

    @property
    def rows(self) -> list[Row]:
        """The packs in the order in which they were written down; a number that is none stays as it was typed."""
        known = {line.line.variant_id: line for line in self.view.lines}
        wrong = lines_of(dict.fromkeys(self.pieces.errors, 1))
        shown: dict[int, Any] = {**known, **{line.variant_id: {"line": line} for line in wrong}}
        typed, errors = self.pieces.typed, self.pieces.errors
        return [Row(shown[pk], text, errors.get(pk, "")) for pk, text in typed.items() if pk in shown]

    def goods(self, typed: str) -> list[Sellable]:
        """Packs that are sold there and are called so, each with its price. None where nothing was typed."""
        words = " ".join(typed.split())[:80]
        if not words:
            return []
        region, day = self.form.region, self.form.chosen_when[1] if self.form.chosen_when else None
        on = day or next_day(self.book, region)
        search = search_for(words)
        if not search.typed:
            return []
        products = products_on_sale(region=region, on=on, search=search).prefetch_related(None)
        ids = list(products.order_by(search.tier, "pk").values_list("pk", flat=True)[:MOST_GOODS])
        packs = packs_for(ids, region=region, on=on)
        return sorted(packs, key=lambda sold: ids.index(sold.variant.product_id))


class CallingActions(ReadOnlyAdmin):
    """Taking an order by telephone. A part of the order's admin."""

    def has_call_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("orders.add_order")

    @action(description=gettext_lazy("Order by telephone"), permissions=["call"], url_path="call", icon="phone_in_talk")
    def call(self, request: HttpRequest) -> HttpResponse:
        """The whole call on one page: all that was typed travels with the form."""
        if request.method == "POST":
            return self._press(request)
        if "person" in request.GET:
            user = _person(request.GET["person"])
            return self._page(request, Desk(user, Pieces({})), user)
        typed = request.GET.get("q", "")
        context = {"typed": typed, "people": find_households(typed)}
        return self._shown(request, "admin/orders/order/call_find.html", context)

    def _press(self, request: HttpRequest) -> HttpResponse:
        """A button of the form. Only the last one orders; the others give the form back with what they were for."""
        data = request.POST
        user = _person(data.get("become") or data.get("person", ""))
        pieces = Pieces.of(data)
        if "place" in data or "apart_now" in data:
            return self._place(request, Desk(user, pieces, data=data), user)
        if user is not None:
            pieces = _filled(user, pieces, data)
        if is_key(data.get("add", "")):
            pieces = pieces.with_one(int(data["add"]))
        if is_key(data.get("drop", "")):
            pieces = pieces.without(int(data["drop"]))
        typed = typed_fields(data)
        if "become" in data:
            typed = {
                name: typed[name] for name in ("token", "when", "if_short", "promo", "instructions") if name in typed
            }
            typed = {**Desk(user, pieces).usual_choices(), **typed}
        return self._page(request, Desk(user, pieces, initial=typed), user, find=data.get("find", ""))

    def _place(self, request: HttpRequest, desk: Desk, user: User | None) -> HttpResponse:
        form, by = desk.form, actor_of(request)
        if form.has_error("token"):
            form.begin_anew()
        is_whole = form.is_valid() and not desk.pieces.errors
        if not desk.pieces.numbers and not desk.pieces.errors:
            form.add_error(None, _("Write down what they want first."))
            is_whole = False
        if not is_whole:
            return self._page(request, desk, user)
        if user is None and not _is_said_to_be_new(request) and _known(form):
            words = _("Somebody has this contact already. Order for them, or say that the caller is somebody else.")
            form.add_error("contact", words)
            return self._page(request, desk, user)
        token: UUID = form.cleaned_data["token"]
        if Cart.objects.filter(token=token, status=Cart.Status.ORDERED).exists():
            return self._arrive(request, Checkout.objects.select_related("order").get(cart__token=token), again=True)
        purchase = replace(form.purchase(), source=Order.Source.STAFF)
        try:
            placed = order_lines(
                desk.pieces.numbers,
                purchase,
                token=token,
                by=by,
                if_short=dict.fromkeys(desk.pieces.numbers, form.cleaned_data["if_short"]),
                code=form.cleaned_data["promo"],
            )
        except CheckoutRefused as refusal:
            form.add_problems(refusal.problems)
        except DomainError as refusal:
            form.add_refusal(refusal)
        else:
            run = run_checkout(placed.pk, by=by, seen=placed)
            if run.state != Checkout.State.FAILED:
                return self._arrive(request, run)
            return self._undone(request, run, desk.pieces)
        return self._page(request, desk, user)

    def _undone(self, request: HttpRequest, run: Checkout, pieces: Pieces) -> HttpResponse:
        """It came to nothing: the same form once more, of a household that is known by now, for another order."""
        user = User.objects.get(pk=run.order.customer_id)
        typed = {**typed_fields(request.POST), "token": fresh_token()}
        if user.last_selected_address_id is not None:
            typed["address"] = str(user.last_selected_address_id)
        words = _("Order %(number)s came to nothing: %(why)s")
        problem = words % {"number": run.order.number, "why": run.failure_message}
        return self._page(request, Desk(user, pieces, initial=typed), user, problem=problem)

    def _arrive(self, request: HttpRequest, run: Checkout, *, again: bool = False) -> HttpResponse:
        order: Order = Order.objects.select_related("customer", "region").get(pk=run.order_id)
        told = {"number": order.number, "name": order.customer}
        if again:
            messages.info(request, _("Order %(number)s was placed already. For another one begin anew.") % told)
        elif order.status == Order.Status.ON_HOLD:
            messages.warning(request, _("Order %(number)s is placed, and the screening holds it.") % told)
        elif run.state == Checkout.State.WAITING and run.waiting_for == PAYMENT:
            until = paying(order).until
            with timezone.override(order.region.time_zone):
                told["until"] = timezone.localtime(until).strftime("%H:%M") if until else ""
            told["to"] = order.customer.mail_address or order.customer.phone_number
            words = _("Order %(number)s waits for its payment until %(until)s. The link goes to %(to)s.")
            messages.success(request, words % told)
        else:
            messages.success(request, _("Order %(number)s for %(name)s is placed.") % told)
        url = reverse("admin:orders_order_change", args=[order.pk])
        if request.headers.get("HX-Request"):
            return HttpResponseClientRedirect(url)
        return HttpResponseRedirect(url)

    def _page(
        self, request: HttpRequest, desk: Desk, user: User | None, *, find: str = "", problem: str = ""
    ) -> HttpResponse:
        view = desk.view
        form = desk.form
        context = {
            "desk": desk,
            "form": form,
            "person": user,
            "person_key": user.pk if user else NEW,
            "view": view,
            "rows": desk.rows,
            "code_error": " ".join(map(str, form.errors.get("promo", []))) if form.is_bound else desk.code_error,
            "problem": problem,
            "expected_total": total_value(view.quote.grand_total),
            "find": find,
            "goods": desk.goods(find),
            "last_orders": last_orders_of(user.pk) if user else (),
            "has_usual": user is not None and bool(recent_of(user.pk).kept),
            "known": _known(form) if user is None else (),
            "asks_who": form.is_bound and user is None and form.has_error("contact"),
            "apart": request.POST.get("contact", "") if _is_said_to_be_new(request) else "",
            "calendar": list(form.calendar()),
        }
        return self._shown(request, "admin/orders/order/call.html", context)

    def _shown(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        title = _("Order by telephone")
        frame = {**self.admin_site.each_context(request), "title": title, "media": self.media}
        frame |= {"model_admin": self, "content_title": title}
        frame["call_url"] = reverse("admin:orders_order_call")
        return TemplateResponse(request, template, {**frame, **context})


def _person(key: str) -> User | None:
    """The household of a call; None for a new one. Raises Http404."""
    if key == NEW:
        return None
    found = User.objects.filter(pk=int(key), is_active=True).first() if is_key(key) else None
    if found is None:
        raise Http404("no such person")
    return found


def _filled(user: User, pieces: Pieces, data: Any) -> Pieces:
    """With what the household usually takes, or took with one of its orders, where that button was pressed."""
    if "usual" in data:
        return pieces.with_more(usual_of(recent_of(user.pk)).pieces)
    if number := data.get("again", "")[:8]:
        order = Order.objects.of(user.pk).filter(number=number).prefetch_related("lines").first()
        return pieces.with_more(wanted_in(order.lines.all()).pieces) if order else pieces
    return pieces


def _is_said_to_be_new(request: HttpRequest) -> bool:
    """Whether the clerk said of the very contact that is typed: it is somebody else's too, the caller is new."""
    contact = request.POST.get("contact", "")
    return "apart_now" in request.POST or (bool(contact) and request.POST.get("apart") == contact)


def _known(form: CallForm) -> list[User]:
    """Who has the contact already that is typed for a new household."""
    try:
        contact = contact_of(form.chosen("contact")[:254])
    except ValidationError:
        return []
    return households_at(email=contact.email, phone=contact.phone)
