"""Addresses of a household's orders."""

from __future__ import annotations

from django.urls import path

from orders import views

app_name = "orders"
urlpatterns = [
    path("", views.order_list, name="list"),
    path("claim/<str:token>/", views.take_over, name="take_over"),
    path("wrong/<str:token>/", views.claims_by_link, name="claims_by_link"),
    path("claim-photos/<str:token>/", views.claim_photo, name="claim_photo"),
    path("<str:number>/", views.detail, name="detail"),
    path("<str:number>/progress/", views.progress, name="progress"),
    path("<str:number>/again/", views.again, name="again"),
    path("<str:number>/claims/", views.claims, name="claims"),
    path("<str:number>/cancel/", views.cancel, name="cancel"),
]
