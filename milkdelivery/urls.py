"""The addresses of the site."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path

from catalog.picture_files import picture
from catalog.rules import pictures
from milkdelivery import views
from milkdelivery.core import error_pages, health
from milkdelivery.styleguide import styleguide

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("styleguide/", styleguide, name="styleguide"),
    path("", views.home, name="home"),
    path("pincode/", views.pincode, name="pincode"),
    path("shop/", include("catalog.urls")),
    re_path(rf"^{pictures.ADDRESS}(?P<stem>[0-9a-f]{{32}})-(?P<width>[0-9]{{2,4}})\.webp$", picture, name="picture"),
    path("", include("cart.urls")),
    path("orders/", include("orders.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("accounts.urls")),
    path("api/v1/", include("milkdelivery.api_urls")),
    path("", include("payments.urls")),
    path("", include("vendors.urls")),
    path("", include("deliveries.urls")),
    path("", include("notifications.urls")),
    path("admin/", admin.site.urls),
]

handler400 = error_pages.bad_request
handler403 = error_pages.permission_denied
handler404 = error_pages.page_not_found
handler500 = error_pages.server_error
