"""Orders in the back office: found fast, seen whole on one page, packed and cancelled through their actions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from cart.models import Checkout, CheckoutStep
from deliveries.models import proof_of
from deliveries.photos import photo_address
from deliveries.queries import follow
from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import choices, days, flag, instants, related
from milkdelivery.backoffice.forms import ReasonForm
from milkdelivery.backoffice.pages import Effect, Question, ask, ask_about_many
from milkdelivery.backoffice.words import names_of, told_steps
from milkdelivery.core import clock
from milkdelivery.core.errors import DomainError
from milkdelivery.core.models import Event
from milkdelivery.core.queries import region_book
from milkdelivery.core.web import actor_of
from orders import actions
from orders.admin.calling import CallingActions
from orders.admin.changing import ChangingActions
from orders.admin.holding import HoldingActions, decide_until
from orders.events import OrderChanged
from orders.models import Order, OrderLine, VendorAnswer
from orders.queries import answers_of, claims_of_order
from orders.rules.changing import ADDRESS, INSTRUCTIONS, SLOT
from orders.rules.decision import read_decision
from orders.rules.fraud import read_findings
from orders.rules.status import BEFORE_LEAVING, ensure_move

Status = Order.Status
STATUS_COLOURS = {
    Status.CREATED: "info",
    Status.ON_HOLD: "danger",
    Status.CONFIRMED: "warning",
    Status.PACKED: "primary",
    Status.OUT_FOR_DELIVERY: "info",
    Status.DELIVERED: "success",
    Status.RETURNED: None,
    Status.CANCELLED: None,
}
PAYMENT_COLOURS = {
    Order.PaymentStatus.PENDING: "warning",
    Order.PaymentStatus.PAID: "success",
    Order.PaymentStatus.FAILED: "danger",
    Order.PaymentStatus.PARTIALLY_REFUNDED: "info",
    Order.PaymentStatus.REFUNDED: "info",
}
NUMBER = re.compile(r"M[0-9A-Z]{3,7}", re.IGNORECASE)
DIGITS = re.compile(r"[\d\s+()-]{5,}")


class PackingFilter(RadioFilter):
    title = gettext_lazy("packing")
    parameter_name = "packing"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [("now", gettext_lazy("To pack today")), ("next", gettext_lazy("To pack for tomorrow"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        ahead = {"now": 0, "next": 1}.get(self.value() or "")
        if ahead is None:
            return queryset
        due = Q(pk__in=[])
        for region in region_book().regions.values():
            due |= Q(region=region, delivery_date=clock.today(region) + timedelta(days=ahead))
        return queryset.filter(due, status=Status.CONFIRMED)


@admin.register(Order)
class OrderAdmin(CallingActions, ChangingActions, HoldingActions):
    change_form_template = "admin/orders/order/change_form.html"
    list_display = (
        "number",
        "customer",
        "delivery",
        "where",
        "shown_status",
        "shown_payment",
        "grand_total",
        when("placed_at", gettext_lazy("placed"), region="region"),
    )
    list_select_related = ("customer", "slot", "region")
    list_filter = (
        PackingFilter,
        choices("status"),
        choices("payment_status"),
        flag("fraud_flag"),
        flag("partial_fulfilment"),
        days("delivery_date"),
        choices("slot__code"),
        related("region"),
        choices("source"),
        instants("placed_at"),
    )
    search_fields = ("number",)
    search_help_text = gettext_lazy("Order number, name, phone, e-mail address, or part of the address")
    ordering = ("-id",)
    actions = ("pack_selected", "approve_selected", "hold_selected", "cancel_selected")
    actions_list = ("call",)
    actions_detail = ("approve", "reject", "pack", "alter", "hold", "cancel")

    @display(description=gettext_lazy("delivery"), ordering="delivery_date")
    def delivery(self, order: Order) -> str:
        return f"{date_format(order.delivery_date, 'j M')} · {order.slot.get_code_display()}"

    @display(description=gettext_lazy("where"), ordering="pincode")
    def where(self, order: Order) -> str:
        society = order.address.get("society") or order.address.get("line1", "")
        return f"{society}, {order.pincode}" if society else order.pincode

    @display(description=gettext_lazy("status"), ordering="status", label=STATUS_COLOURS)
    def shown_status(self, order: Order) -> tuple[str, str]:
        return order.status, order.get_status_display()

    @display(description=gettext_lazy("payment"), ordering="payment_status", label=PAYMENT_COLOURS)
    def shown_payment(self, order: Order) -> tuple[str, str]:
        return order.payment_status, order.get_payment_status_display()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """A number finds by its start, digits a phone or pincode; words look into names, mails and addresses."""
        term = search_term.strip().lstrip("#").lstrip()  # people write #M12345, as the messages do
        if not term:
            return queryset, False
        if NUMBER.fullmatch(term) and (by_number := queryset.filter(number__startswith=term.upper())).exists():
            return by_number, False
        if DIGITS.fullmatch(term):
            digits = "".join(filter(str.isdigit, term))
            phone = Q(customer__phone__contains=digits) | Q(customer__contact_phone__contains=digits)
            return queryset.filter(phone | Q(pincode=digits)), False
        for word in term.split():
            queryset = queryset.filter(
                Q(customer__name__icontains=word)
                | Q(customer__email__icontains=word)
                | Q(customer__contact_email__icontains=word)
                | Q(address__icontains=word)
            )
        return queryset, False

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        order: Order | None = kwargs.get("obj")
        if order is not None:
            context.update(order_page(order))
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """What the order's status allows."""
        status = Order.objects.filter(pk=object_id).values_list("status", flat=True).first()
        unwanted = set()
        if status != Status.CONFIRMED:
            unwanted.add("pack")
        if status not in BEFORE_LEAVING:
            unwanted.add("cancel")
        return [button for button in super().get_actions_detail(request, object_id) if button.path not in unwanted]

    @action(
        description=gettext_lazy("Pack"),
        permissions=["operate"],
        url_path="pack",
        icon="package_2",
        variant=ActionVariant.PRIMARY,
    )
    def pack(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = self.record(request, object_id)

        def perform(_answer: dict[str, Any]) -> str:
            actions.pack_order(order.pk, by=actor_of(request))
            return _("Order %(number)s is packed.") % {"number": order.number}

        question = Question(
            title=_("Pack order %(number)s?") % {"number": order.number},
            intro=_("Its pieces leave the shelf, and the household hears of it."),
            submit=_("Packed"),
            facts=_facts(order),
            perform=perform,
        )
        return ask(self, request, order, question)

    @action(
        description=gettext_lazy("Cancel order"),
        permissions=["operate"],
        url_path="cancel",
        icon="cancel",
        variant=ActionVariant.DANGER,
    )
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            actions.cancel_order(order.pk, by=actor_of(request), reason=answer["reason"])
            return _("Order %(number)s is cancelled.") % {"number": order.number}

        question = Question(
            title=_("Cancel order %(number)s?") % {"number": order.number},
            intro=_("Stock and the dairies' day are given back, the delivery is called off and the household is told."),
            submit=_("Cancel order"),
            form=ReasonForm,
            is_dangerous=True,
            facts=_facts(order),
            perform=perform,
        )
        return ask(self, request, order, question)

    @admin.action(description=gettext_lazy("Pack"), permissions=["operate"])
    def pack_selected(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        return ask_about_many(
            self,
            request,
            queryset.select_related("customer", "slot", "region")
            .annotate(pieces=Sum("lines__quantity"))
            .order_by("pk"),
            action="pack_selected",
            title=_("Pack orders"),
            submit=_("Packed"),
            preview=packing_effect,
            perform=lambda order: actions.pack_order(order.pk, by=actor_of(request)),
            done=lambda count: (
                ngettext("%(count)d order is packed.", "%(count)d orders are packed.", count) % {"count": count}
            ),
        )

    @admin.action(description=gettext_lazy("Cancel orders"), permissions=["operate"])
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        return ask_about_many(
            self,
            request,
            queryset.select_related("customer", "slot").order_by("pk"),
            action="cancel_selected",
            title=_("Cancel orders"),
            intro=_("Stock is given back, what was paid goes back, and each household is told, with the reason."),
            submit=_("Cancel orders"),
            form=ReasonForm,
            is_dangerous=True,
            preview=cancelling_effect,
            perform=lambda order, answer: actions.cancel_order(order.pk, by=actor_of(request), reason=answer["reason"]),
            done=lambda count: (
                ngettext("%(count)d order is cancelled.", "%(count)d orders are cancelled.", count) % {"count": count}
            ),
        )


def cancelling_effect(order: Order) -> Effect:
    """What cancelling will do to an order; staff may until it leaves the hub."""
    facts = [
        str(order.customer),
        f"{date_format(order.delivery_date, 'j M')} {order.slot.get_code_display()}",
        order.grand_total.format(),
        order.get_payment_status_display(),
    ]
    if order.status == Status.CANCELLED:
        return Effect(order, facts, _("Cancelled already."))
    if order.status not in BEFORE_LEAVING:
        return Effect(order, facts, _("It is: %(status)s.") % {"status": order.get_status_display()})
    return Effect(order, facts)


def packing_effect(order: Any) -> Effect:
    """What packing will do to an order; one that is packed already stays as it is."""
    facts = [
        str(order.customer),
        f"{date_format(order.delivery_date, 'j M')} {order.slot.get_code_display()}",
        ngettext("%(count)d piece", "%(count)d pieces", order.pieces or 0) % {"count": order.pieces or 0},
    ]
    if order.status == Status.PACKED:
        return Effect(order, facts, _("Packed already."))
    try:
        ensure_move(order.status, Status.PACKED)
    except DomainError:
        return Effect(order, facts, _("It is: %(status)s.") % {"status": order.get_status_display()})
    return Effect(order, facts)


def order_page(order: Order) -> dict[str, Any]:
    """Everything about an order that its page shows: a constant number of queries."""
    changes = list(order.status_changes.order_by("pk"))
    given = answers_of(order.pk)
    holds = list(order.holds.order_by("pk"))
    deciders = [who for hold in holds for who in (hold.actor, hold.decided_by) if who]
    altered = list(Event.objects.about(f"order:{order.pk}").filter(name=OrderChanged.name))
    who = [change.actor for change in changes] + [event.actor.label for event in altered]
    names = names_of([*who, *(answer.actor for answer in given), *deciders])
    answers = [(answer, names[answer.actor], outcome_in_words(answer)) for answer in given]
    steps = Prefetch("steps", CheckoutStep.objects.order_by("id"))
    checkout = Checkout.objects.filter(order=order).prefetch_related(steps).first()
    followed = follow(order)
    return {
        "order": order,
        "lines": [
            (line, read_decision(line.decision))
            for line in OrderLine.objects.filter(order=order)
            .select_related("vendor", "order", "substitution_of", "variant__product")
            .order_by("pk")
        ],
        "answers": answers,
        "holds": [
            (
                hold,
                read_findings(hold.findings),
                names[hold.actor],
                names.get(hold.decided_by, ""),
                decide_until(hold, order),
            )
            for hold in holds
        ],
        "claims": claims_of_order(order),
        "changes": [(change, names[change.actor]) for change in changes],
        "altered": [(event, names[event.actor.label], altered_words(event.data)) for event in altered],
        "placed_by": names[changes[0].actor] if changes and order.source == Order.Source.STAFF else "",
        "followed": followed,
        "door_photo": photo_address(proof_of(followed.delivery)) if followed.delivery else "",
        "checkout": checkout,
        "steps": told_steps(checkout.steps.all()) if checkout else [],
        "door": _door(order),
    }


_ALTERED = {
    ADDRESS: gettext_lazy("address"),
    SLOT: gettext_lazy("slot"),
    INSTRUCTIONS: gettext_lazy("note for the driver"),
}


def altered_words(data: Mapping[str, Any]) -> str:
    """What staff changed of an order."""
    return ", ".join(str(_ALTERED.get(name, name)) for name in data.get("changed", ()))


def _door(order: Order) -> list[str]:
    """The address as it is written on a parcel, from the order's own copy."""
    known = order.address
    flat = " ".join(known[part] for part in ("flat", "floor", "tower") if known.get(part))
    rest = [known.get(part, "") for part in ("society", "line1", "line2", "landmark")]
    city = f"{known.get('city', '')} {known.get('pincode', '')}".strip()
    return [part for part in (flat, *rest, city) if part]


def _facts(order: Order) -> list[tuple[str, Any]]:
    lines = OrderLine.objects.filter(order=order).select_related("vendor").order_by("pk")
    return [
        (_("Customer"), order.customer),
        (_("Delivery"), f"{date_format(order.delivery_date, 'l j F')} · {order.slot.get_code_display()}"),
        (_("Status"), order.get_status_display()),
        *((str(line), line.vendor or "–") for line in lines),
    ]


@admin.register(VendorAnswer)
class VendorAnswerAdmin(ReadOnlyAdmin):
    """What dairies said about what they were given: who gives how much back, and why."""

    list_display = (
        when("occurred_at", gettext_lazy("when")),
        "vendor",
        "kind",
        "line",
        "quantity",
        "reason",
        "became",
        "order",
    )
    list_select_related = ("vendor", "line", "order")
    list_filter = (choices("kind"), choices("reason"), related("vendor"), instants("occurred_at"))
    search_fields = ("order__number", "vendor__name", "note")
    fields = (("order", "line"), ("vendor", "kind"), ("quantity", "reason"), "note", "became", ("actor", "occurred_at"))
    readonly_fields = ("became",)

    @display(description=gettext_lazy("what became of it"))
    def became(self, answer: VendorAnswer) -> str:
        return outcome_in_words(answer)


def outcome_in_words(answer: VendorAnswer) -> str:
    """Who took how many of what was given back."""
    nobody = _("nobody")
    return ", ".join(
        f"{part['pieces']} × {part['name'] or nobody}" + (f" ({part['instead']})" if part.get("instead") else "")
        for part in answer.outcome
    )
