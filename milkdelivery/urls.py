"""The addresses of the site."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from milkdelivery.core import health
from milkdelivery.styleguide import styleguide

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("styleguide/", styleguide, name="styleguide"),
    path("", include("accounts.urls")),
    path("api/v1/", include("accounts.api_urls")),
    path("", include("vendors.urls")),
    path("", include("deliveries.urls")),
    path("admin/", admin.site.urls),
]
