"""The vendor portal."""

from django.urls import path

from vendors import views

app_name = "vendors"

urlpatterns = [
    path("vendor/", views.portal, name="portal"),
]
