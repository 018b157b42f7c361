"""The admin site: managers and admins only, signed in through the shop's own door."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.sites import UnfoldAdminSite

from milkdelivery.backoffice import search
from milkdelivery.core.queries import region_book


def _time_zone() -> str:
    """Staff read and write the home region's time."""
    home = region_book().region(settings.HOME_REGION)
    return home.time_zone if home else settings.TIME_ZONE


class BackOfficeSite(UnfoldAdminSite):
    """A guest is sent to sign in; a person whose role has no place here is refused, not asked to sign in again."""

    index_title = gettext_lazy("Today")

    def register(
        self, model_or_iterable: Any, admin_class: type[admin.ModelAdmin] | None = None, **options: Any
    ) -> None:
        """Only pages of our own make: those that libraries bring would write past our actions."""
        if admin_class is not None and issubclass(admin_class, ModelAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return user.is_active and user.is_staff

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        guarded = super().admin_view(view, cacheable)

        def staff_only(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            with timezone.override(ZoneInfo(_time_zone())):
                response: HttpResponseBase = guarded(request, *args, **kwargs)
                return response.render() if isinstance(response, SimpleTemplateResponse) else response

        return update_wrapper(staff_only, view)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Sign-in has one form, with its limits and second steps: the shop's."""
        wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
        if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
            wanted = reverse("admin:index", current_app=self.name)
        if request.user.is_authenticated:
            if not self.has_permission(request):
                raise PermissionDenied
            return redirect(wanted)
        return redirect_to_login(wanted)

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """What the field of the sidebar finds: a page of its own, or the list for the window that opens over a page.

        Nothing is kept between two askings: what a colleague just made is found.
        """
        typed = request.GET.get("s", "")
        context = {
            "typed": typed,
            "groups": search.found(request, typed),
            "is_short": len(typed.strip()) < search.SHORTEST,
        }
        if request.headers.get("HX-Request"):
            return TemplateResponse(request, "admin/search_finds.html", context)
        frame = {**self.each_context(request), "title": _("Search"), **(extra_context or {})}
        return TemplateResponse(request, "admin/search.html", {**frame, **context})

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect(resolve_url("account_change_password"))
