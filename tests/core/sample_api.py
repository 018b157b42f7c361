"""A small API for tests of what all views share: it fails in every way, and counts what it did."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, ValidationError
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import include, path
from drf_spectacular.utils import extend_schema
from psycopg import errors as pg
from rest_framework import serializers
from rest_framework.exceptions import Throttled
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from milkdelivery.core import error_pages
from milkdelivery.core.api import CursorPagination, MoneyField, idempotent
from milkdelivery.core.errors import DomainError
from milkdelivery.core.idempotency import submit_once
from milkdelivery.core.models import Event
from milkdelivery.core.money import Money

handler400 = error_pages.bad_request
handler403 = error_pages.permission_denied
handler404 = error_pages.page_not_found
handler500 = error_pages.server_error


class SoldOut(DomainError):
    code = "sold_out"


def caused_by(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


FAILURES: dict[str, Callable[[], Exception]] = {
    "domain": lambda: SoldOut("No milk left", field="lines.0.quantity", left=2, price=Money(5200, "INR")),
    "missing": Http404,
    "denied": PermissionDenied,
    "invalid": lambda: ValidationError({"name": ["Too long."], "__all__": ["Not on Sundays."]}),
    "locked": lambda: caused_by(OperationalError(), pg.LockNotAvailable()),
    "deadlock": lambda: caused_by(OperationalError(), pg.DeadlockDetected()),
    "slow": lambda: caused_by(OperationalError(), pg.QueryCanceled()),
    "away": OperationalError,
    "closed": InterfaceError,
    "range": DataError,
    "row": Event.DoesNotExist,
    "odd": lambda: SuspiciousOperation("secret details"),
    "big": RequestDataTooBig,
    "throttled": lambda: Throttled(wait=7),
    "bug": lambda: ZeroDivisionError("secret details"),
}


class FailView(APIView):
    permission_classes = [AllowAny]

    def get(self, request: Request, kind: str) -> Response:
        error = FAILURES[kind]()
        raise error


class MemberView(APIView):
    permission_classes = [IsAuthenticated]

    def get(self, request: Request) -> Response:
        return Response({})


class LineSerializer(serializers.Serializer):
    quantity = serializers.IntegerField(min_value=1)


class OrderSerializer(serializers.Serializer):
    note = serializers.CharField(max_length=20, required=False)
    price = MoneyField(required=False)
    lines = LineSerializer(many=True, required=False)


class EchoView(APIView):
    permission_classes = [AllowAny]

    @extend_schema(request=OrderSerializer, responses=OrderSerializer)
    def post(self, request: Request) -> Response:
        body = OrderSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(OrderSerializer(body.validated_data).data)


class EventPageView(APIView):
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        pages = CursorPagination()
        rows = pages.paginate_queryset(Event.objects.all(), request, self)
        return pages.get_paginated_response([row.pk for row in rows])


class Work:
    """What the idempotent views do: counted, and as slow or broken as a test wants."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.done: list[Any] = []
        self.started = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()
        self.failure: Exception | None = None

    def __call__(self, what: Any) -> int:
        self.done.append(what)
        self.started.set()
        self.go_on.wait(10)
        if self.failure:
            raise self.failure
        return len(self.done)


work = Work()


class PayView(APIView):
    permission_classes = [AllowAny]

    @idempotent()
    def post(self, request: Request) -> Response:
        return Response({"payment": work(request.data), "note": "ठंडा"}, status=201, headers={"Location": "/pay/1"})

    @idempotent(required=False)
    def delete(self, request: Request) -> Response:
        work("delete")
        return Response(status=204)


class UnguardedPayView(APIView):
    """The same without the key: what a double tap does then."""

    permission_classes = [AllowAny]

    def post(self, request: Request) -> Response:
        return Response({"payment": work(request.data)}, status=201)


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("home")


def failing_page(request: HttpRequest, kind: str) -> HttpResponse:
    error = FAILURES[kind]()
    raise error


def form_page(request: HttpRequest) -> HttpResponse:
    def place() -> HttpResponse:
        count = work("form")
        return HttpResponse("not yet") if request.POST.get("bad") else HttpResponseRedirect(f"/thanks/{count}/")

    return submit_once(request, operation="form", token=request.POST.get("form_token", ""), work=place, patience=5)


api = [
    path("fail/<str:kind>/", FailView.as_view()),
    path("members/", MemberView.as_view()),
    path("echo/", EchoView.as_view()),
    path("events/", EventPageView.as_view()),
    path("payments/", PayView.as_view()),
    path("unguarded/", UnguardedPayView.as_view()),
]
urlpatterns = [
    path("", page, name="home"),
    path("page/fail/<str:kind>/", failing_page),
    path("form/", form_page),
    path("api/v1/", include(api)),
]
