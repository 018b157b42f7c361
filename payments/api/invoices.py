"""Invoices and credit notes as files."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from milkdelivery.core.api.throttles import Changes
from orders.api.access import HEADERS_READ, OrderSeers, order_for
from payments.queries import credit_note_of, invoice_of
from payments.views.invoices import pdf_response


class Pdf(BaseRenderer):
    """For apps that ask for a PDF by `Accept`. The views answer with the file itself."""

    media_type = "application/pdf"
    format = "pdf"
    charset = None
    render_style = "binary"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> Any:
        return data


FILE = {(200, "application/pdf"): OpenApiTypes.BINARY}


class InvoiceFile(APIView):
    """The invoice of an order."""

    permission_classes = [OrderSeers]
    throttle_classes = [Changes]
    renderer_classes = [JSONRenderer, Pdf]
    headers_read = HEADERS_READ

    @extend_schema(
        operation_id="orders_invoice",
        responses={**FILE, 409: OpenApiResponse(description="Not delivered yet: `no_invoice_yet`.")},
    )
    def get(self, request: Request, number: str) -> HttpResponse:
        """As PDF, from the delivery on. One's own; anybody's for staff."""
        return pdf_response(invoice_of(order_for(request, number)))


class CreditNoteFile(APIView):
    """A credit note of an order."""

    permission_classes = [OrderSeers]
    throttle_classes = [Changes]
    renderer_classes = [JSONRenderer, Pdf]
    headers_read = HEADERS_READ

    @extend_schema(operation_id="orders_credit_note", responses=FILE)
    def get(self, request: Request, number: str, pk: int) -> HttpResponse:
        """As PDF: what of the invoice a refund took off."""
        return pdf_response(credit_note_of(order_for(request, number), pk))
