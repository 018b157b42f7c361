"""Holding an order, and deciding about a held one: the buttons of its page, and many at once from the list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action
from unfold.enums import ActionVariant

from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.forms import ReasonForm
from milkdelivery.backoffice.pages import Effect, Question, ask, ask_about_many
from milkdelivery.core import clock
from milkdelivery.core import rules as time_rules
from milkdelivery.core.errors import DomainError
from milkdelivery.core.web import actor_of
from orders import actions
from orders.models import Hold, Order
from orders.queries import open_hold_of
from orders.rules.fraud import read_findings
from orders.rules.holding import HOLDABLE, ensure_held, ensure_holdable, ensure_in_time

WHY_MANY = 3
"""Findings of a hold that a row of a list tells."""


class HoldingActions(ReadOnlyAdmin):
    """What staff do about holds. A part of the order's admin."""

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Holding, or deciding, by the order's status."""
        status = Order.objects.filter(pk=object_id).values_list("status", flat=True).first()
        unwanted = set()
        if status not in HOLDABLE:
            unwanted.add("hold")
        if status != Order.Status.ON_HOLD:
            unwanted |= {"approve", "reject"}
        buttons: list[Any] = super().get_actions_detail(request, object_id)
        return [button for button in buttons if button.path not in unwanted]

    @action(description=gettext_lazy("Hold"), permissions=["operate"], url_path="hold", icon="pause_circle")
    def hold(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order: Order = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            actions.hold_order(order.pk, by=actor_of(request), reason=answer["reason"])
            return _("Order %(number)s is on hold.") % {"number": order.number}

        question = Question(
            title=_("Hold order %(number)s?") % {"number": order.number},
            intro=_(
                "It keeps its stock, and nothing goes on until it is approved or rejected. Undecided, it is cancelled "
                "at the cut-off. The household hears that we are looking at it, not why."
            ),
            submit=_("Hold"),
            form=ReasonForm,
            facts=_facts(order),
            perform=perform,
        )
        return ask(self, request, order, question)

    @action(
        description=gettext_lazy("Approve"),
        permissions=["operate"],
        url_path="approve",
        icon="check_circle",
        variant=ActionVariant.PRIMARY,
    )
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order: Order = self.record(request, object_id)

        def perform(_answer: dict[str, Any]) -> str:
            actions.approve_order(order.pk, by=actor_of(request))
            return _("Order %(number)s goes on.") % {"number": order.number}

        question = Question(
            title=_("Approve order %(number)s?") % {"number": order.number},
            intro=_("It goes on where it stood: it is paid and confirmed next, or packed where it was confirmed."),
            submit=_("Approve"),
            facts=_facts(order),
            perform=perform,
        )
        return ask(self, request, order, question)

    @action(
        description=gettext_lazy("Reject"),
        permissions=["operate"],
        url_path="reject",
        icon="block",
        variant=ActionVariant.DANGER,
    )
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order: Order = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            actions.reject_order(order.pk, by=actor_of(request), reason=answer["reason"])
            return _("Order %(number)s is rejected.") % {"number": order.number}

        question = Question(
            title=_("Reject order %(number)s?") % {"number": order.number},
            intro=_(
                "It is cancelled: stock and the dairies' day are given back, and what was paid goes back. The "
                "household hears that we could not accept it; the reason is for staff."
            ),
            submit=_("Reject"),
            form=ReasonForm,
            is_dangerous=True,
            facts=_facts(order),
            perform=perform,
        )
        return ask(self, request, order, question)

    @admin.action(description=gettext_lazy("Hold"), permissions=["operate"])
    def hold_selected(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        return ask_about_many(
            self,
            request,
            queryset.select_related("customer", "slot", "region").order_by("pk"),
            action="hold_selected",
            title=_("Hold orders"),
            intro=_("They keep their stock and wait for a decision. Undecided, each is cancelled at its cut-off."),
            submit=_("Hold"),
            form=ReasonForm,
            preview=holding_effect,
            perform=lambda order, answer: actions.hold_order(order.pk, by=actor_of(request), reason=answer["reason"]),
            done=lambda count: (
                ngettext("%(count)d order is on hold.", "%(count)d orders are on hold.", count) % {"count": count}
            ),
        )

    @admin.action(description=gettext_lazy("Approve"), permissions=["operate"])
    def approve_selected(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        holds = Prefetch("holds", Hold.objects.open(), to_attr="waiting")
        return ask_about_many(
            self,
            request,
            queryset.select_related("customer", "slot", "region").prefetch_related(holds).order_by("pk"),
            action="approve_selected",
            title=_("Approve orders"),
            submit=_("Approve"),
            preview=approving_effect,
            perform=lambda order: actions.approve_order(order.pk, by=actor_of(request)),
            done=lambda count: (
                ngettext("%(count)d order goes on.", "%(count)d orders go on.", count) % {"count": count}
            ),
        )


def holding_effect(order: Order) -> Effect:
    """What holding will do to an order, read with its slot and region."""
    facts = [str(order.customer), order.grand_total.format(), order.get_status_display()]
    if order.status == Order.Status.ON_HOLD:
        return Effect(order, facts, _("On hold already."))
    cutoff = time_rules.cutoff_at(order.slot, order.delivery_date, order.region.time_zone)
    try:
        ensure_holdable(order.status, number=order.number, cutoff_at=cutoff, now=clock.now())
    except DomainError as refusal:
        return Effect(order, facts, str(refusal))
    return Effect(order, facts)


def approving_effect(order: Any) -> Effect:
    """What approving will do to an order; its open hold was read as `waiting`."""
    facts = [str(order.customer), order.grand_total.format()]
    hold: Hold | None = next(iter(order.waiting), None)
    try:
        ensure_held(order.status, number=order.number)
        if hold is not None:
            ensure_in_time(hold.keep_until, number=order.number, now=clock.now())
    except DomainError as refusal:
        return Effect(order, facts, str(refusal.message))
    return Effect(order, [*facts, *why_held(hold)])


def why_held(hold: Hold | None) -> Sequence[str]:
    """Why an order waits, in words: of staff, or of the rules."""
    if hold is None:
        return ()
    found = [finding.words for finding in read_findings(hold.findings)[:WHY_MANY]]
    return [hold.reason, *found] if hold.reason else found


def decide_until(hold: Hold, order: Order) -> str:
    """In the time of the order's region."""
    return date_format(timezone.localtime(hold.keep_until, ZoneInfo(order.region.time_zone)), "j M, H:i")


def _facts(order: Order) -> list[tuple[str, Any]]:
    facts: list[tuple[str, Any]] = [
        (_("Customer"), order.customer),
        (_("Delivery"), f"{date_format(order.delivery_date, 'l j F')} · {order.slot.get_code_display()}"),
        (_("Total"), order.grand_total),
        (_("Status"), order.get_status_display()),
    ]
    hold = open_hold_of(order)
    if hold is not None:
        facts += [(hold.get_kind_display(), why) for why in why_held(hold)]
        facts.append((_("Decide until"), decide_until(hold, order)))
    return facts
