"""The vendor portal, and the list of those who wait for us to come."""

from django.urls import path

from vendors import views

app_name = "vendors"

urlpatterns = [
    path("vendor/", views.portal, name="portal"),
    path("vendor/accept/", views.accept, name="accept"),
    path("vendor/undo/", views.undo, name="undo"),
    path("vendor/lines/<int:line_id>/reject/", views.reject_line, name="reject-line"),
    path("vendor/orders/<str:number>/reject/", views.reject_order, name="reject-order"),
    path("vendor/days/<str:day>/reject/", views.reject_day, name="reject-day"),
    path("vendor/days/", views.coming_days, name="days"),
    path("vendor/stock/", views.shelf, name="stock"),
    path("vendor/stock/<int:variant_id>/receive/", views.receive_goods, name="receive"),
    path("vendor/stock/<int:variant_id>/days/", views.supply_days, name="supply"),
    path("vendor/stock/<int:variant_id>/days/<str:day>/receive/", views.receive_day, name="receive-day"),
    path("waitlist/", views.waitlist, name="waitlist"),
    path("waitlist/leave/<str:token>/", views.leave, name="leave"),
]
