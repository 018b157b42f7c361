"""Addresses of money."""

from __future__ import annotations

from django.urls import path

from payments import views

app_name = "payments"
urlpatterns = [
    path("orders/<str:number>/pay/", views.pay_page, name="pay"),
    path("orders/<str:number>/pay/back/", views.back, name="back"),
    path("account/payments/", views.history, name="history"),
    path("account/payments/methods/<int:pk>/remove/", views.remove_saved, name="remove_saved"),
    path("demo-bank/<str:secret>/", views.demo_bank, name="demo_bank"),
]
