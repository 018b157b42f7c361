"""Addresses of the shelf."""

from __future__ import annotations

from django.urls import path

from catalog import views

app_name = "catalog"
urlpatterns = [
    path("", views.product_list, name="list"),
    path("search/suggestions/", views.suggestions, name="suggestions"),
    path("<slug:slug>/", views.product, name="product"),
]
