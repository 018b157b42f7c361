"""Invoices and credit notes in the back office: to read, to print, as a file; and who issues them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from inventory.rules.files import guarded
from milkdelivery.backoffice.base import ActionAdmin, ReadOnlyAdmin
from milkdelivery.backoffice.filters import choices, days, related
from milkdelivery.core.actors import Actor
from milkdelivery.core.money import Money
from payments.actions import save_seller
from payments.models import Invoice, Seller
from payments.views.invoices import pdf_response
from payments.views.statement import MARK

HEADS = ("CGST", "SGST", "UTGST", "IGST")


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = ("number", "shown_kind", "issued_on", "order_link", "buyer", "shown_tax", "shown_total")
    list_filter = (choices("kind"), "year", related("region"), days("issued_on"))
    search_fields = ("=number", "order__number")
    search_help_text = gettext_lazy("Number of the invoice or the order")
    list_select_related = ("order",)
    ordering = ("-id",)
    actions = ("register_file",)
    actions_detail = ("download",)
    fields = (
        ("number", "kind"),
        ("issued_on", "year"),
        ("order_link", "buyer"),
        ("shown_tax", "shown_total"),
    )
    readonly_fields = ("order_link", "buyer", "shown_tax", "shown_total")

    @display(description=gettext_lazy("kind"), ordering="kind", label={"INVOICE": "success", "CREDIT_NOTE": "info"})
    def shown_kind(self, invoice: Invoice) -> tuple[str, str]:
        return invoice.kind, invoice.get_kind_display()

    @display(description=gettext_lazy("order"), ordering="order__id")
    def order_link(self, invoice: Invoice) -> str:
        url = reverse("admin:orders_order_change", args=(invoice.order_id,))
        return format_html('<a href="{}">{}</a>', url, invoice.order.number)

    @display(description=gettext_lazy("customer"))
    def buyer(self, invoice: Invoice) -> str:
        return str(invoice.document["buyer"].get("name", "–"))

    @display(description=gettext_lazy("tax"), ordering="tax")
    def shown_tax(self, invoice: Invoice) -> str:
        return invoice.tax.format()

    @display(description=gettext_lazy("total"), ordering="total")
    def shown_total(self, invoice: Invoice) -> str:
        return invoice.total.format()

    @action(description=gettext_lazy("Print (PDF)"), permissions=["view"], url_path="pdf", icon="print")
    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return pdf_response(self.record(request, object_id))

    @admin.action(description=gettext_lazy("As a file (CSV)"), permissions=["view"])
    def register_file(self, request: HttpRequest, chosen: QuerySet[Invoice]) -> StreamingHttpResponse:
        """The chosen ones as rows, oldest first. Filter by year and choose all for a year's register."""
        response = StreamingHttpResponse(_register(chosen), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="invoices.csv"'
        return response


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _register(chosen: QuerySet[Invoice]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    heads = [_("Number"), _("Date"), _("Kind"), _("Order"), _("Customer"), _("Place of supply"), _("Taxable value")]
    heads += [_("Exempt"), *HEADS, _("Tax"), _("Deposits"), _("Delivery"), _("Total"), _("Currency"), _("Of invoice")]
    yield MARK + str(writer.writerow(heads))
    for invoice in chosen.select_related("order").order_by("pk").iterator(chunk_size=500):
        yield str(writer.writerow(_register_row(invoice)))


def _register_row(invoice: Invoice) -> list[str]:
    """Amounts of a credit note are below zero, so that the columns sum."""
    document = invoice.document
    sign = -1 if invoice.is_note else 1

    def amount(minor: int) -> str:
        return f"{Money(sign * minor, invoice.currency).to_decimal():f}"

    taxes = document["taxes"]
    by_head = {name: sum(share["parts"][i] for share in taxes) for i, name in enumerate(document["heads"])}
    sums = document["sums"]
    return [
        invoice.number,
        invoice.issued_on.isoformat(),
        invoice.kind,
        invoice.order.number,
        guarded(str(document["buyer"].get("name", ""))),
        guarded(document["place_of_supply"]),
        amount(sum(share["taxable"] for share in taxes if share["basis_points"])),
        amount(sum(share["taxable"] for share in taxes if not share["basis_points"])),
        *(amount(by_head.get(head, 0)) for head in HEADS),
        *(amount(sums[part]) for part in ("tax", "deposit", "delivery", "total")),
        invoice.currency,
        document["invoice"]["number"] if invoice.is_note else "",
    ]


@admin.register(Seller)
class SellerAdmin(ActionAdmin):
    list_display = ("region", "name", "tax_number", "food_licence", "invoice_series", "credit_series")
    list_display_links = ("region", "name")
    list_select_related = ("region",)
    fields = (
        "region",
        "name",
        "address",
        ("tax_number", "food_licence"),
        ("invoice_series", "credit_series", "year_starts_in"),
        "invoices_from",
    )

    def write(self, obj: Any, *, by: Actor) -> object:
        return save_seller(obj, by=by)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Who sells somewhere sells there for good; another region has its own seller."""
        return ("region",) if obj is not None else ()
