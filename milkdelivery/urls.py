"""The addresses of the site."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from milkdelivery.core import health
from milkdelivery.styleguide import styleguide

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("styleguide/", styleguide, name="styleguide"),
    path("admin/", admin.site.urls),
]
