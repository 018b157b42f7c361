"""Payments in the back office: every attempt to take money, to read."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import choices, instants
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.core.web import actor_of
from payments.actions import refund_payment
from payments.admin.refund import RefundForm, wish_of
from payments.models import Payment

COLOURS = {
    Payment.Status.PENDING: "warning",
    Payment.Status.SUCCEEDED: "success",
    Payment.Status.FAILED: "danger",
    Payment.Status.PARTIALLY_REFUNDED: "info",
    Payment.Status.REFUNDED: "info",
}


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = (
        "order_link",
        "user",
        "amount",
        "method",
        "shown_status",
        "gateway",
        when("created_at", gettext_lazy("made"), region="order.region"),
        when("settled_at", gettext_lazy("settled"), region="order.region"),
    )
    list_display_links = ("amount",)
    list_select_related = ("order__region", "user")
    list_filter = (choices("status"), choices("method"), instants("created_at"))
    search_fields = ("order__number", "user__name", "user__email", "user__phone", "=gateway_reference")
    search_help_text = gettext_lazy("Order number, person or gateway reference")
    actions_detail = ("refund",)

    @action(
        description=gettext_lazy("Pay back"),
        permissions=["operate"],
        url_path="refund",
        icon="undo",
    )
    def refund(self, request: HttpRequest, object_id: str) -> HttpResponse:
        payment: Payment = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            key = f"staff-{payment.pk}-{answer['key']}"
            refund = refund_payment(payment.pk, wish_of(answer), key=key, by=actor_of(request))
            return _("%(amount)s goes back.") % {"amount": refund.amount.format()}

        question = Question(
            title=_("Pay back?"),
            intro=_("The money is moved within a minute, and the household sees it in its account."),
            submit=_("Pay back"),
            form=partial(RefundForm, payment=payment),
            facts=[
                (_("Order"), payment.order or "–"),
                (_("Customer"), payment.user),
                (_("Paid"), f"{payment.amount} · {payment.get_method_display()}"),
                (_("Decided to go back already"), payment.refunded),
                (_("Left"), payment.refundable),
            ],
            perform=perform,
        )
        return ask(self, request, payment, question)

    @display(description=gettext_lazy("order"), ordering="order__id")
    def order_link(self, payment: Payment) -> str:
        if payment.order is None:
            return "–"
        url = reverse("admin:orders_order_change", args=(payment.order_id,))
        return format_html('<a href="{}">{}</a>', url, payment.order.number)

    @display(description=gettext_lazy("status"), ordering="status", label=COLOURS)
    def shown_status(self, payment: Payment) -> tuple[str, str]:
        return payment.status, payment.get_status_display()
