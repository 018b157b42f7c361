"""Sending money back from the back office: by lines or by an amount, told before it is done."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from milkdelivery.backoffice.base import ReadOnlyAdmin, Rows
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import choices, instants
from milkdelivery.backoffice.forms import ReasonForm
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.backoffice.words import names_of
from milkdelivery.core.errors import DomainError
from milkdelivery.core.fields import MoneyFormField
from milkdelivery.core.web import actor_of
from orders.models import OrderLine
from payments.actions import Way, Wish, preview_refund, reroute_refund, try_refund_again
from payments.models import Payment, Refund, RefundMovement
from payments.queries import refundable_lines, stuck_refunds
from payments.words import refund_words, trouble_words

LINE = "line_"
COLOURS = {
    RefundMovement.Status.PENDING: "warning",
    RefundMovement.Status.DONE: "success",
    RefundMovement.Status.FAILED: "danger",
}


class RefundForm(ReasonForm):
    """Pieces of lines, or an amount, or neither for all that is left. Pressed a first time it says what that comes to;
    pressed again it is done."""

    amount = MoneyFormField(
        label=gettext_lazy("Amount"),
        required=False,
        min_value=0,
        help_text=gettext_lazy("Leave lines and amount empty to pay back all that is left."),
        widget=UnfoldAdminDecimalFieldWidget(),
    )
    destination = forms.ChoiceField(
        label=gettext_lazy("To"), choices=Refund.Destination.choices, widget=UnfoldAdminSelectWidget()
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, payment: Payment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = gettext_lazy("What we say to the household")
        self.payment = payment
        self.fields["amount"].currency = payment.currency  # type: ignore[attr-defined]
        for line in refundable_lines(payment):
            words: str | Promise = gettext_lazy("Pieces, of %(count)d that cost %(total)s")
            self.fields[f"{LINE}{line.line_id}"] = forms.IntegerField(
                label=line.label,
                required=False,
                min_value=0,
                max_value=line.quantity,
                help_text=words % {"count": line.quantity, "total": line.paid.format()},
                widget=UnfoldAdminIntegerFieldWidget(attrs={"inputmode": "numeric"}),
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        if data.get("amount") is not None and any(data.get(name) for name in data if name.startswith(LINE)):
            self.add_error("amount", _("Choose lines or an amount, not both."))
            return data
        try:
            preview = preview_refund(self.payment.pk, wish_of(data))
        except DomainError as refusal:
            self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal.message))
            return data
        if data.get("seen") != preview.amount.minor:
            self.data = {**{name: self.data.get(name) for name in self.data}, "seen": str(preview.amount.minor)}
            facts = {"amount": preview.amount.format(), "left": preview.left_after.format()}
            told = _("This pays back %(amount)s; %(left)s is left then. Press the button again to do it.") % facts
            self.add_error(None, told)
        return data


def wish_of(data: Mapping[str, Any]) -> Wish:
    """What a form whose fields are right asks for."""
    lines = {int(name.removeprefix(LINE)): count for name, count in data.items() if name.startswith(LINE) and count}
    return Wish(data["reason"], lines or None, None if lines else data.get("amount"), data["destination"])


class WayForm(ReasonForm):
    """Where money goes that can't go back the way it came."""

    destination = forms.ChoiceField(label=gettext_lazy("To"), choices=(), widget=UnfoldAdminSelectWidget())
    reference = forms.CharField(
        label=gettext_lazy("The bank’s reference"),
        required=False,
        max_length=120,
        help_text=gettext_lazy("Of what was paid out by hand."),
        widget=UnfoldAdminTextInputWidget(),
    )
    field_order = ("destination", "reference", "reason")

    def __init__(self, *args: Any, may_pay_out: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        to = RefundMovement.Destination
        ways = [to.WALLET, to.HAND] if may_pay_out else [to.WALLET]
        self.fields["destination"].choices = [(way.value, way.label) for way in ways]  # type: ignore[attr-defined]
        if not may_pay_out:
            del self.fields["reference"]


class MovementRows(Rows):
    """Each try to move the money."""

    model = RefundMovement
    fields = ("key", "destination", "status", "gateway_reference", "trouble", "reason", "who", "tries")
    readonly_fields = fields
    ordering = ("pk",)

    @display(description=gettext_lazy("what happened"))
    def trouble(self, movement: RefundMovement) -> str:
        return trouble_words(movement.failure_code) or "–"

    @display(description=gettext_lazy("who"))
    def who(self, movement: RefundMovement) -> str:
        """Nobody where the rule sent it."""
        return names_of([movement.actor])[movement.actor] if movement.actor else "–"

    @display(description=gettext_lazy("tries"))
    def tries(self, movement: RefundMovement) -> str:
        """Nothing is tried at a gateway where the money goes by hand or into the wallet."""
        is_asked = movement.destination == RefundMovement.Destination.SOURCE
        return str(movement.attempts) if is_asked else "–"


class MoneyFilter(RadioFilter):
    title = gettext_lazy("money")
    parameter_name = "money"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [("STUCK", gettext_lazy("Failed, to be sent another way"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Refund]) -> QuerySet[Refund]:
        return queryset.filter(pk__in=stuck_refunds().values("pk")) if self.value() == "STUCK" else queryset


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    """What was decided to go back, and how far its money is."""

    list_display = (
        "payment_link",
        "amount",
        "kind",
        "why",
        "destination",
        "moved",
        "who",
        when("decided_at", gettext_lazy("decided"), region="payment.order.region"),
    )
    list_select_related = ("payment__order__region",)
    list_filter = (MoneyFilter, choices("kind"), choices("destination"), instants("decided_at"))
    search_fields = ("payment__order__number", "reason", "=key")
    search_help_text = gettext_lazy("Order number or reason")
    fields = (
        ("payment", "kind"),
        ("amount", "destination", "money"),
        "why",
        "pieces",
        ("who", "decided_at"),
        "key",
    )
    readonly_fields = ("money", "why", "pieces", "who")
    inlines = (MovementRows,)
    actions_detail = ("try_again", "reroute")

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Money that has gone back goes nowhere any more."""
        buttons: list[Any] = super().get_actions_detail(request, object_id)
        is_done = RefundMovement.objects.filter(refund_id=object_id, status=RefundMovement.Status.DONE).exists()
        return [] if is_done else buttons

    def has_operate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever may pay back may try it once more."""
        return request.user.has_perm("payments.change_payment")

    @action(description=gettext_lazy("Try again"), permissions=["operate"], url_path="again", icon="refresh")
    def try_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        refund: Refund = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            try_refund_again(refund.pk, by=actor_of(request))
            return _("%(amount)s goes back.") % {"amount": refund.amount.format()}

        question = Question(
            title=_("Move the money once more?"),
            intro=_("Where it is on its way, or has arrived, nothing happens."),
            submit=_("Try again"),
            facts=[
                (_("Amount"), refund.amount),
                (_("Reason"), refund_words(refund)),
                (_("Money"), self.moved(refund)[1]),
            ],
            perform=perform,
        )
        return ask(self, request, refund, question)

    @action(
        description=gettext_lazy("Send it another way"), permissions=["operate"], url_path="reroute", icon="alt_route"
    )
    def reroute(self, request: HttpRequest, object_id: str) -> HttpResponse:
        refund: Refund = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            way = Way(answer["destination"], answer["reason"], answer.get("reference", ""))
            movement = reroute_refund(refund.pk, way, by=actor_of(request))
            told = {"amount": refund.amount.format(), "to": movement.get_destination_display()}
            return _("%(amount)s: %(to)s.") % told

        question = Question(
            title=_("Send the money another way?"),
            intro=_(
                "Only what did not go back can be sent another way. Where the gateway has not said so, it is asked now."
            ),
            submit=_("Send it this way"),
            form=partial(WayForm, may_pay_out=request.user.has_perm("payments.pay_out_ledgeraccount")),
            facts=[
                (_("Amount"), refund.amount),
                (_("Reason"), refund_words(refund)),
                (_("Money"), self.moved(refund)[1]),
            ],
            perform=perform,
        )
        return ask(self, request, refund, question)

    def _facts(self, refund: Refund) -> list[tuple[str, Any]]:
        money = self.moved(refund)[1]
        return [(_("Amount"), refund.amount), (_("Reason"), refund_words(refund)), (_("Money"), money)]

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).prefetch_related("movements")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With the names of whoever decided, in one query."""
        page = super().get_changelist_instance(request)
        names = names_of(refund.actor for refund in page.result_list)
        for refund in page.result_list:
            refund.who = names[refund.actor]
        return page

    @display(description=gettext_lazy("who"))
    def who(self, refund: Refund) -> str:
        return getattr(refund, "who", "") or names_of([refund.actor])[refund.actor]

    @display(description=gettext_lazy("reason"))
    def why(self, refund: Refund) -> str:
        return refund_words(refund)

    @display(description=gettext_lazy("pieces"))
    def pieces(self, refund: Refund) -> str:
        """What of the order it is for."""
        counts = {part["line"]: part["quantity"] for part in refund.lines}
        lines = OrderLine.objects.filter(pk__in=counts)
        return ", ".join(f"{counts[line.pk]} × {line.name} {line.pack}" for line in lines) or "–"

    @display(description=gettext_lazy("payment"))
    def payment_link(self, refund: Refund) -> str:
        order = refund.payment.order
        return str(order.number) if order is not None else str(refund.payment)

    @display(description=gettext_lazy("money"))
    def money(self, refund: Refund) -> str:
        return self.moved(refund)[1]

    @display(description=gettext_lazy("money"), label=COLOURS)
    def moved(self, refund: Refund) -> tuple[str, str]:
        moves = sorted(refund.movements.all(), key=lambda movement: movement.pk)
        if not moves:
            return "", "–"
        return moves[-1].status, moves[-1].get_status_display()
