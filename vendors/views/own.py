"""Who the portal is for: people who work for a dairy, in its time."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from milkdelivery.core.access import role_required
from milkdelivery.core.actors import Role
from vendors.queries import vendor_of

View = Callable[..., HttpResponse]


def for_own_dairy(view: View) -> Callable[..., Any]:
    """Call the view with the dairy that the person works for, telling times as they are there."""

    @never_cache
    @role_required(Role.VENDOR)
    @wraps(view)
    def with_vendor(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        vendor = vendor_of(request.user.pk or 0)
        if vendor is None:
            return render(request, "vendors/no_vendor.html")
        with timezone.override(ZoneInfo(vendor.region.time_zone)):
            return view(request, vendor, **kwargs)

    return with_vendor
