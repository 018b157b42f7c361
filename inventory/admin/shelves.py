"""Shelves in the back office: what is there, for which days it is promised, and what is done to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import action, display

from inventory import actions
from inventory.admin.forms import (
    AdjustForm,
    CountForm,
    DaysForm,
    ReceiveForm,
    SpoilForm,
    ThresholdForm,
)
from inventory.forms import day_name, facts_of
from inventory.models import Batch, DailySupply, Stock, StockMovement
from inventory.queries.shelves import SOON
from inventory.rules import availability
from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.filters import related
from milkdelivery.backoffice.forms import ReasonForm
from milkdelivery.backoffice.frame import list_url
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.backoffice.words import names_of
from milkdelivery.core import clock
from milkdelivery.core.rules import HORIZON_DAYS
from milkdelivery.core.web import actor_of

LAST_MOVEMENTS = 25


class LevelFilter(RadioFilter):
    title = gettext_lazy("level")
    parameter_name = "level"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [
            ("LOW", gettext_lazy("Low or out")),
            ("OUT", gettext_lazy("Out")),
            ("PROMISED", gettext_lazy("Promised to orders")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Stock]) -> QuerySet[Stock]:
        stocks = queryset.annotate(left=F("on_hand") - F("reserved"))
        match self.value():
            case "LOW":
                low = stocks.filter(left__lt=F("low_threshold"))
                return low.filter(vendor__is_active=True, variant__is_active=True)  # of others nobody orders more
            case "OUT":
                return stocks.filter(left__lte=0)
            case "PROMISED":
                return stocks.filter(reserved__gt=0)
        return queryset


@admin.register(Stock)
class StockAdmin(ReadOnlyAdmin):
    change_form_template = "admin/inventory/stock/change_form.html"
    list_display = ("pack", "vendor", "on_hand", "reserved", "shown_available", "level", "low_threshold")
    list_select_related = ("vendor", "variant__product")
    list_filter = (LevelFilter, related("vendor"), related("variant__product__category"))
    search_fields = ("vendor__name", "variant__sku", "variant__product__name", "variant__name")
    search_help_text = gettext_lazy("Product, SKU or dairy")
    actions_detail = (
        "receive",
        "count",
        "adjust",
        "spoil",
        "plan",
        {"title": gettext_lazy("More"), "icon": "more_horiz", "items": ["threshold", "settle"]},
    )
    fields = (("pack", "vendor"), ("on_hand", "reserved", "shown_available"), ("batched", "low_threshold"))

    @display(description=gettext_lazy("pack"), ordering="variant__product__name")
    def pack(self, stock: Stock) -> str:
        return f"{stock.variant.product} {stock.variant.name}"

    @display(description=gettext_lazy("available"), ordering=F("on_hand") - F("reserved"))
    def shown_available(self, stock: Stock) -> int:
        return stock.available

    @display(description=gettext_lazy("level"), label={"IN_STOCK": "success", "LOW": "warning", "OUT": "danger"})
    def level(self, stock: Stock) -> tuple[str, str]:
        names = {"IN_STOCK": _("In stock"), "LOW": _("Low"), "OUT": _("Out")}
        state = availability(stock.available, stock.low_threshold)
        return state, names[state]

    def get_readonly_fields(self, request: HttpRequest, obj: Stock | None = None) -> tuple[str, ...]:
        return ("pack", "vendor", "on_hand", "reserved", "shown_available", "batched", "low_threshold")

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        stock: Stock | None = kwargs.get("obj")
        if stock is not None:
            context.update(_page_of(stock))
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    @action(description=gettext_lazy("Receive"), permissions=["operate"], url_path="receive", icon="add_box")
    def receive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def perform(key: dict[str, Any], answer: dict[str, Any]) -> Stock:
            receive = actions.receive_spoiled if answer["is_spoiled"] else actions.receive
            return receive(**key, quantity=answer["quantity"], reason=answer["reason"], batch=facts_of(answer))

        return self._ask(request, object_id, _("Goods came in"), _("Receive"), ReceiveForm, perform)

    @action(description=gettext_lazy("Adjust"), permissions=["operate"], url_path="adjust", icon="exposure")
    def adjust(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def perform(key: dict[str, Any], answer: dict[str, Any]) -> Stock:
            return actions.adjust(
                **key, change=answer["quantity"], reason=answer["reason"], batch_id=answer.get("batch")
            )

        return self._ask(request, object_id, _("Add or take away"), _("Adjust"), AdjustForm, perform)

    @action(description=gettext_lazy("Set to a count"), permissions=["operate"], url_path="count", icon="fact_check")
    def count(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def perform(key: dict[str, Any], answer: dict[str, Any]) -> Stock:
            return actions.set_on_hand(
                **key,
                quantity=answer["quantity"],
                reason=answer["reason"],
                batch_id=answer.get("batch"),
                seen=answer["seen"],
            )

        return self._ask(request, object_id, _("The shelf was counted"), _("Set"), CountForm, perform)

    @action(description=gettext_lazy("Throw away"), permissions=["operate"], url_path="spoil", icon="delete_sweep")
    def spoil(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def perform(key: dict[str, Any], answer: dict[str, Any]) -> Stock:
            return actions.spoil(
                **key, quantity=answer["quantity"], reason=answer["reason"], batch_id=answer.get("batch")
            )

        return self._ask(
            request, object_id, _("Goods have gone bad"), _("Throw away"), SpoilForm, perform, is_dangerous=True
        )

    @action(description=gettext_lazy("Coming days"), permissions=["operate"], url_path="plan", icon="calendar_month")
    def plan(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """How much the dairy can bring on each of the days that can be ordered for."""
        stock = self.record(request, object_id)
        today = clock.today(stock.vendor.region)
        coming = [today + timedelta(days=ahead) for ahead in range(HORIZON_DAYS + 1)]
        supplies = {supply.date: supply for supply in DailySupply.objects.filter(stock=stock, date__in=coming)}
        form = partial(DaysForm, days=coming, supplies=supplies)

        def perform(answer: dict[str, Any]) -> str:
            received = {day for day, supply in supplies.items() if supply.received_at is not None}
            wishes = {day: answer[day_name(day)] for day in coming if day not in received}
            changed = actions.plan_days(
                vendor_id=stock.vendor_id, variant_id=stock.variant_id, wishes=wishes, by=actor_of(request)
            )
            return ngettext("%(count)d day changed.", "%(count)d days changed.", changed) % {"count": changed}

        question = Question(
            _("What the dairy can bring"),
            _("Save"),
            perform,
            form=form,
            intro=_(
                "Milk for a day with a number is sold against it, and stands on the shelf once you receive it. "
                "A day left empty is sold from the shelf."
            ),
            facts=self._facts(stock),
        )
        return ask(self, request, stock, question)

    @action(description=gettext_lazy("Low below"), permissions=["operate"], url_path="threshold", icon="notifications")
    def threshold(self, request: HttpRequest, object_id: str) -> HttpResponse:
        stock = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            key = {"vendor_id": stock.vendor_id, "variant_id": stock.variant_id}
            after = actions.set_low_threshold(**key, threshold=answer["threshold"], by=actor_of(request))
            return _("Low below %(count)d now.") % {"count": after.low_threshold}

        question = Question(
            _("When it counts as low"),
            _("Save"),
            perform,
            form=ThresholdForm,
            initial={"threshold": stock.low_threshold},
            facts=self._facts(stock),
        )
        return ask(self, request, stock, question)

    @action(description=gettext_lazy("Settle the log"), permissions=["operate"], url_path="settle", icon="balance")
    def settle(self, request: HttpRequest, object_id: str) -> HttpResponse:
        stock = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            actions.settle(
                vendor_id=stock.vendor_id, variant_id=stock.variant_id, reason=answer["reason"], by=actor_of(request)
            )
            return _("The log agrees with the shelf's rows. Count the shelf next.")

        question = Question(
            _("Bring the log to the rows"),
            _("Settle"),
            perform,
            form=ReasonForm,
            intro=_("After a recount that found a difference: movements with your reason explain it."),
            facts=self._facts(stock),
            is_dangerous=True,
        )
        return ask(self, request, stock, question)

    def _ask(
        self,
        request: HttpRequest,
        object_id: str,
        title: str,
        submit: str,
        form: Callable[..., forms.Form],
        perform: Callable[[dict[str, Any], dict[str, Any]], Stock],
        *,
        is_dangerous: bool = False,
    ) -> HttpResponse:
        stock = self.record(request, object_id)
        key = {"vendor_id": stock.vendor_id, "variant_id": stock.variant_id, "by": actor_of(request)}

        def done(answer: dict[str, Any]) -> str:
            after = perform(key, answer)
            return _("%(count)d on hand now, %(left)d of them free.") % {
                "count": after.on_hand,
                "left": after.available,
            }

        question = Question(
            title,
            submit,
            done,
            form=partial(form, stock=stock),
            facts=self._facts(stock),
            is_dangerous=is_dangerous,
        )
        return ask(self, request, stock, question)

    def _facts(self, stock: Stock) -> list[tuple[str, Any]]:
        return [
            (_("Pack"), self.pack(stock)),
            (_("Dairy"), stock.vendor),
            (_("On hand"), stock.on_hand),
            (_("Promised to orders"), stock.reserved),
            (pgettext("pieces", "Free"), stock.available),
        ]


def _page_of(stock: Stock) -> dict[str, Any]:
    """What a shelf's page shows below its figures. A constant number of queries."""
    today = clock.today(stock.vendor.region)
    movements = list(stock.movements.select_related("batch").order_by("-id")[:LAST_MOVEMENTS])
    names = names_of(movement.actor for movement in movements)
    promises = dict(stock.promises.filter(quantity__gt=0).values_list("delivery_date", "quantity"))
    supplies = {supply.date: supply for supply in DailySupply.objects.filter(stock=stock, date__gte=today)}
    return {
        "movements": [(movement, names[movement.actor]) for movement in movements],
        "movements_url": list_url(StockMovement, stock__id__exact=stock.pk),
        "batches": list(Batch.objects.there().filter(stock=stock)),
        "batches_url": list_url(Batch, stock__id__exact=stock.pk),
        "days": [(day, promises.get(day, 0), supplies.get(day), day < today) for day in sorted({*promises, *supplies})],
        "today": today,
        "soon": today + SOON,
    }
