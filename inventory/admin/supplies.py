"""What the dairies can bring on the coming days, in the back office."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import Case, F, IntegerField, QuerySet, When
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import action, display

from inventory import actions
from inventory.admin.forms import SupplyForm, SupplyInForm
from inventory.forms import facts_of
from inventory.models import DailySupply, SupplyPromise
from milkdelivery.backoffice.base import ReadOnlyAdmin, Rows
from milkdelivery.backoffice.filters import days, related
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.core import clock
from milkdelivery.core.web import actor_of


class WhenFilter(RadioFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [
            ("COMING", gettext_lazy("Still to come")),
            ("LATE", gettext_lazy("Its day has come, not received")),
            ("RECEIVED", gettext_lazy("Received")),
            ("SHORT", gettext_lazy("Less came than was promised")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DailySupply]) -> QuerySet[DailySupply]:
        today = clock.now().date()
        match self.value():
            case "COMING":
                return queryset.filter(received_at=None, date__gte=today)
            case "LATE":
                return queryset.filter(received_at=None, date__lte=today)
            case "RECEIVED":
                return queryset.exclude(received_at=None)
            case "SHORT":
                return queryset.filter(received_quantity__lt=F("promised"))
        return queryset


class Promises(Rows):
    model = SupplyPromise
    fields = ("order", "quantity", "got")
    readonly_fields = fields
    verbose_name_plural = gettext_lazy("Promised to")

    @display(description=gettext_lazy("order"))
    def order(self, promise: SupplyPromise) -> str:
        url = reverse("admin:orders_order_changelist")
        return format_html('<a href="{}?q={}">{}</a>', url, promise.reference, promise.reference)


@admin.register(DailySupply)
class DailySupplyAdmin(ReadOnlyAdmin):
    list_display = ("date", "pack", "vendor", "quantity", "promised", "shown_left", "state")
    list_select_related = ("stock__vendor__region", "stock__variant__product")
    list_filter = (WhenFilter, days("date"), related("stock__vendor"))
    search_fields = ("stock__variant__sku", "stock__variant__product__name", "stock__vendor__name")
    search_help_text = gettext_lazy("Product, SKU or dairy")
    inlines = (Promises,)
    actions_detail = ("come_in", "change_quantity", "drop")
    fields = (("date", "shelf"), ("quantity", "promised", "shown_left"), "state_in_words", "received_quantity")
    readonly_fields = ("shelf", "shown_left", "state_in_words")

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """What comes next stands first, what has been comes last."""
        has_been = Case(When(date__lt=clock.now().date(), then=1), default=0, output_field=IntegerField())
        return [has_been.asc(), "date", "stock"]

    @display(description=gettext_lazy("pack"))
    def pack(self, supply: DailySupply) -> str:
        return f"{supply.stock.variant.product} {supply.stock.variant.name}"

    @display(description=gettext_lazy("dairy"), ordering="stock__vendor__name")
    def vendor(self, supply: DailySupply) -> str:
        return str(supply.stock.vendor)

    @display(description=gettext_lazy("shelf"))
    def shelf(self, supply: DailySupply) -> str:
        url = reverse("admin:inventory_stock_change", args=(supply.stock_id,))
        return format_html('<a href="{}">{}: {}</a>', url, supply.stock.vendor, self.pack(supply))

    @display(description=gettext_lazy("left"), ordering=F("quantity") - F("promised"))
    def shown_left(self, supply: DailySupply) -> int:
        return supply.left

    @display(
        description=gettext_lazy("state"),
        label={"COMING": "info", "LATE": "warning", "SOLD_OUT": "success", "RECEIVED": "success", "SHORT": "danger"},
    )
    def state(self, supply: DailySupply) -> tuple[str, str]:
        if supply.received_quantity is not None:
            if supply.received_quantity < supply.promised:
                return "SHORT", _("%(count)d came, less than promised") % {"count": supply.received_quantity}
            return "RECEIVED", _("%(count)d came") % {"count": supply.received_quantity}
        if supply.date <= clock.today(supply.stock.vendor.region):
            return "LATE", _("Not received yet")
        return ("SOLD_OUT", _("All promised")) if not supply.left else ("COMING", _("To come"))

    @display(description=gettext_lazy("state"))
    def state_in_words(self, supply: DailySupply) -> str:
        return self.state(supply)[1]

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """None once it came in: then it is history."""
        is_open = DailySupply.objects.open().filter(pk=object_id).exists()
        return super().get_actions_detail(request, object_id) if is_open else []

    @action(description=gettext_lazy("Receive"), permissions=["operate"], url_path="receive", icon="add_box")
    def come_in(self, request: HttpRequest, object_id: str) -> HttpResponse:
        supply = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            after = actions.receive_supply(
                **_key(supply),
                quantity=answer["quantity"],
                batch=facts_of(answer),
                reason=answer["reason"],
                by=actor_of(request),
            )
            missing = after.promised - answer["quantity"]
            if missing > 0:
                return _(
                    "%(count)d came in, %(missing)d less than promised. What the shelf could not give is short."
                ) % {
                    "count": answer["quantity"],
                    "missing": missing,
                }
            return _("%(count)d came in; all promises are reserved on the shelf.") % {"count": answer["quantity"]}

        produced = supply.date - timedelta(days=1)
        initial = {"quantity": supply.quantity, "produced_on": min(produced, clock.today(supply.stock.vendor.region))}
        form = partial(SupplyInForm, stock=supply.stock)
        question = Question(
            _("The milk came in"), _("Receive"), perform, form=form, initial=initial, facts=self._facts(supply)
        )
        return ask(self, request, supply, question)

    @action(description=gettext_lazy("Change"), permissions=["operate"], url_path="quantity", icon="edit")
    def change_quantity(self, request: HttpRequest, object_id: str) -> HttpResponse:
        supply = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            after = actions.plan_supply(**_key(supply), quantity=answer["quantity"], by=actor_of(request))
            text = ngettext(
                "%(count)d piece, %(left)d of it free.", "%(count)d pieces, %(left)d of them free.", after.quantity
            )
            return text % {"count": after.quantity, "left": after.left}

        question = Question(
            _("How much there will be"),
            _("Save"),
            perform,
            form=SupplyForm,
            initial={"quantity": supply.quantity},
            facts=self._facts(supply),
        )
        return ask(self, request, supply, question)

    @action(description=gettext_lazy("Take back"), permissions=["operate"], url_path="drop", icon="event_busy")
    def drop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        supply = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            actions.drop_supply(**_key(supply), by=actor_of(request))
            return _("The day is sold from the shelf again.")

        question = Question(
            _("Say nothing of this day"),
            _("Take back"),
            perform,
            intro=_("Its milk is then sold from what stands on the shelf."),
            facts=self._facts(supply),
            is_dangerous=True,
        )
        return ask(self, request, supply, question, back=reverse("admin:inventory_dailysupply_changelist"))

    def _facts(self, supply: DailySupply) -> list[tuple[str, Any]]:
        return [
            (_("Day"), date_format(supply.date, "l, j F")),
            (_("Pack"), self.pack(supply)),
            (_("Dairy"), supply.stock.vendor),
            (pgettext("pieces", "Planned"), supply.quantity),
            (_("Promised to orders"), supply.promised),
        ]


def _key(supply: DailySupply) -> dict[str, Any]:
    return {"vendor_id": supply.stock.vendor_id, "variant_id": supply.stock.variant_id, "on": supply.date}
