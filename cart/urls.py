"""Addresses of the cart and the checkout."""

from __future__ import annotations

from django.urls import path

from cart import views

app_name = "cart"
urlpatterns = [
    path("cart/", views.cart_page, name="page"),
    path("cart/drawer/", views.drawer, name="drawer"),
    path("cart/promo/", views.promo, name="promo"),
    path("cart/choice/", views.choice, name="choice"),
    path("cart/set/", views.set_pieces, name="set"),
    path("cart/add/", views.add, name="add"),
    path("usual/", views.usual, name="usual"),
    path("checkout/", views.checkout, name="checkout"),
]
