"""Claims in the back office: what waits, with photo and what the household claimed before; granting and refusing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import choices, flag, instants, related
from milkdelivery.backoffice.forms import LONGEST_REASON, ReasonForm
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.backoffice.words import names_of
from milkdelivery.core.errors import DomainError
from milkdelivery.core.web import actor_of
from orders.actions import reject_claim
from orders.models import Claim
from orders.queries import other_claims
from orders.tokens import photo_address
from payments.actions import approve_claim, grantable, is_paid_back, preview_claim, settle_claim

LINE = "line_"
SETTLE = "settle"
MOST_BEFORE = 10
"""Claims of the same household that the page shows; the list has the rest."""
COLOURS = {
    Claim.Status.OPEN: "warning",
    Claim.Status.APPROVED: "success",
    Claim.Status.REJECTED: None,
    Claim.Status.SETTLED: "info",
}


class GrantForm(forms.Form):
    """How many pieces of each line are granted: all that were not paid back already, unless a number is lowered."""

    reason = forms.CharField(
        label=gettext_lazy("What we say to the household"),
        required=False,
        max_length=LONGEST_REASON,
        help_text=gettext_lazy("Needed where not all of it is granted."),
        widget=UnfoldAdminTextInputWidget(),
    )

    def __init__(self, *args: Any, claim: Claim, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        left = grantable(claim)
        for part in claim.lines.all():
            self.fields[f"{LINE}{part.line_id}"] = forms.IntegerField(
                label=f"{part.line.local_name} {part.line.local_pack}",
                min_value=0,
                max_value=part.quantity,
                initial=left.get(part.line_id, 0),
                help_text=gettext_lazy("Pieces, of %(count)d: %(reason)s")
                % {"count": part.quantity, "reason": part.get_reason_display()},
                widget=UnfoldAdminIntegerFieldWidget(attrs={"inputmode": "numeric"}),
            )
        self.order_fields([*(name for name in self.fields if name.startswith(LINE)), "reason"])


class RefusalForm(ReasonForm):
    """Why nothing goes back."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = gettext_lazy("What we say to the household")


def granted_of(answer: Mapping[str, Any]) -> dict[int, int]:
    """Pieces by line, of a form whose fields are right."""
    return {int(name.removeprefix(LINE)): count for name, count in answer.items() if name.startswith(LINE)}


@admin.register(Claim)
class ClaimAdmin(ReadOnlyAdmin):
    change_form_template = "admin/orders/claim/change_form.html"
    list_display = (
        "order",
        "household",
        "what",
        "amount",
        "shown_status",
        "granted",
        "decided",
        when("opened_at", gettext_lazy("made"), region="order.region"),
    )
    list_filter = (
        choices("status"),
        choices("lines__reason"),
        flag("is_by_rule"),
        related("lines__line__vendor"),
        instants("opened_at"),
    )
    search_fields = ("order__number", "order__customer__name", "order__customer__email", "words")
    search_help_text = gettext_lazy("Order number, person, or words of the claim")
    ordering = ("-id",)
    actions_detail = ("approve", "settle", "refuse")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """A person's page leads to what that person claimed."""
        return lookup == "order__customer__id__exact" or super().lookup_allowed(lookup, value, request)

    def get_queryset(self, request: Any) -> Any:
        return Claim.objects.whole().order_by("-pk")

    @display(description=gettext_lazy("household"))
    def household(self, claim: Claim) -> str:
        return str(claim.order.customer)

    @display(description=gettext_lazy("what"))
    def what(self, claim: Claim) -> str:
        return ", ".join(f"{part} · {part.get_reason_display()}" for part in claim.lines.all())

    @display(description=gettext_lazy("decided"), ordering="is_by_rule")
    def decided(self, claim: Claim) -> str:
        """By whom; nothing while it waits."""
        if claim.is_open:
            return "–"
        return _("By rule") if claim.is_by_rule or claim.decided_by.startswith("system") else _("By a manager")

    @display(description=gettext_lazy("status"), ordering="status", label=COLOURS)
    def shown_status(self, claim: Claim) -> tuple[str, str]:
        return claim.status, claim.get_status_display()

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Nothing is left to decide about a claim that was."""
        claim = Claim.objects.open().filter(pk=object_id).first()
        if claim is None:
            return []
        offered = super().get_actions_detail(request, object_id)
        settles = is_paid_back(claim)
        return [each for each in offered if settles or each.path != SETTLE]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        claim: Claim | None = kwargs.get("obj")
        if claim is not None:
            context.update(claim_page(claim))
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    @action(
        description=gettext_lazy("Grant"),
        permissions=["operate"],
        url_path="approve",
        icon="check_circle",
        variant=ActionVariant.PRIMARY,
    )
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        claim: Claim = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            done = approve_claim(claim.pk, granted=granted_of(answer), reason=answer["reason"], by=actor_of(request))
            return _("%(amount)s goes back.") % {"amount": done.granted.format()}

        question = Question(
            title=_("Grant the claim about order %(number)s?") % {"number": claim.order.number},
            intro=_(
                "Lower a number to grant a part. The money is moved within a minute, and the household is told. No "
                "stock is touched: what came back, if anything, is not sold again."
            ),
            submit=_("Grant"),
            form=partial(GrantForm, claim=claim),
            facts=_facts(claim),
            perform=perform,
        )
        return ask(self, request, claim, question)

    @action(
        description=gettext_lazy("Paid back already"),
        permissions=["operate"],
        url_path=SETTLE,
        icon="done_all",
    )
    def settle(self, request: HttpRequest, object_id: str) -> HttpResponse:
        claim: Claim = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            settle_claim(claim.pk, by=actor_of(request))
            return _("The claim is settled.")

        question = Question(
            title=_("Was the claim about order %(number)s paid back already?") % {"number": claim.order.number},
            intro=_("No more money goes back, and the household reads that it has what it asked for."),
            submit=_("Yes, paid back already"),
            facts=_facts(claim),
            perform=perform,
        )
        return ask(self, request, claim, question)

    @action(
        description=gettext_lazy("Refuse"),
        permissions=["operate"],
        url_path="refuse",
        icon="block",
        variant=ActionVariant.DANGER,
    )
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        claim: Claim = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            reject_claim(claim.pk, reason=answer["reason"], by=actor_of(request))
            return _("The claim is refused.")

        question = Question(
            title=_("Refuse the claim about order %(number)s?") % {"number": claim.order.number},
            intro=_("Nothing goes back, and the household reads your reason. The same pieces can't be claimed again."),
            submit=_("Refuse"),
            form=RefusalForm,
            is_dangerous=True,
            facts=_facts(claim),
            perform=perform,
        )
        return ask(self, request, claim, question)


def claim_page(claim: Claim) -> dict[str, Any]:
    """Everything about a claim that its page shows: a constant number of queries."""
    before = list(other_claims(claim)[: MOST_BEFORE + 1])
    names = names_of([who for each in (claim, *before) for who in (each.actor, each.decided_by) if who])
    return {
        "claim": claim,
        "photo": photo_address(claim),
        "why": claim.why_looked_at,
        "who": names[claim.actor],
        "decider": names.get(claim.decided_by, ""),
        "others": [(each, names.get(each.decided_by, "")) for each in before[:MOST_BEFORE]],
        "has_more": len(before) > MOST_BEFORE,
        "now_worth": _worth(claim),
    }


def _worth(claim: Claim) -> tuple[str, str]:
    """What granting all of an open claim would give back now, or why it can't be."""
    if not claim.is_open:
        return "", ""
    try:
        return preview_claim(claim).format(), ""
    except DomainError as refusal:
        return "", str(refusal.message)


def _facts(claim: Claim) -> list[tuple[str, Any]]:
    worth, refusal = _worth(claim)
    made = timezone.localtime(claim.opened_at, ZoneInfo(claim.order.region.time_zone))
    return [
        (_("Household"), claim.order.customer),
        (_("Made"), date_format(made, "j M, H:i")),
        *((str(part), part.get_reason_display()) for part in claim.lines.all()),
        (_("Granted whole"), worth or refusal),
        (_("Money goes"), claim.get_destination_display()),
    ]
