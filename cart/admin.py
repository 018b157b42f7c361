"""Carts and checkouts in the back office: where each workflow stands, step by step."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from cart.actions import resume_checkout
from cart.models import Cart, CartLine, Checkout
from milkdelivery.backoffice.base import ReadOnlyAdmin, Rows
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import choices, instants
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.backoffice.words import step_name, told_steps, waits_for
from milkdelivery.core.web import actor_of

State = Checkout.State
COLOURS = {
    State.RUNNING: "info",
    State.WAITING: "warning",
    State.COMPENSATING: "warning",
    State.DONE: "success",
    State.FAILED: "danger",
}
GOES_ON = frozenset({State.RUNNING, State.WAITING, State.COMPENSATING})
"""States that running the workflow may change."""


class CartLines(Rows):
    model = CartLine
    fields = readonly_fields = ("pack", "quantity", "if_short")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CartLine]:
        return super().get_queryset(request).select_related("variant__product")

    @display(description=gettext_lazy("pack"))
    def pack(self, line: CartLine) -> str:
        return f"{line.variant.product} {line.variant.name}"


@admin.register(Cart)
class CartAdmin(ReadOnlyAdmin):
    list_display = (
        "number",
        "customer",
        "pieces",
        "status",
        when("created_at", gettext_lazy("made")),
        when("updated_at", gettext_lazy("changed")),
    )
    list_select_related = ("customer",)
    list_filter = (choices("status"), instants("updated_at"))
    search_fields = ("customer__name", "customer__email", "customer__phone")
    fields = ("customer", "status", ("created_at", "updated_at"))
    inlines = (CartLines,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cart]:
        return super().get_queryset(request).annotate(piece_count=Sum("lines__quantity"))

    @display(description=gettext_lazy("cart"), ordering="id")
    def number(self, cart: Cart) -> str:
        return f"#{cart.pk}"

    @display(description=gettext_lazy("pieces"), ordering="piece_count")
    def pieces(self, cart: Any) -> int:
        return int(cart.piece_count or 0)


@admin.register(Checkout)
class CheckoutAdmin(ReadOnlyAdmin):
    list_display = (
        "order_link",
        "customer",
        "shown_state",
        "next_step",
        "waiting_for",
        "failure_message",
        when("started_at", gettext_lazy("started"), region="order.region"),
    )
    list_display_links = ("shown_state",)
    list_select_related = ("order__customer", "order__region")
    list_filter = (choices("state"), instants("started_at"))
    search_fields = ("order__number", "order__customer__name", "order__customer__phone", "failure_code")
    search_help_text = gettext_lazy("Order number, person or failure code")
    fieldsets = (
        (None, {"fields": (("order_link", "state"), ("next_step", "waiting_for"), ("started_at", "finished_at"))}),
        (gettext_lazy("Trouble"), {"fields": (("failure_code", "failure_message"), ("attempts", "next_attempt_at"))}),
    )
    change_form_template = "admin/cart/checkout/change_form.html"
    actions_detail = ("go_on",)

    def get_readonly_fields(self, request: HttpRequest, obj: Checkout | None = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), "order_link"]

    @display(description=gettext_lazy("order"), ordering="order__id")
    def order_link(self, checkout: Checkout) -> str:
        url = reverse("admin:orders_order_change", args=(checkout.order_id,))
        return format_html('<a href="{}">{}</a>', url, checkout.order.number)

    @display(description=gettext_lazy("customer"))
    def customer(self, checkout: Checkout) -> str:
        return str(checkout.order.customer)

    @display(description=gettext_lazy("state"), ordering="state", label=COLOURS)
    def shown_state(self, checkout: Checkout) -> tuple[str, str]:
        return checkout.state, checkout.get_state_display()

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        checkout: Checkout | None = kwargs.get("obj")
        if checkout is not None:
            context["steps"] = told_steps(checkout.steps.order_by("pk"))
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def has_operate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever runs orders runs their checkouts."""
        return request.user.has_perm("orders.change_order")

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        unfinished = Checkout.objects.filter(pk=object_id, state__in=GOES_ON).exists()
        return super().get_actions_detail(request, object_id) if unfinished else []

    @action(description=gettext_lazy("Run on"), permissions=["operate"], url_path="go-on", icon="play_arrow")
    def go_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        checkout = self.record(request, object_id)

        def perform(_answer: dict[str, Any]) -> str:
            after = resume_checkout(checkout.pk, by=actor_of(request))
            return _("The checkout is now: %(state)s.") % {"state": after.get_state_display()}

        question = Question(
            title=_("Run the checkout of %(number)s on?") % {"number": checkout.order.number},
            intro=_("What is done stays done: it goes on at the next step, and stops again if that still has to wait."),
            submit=_("Run on"),
            facts=[
                (_("State"), checkout.get_state_display()),
                (_("Next step"), step_name(checkout.next_step) or "–"),
                (_("Waits for"), waits_for(checkout.waiting_for) or "–"),
            ],
            perform=perform,
        )
        return ask(self, request, checkout, question)
