"""The driver's round, and the tracking page of a delivery."""

from django.urls import path

from deliveries import views

app_name = "deliveries"

urlpatterns = [
    path("driver/", views.round_page, name="round"),
    path("driver/pick-up/", views.pick_up, name="pick_up"),
    path("driver/stops/<int:delivery_id>/deliver/", views.deliver, name="deliver"),
    path("driver/stops/<int:delivery_id>/fail/", views.fail, name="fail"),
    path("driver/stops/<int:delivery_id>/undo/", views.undo, name="undo"),
    path("driver/rounds/<int:route_id>/start/", views.start, name="start"),
    path("driver/rounds/<int:route_id>/close/", views.close, name="close"),
    path("door-photos/<str:token>/", views.door_photo, name="door_photo"),
    path("track/<str:token>/", views.track, name="track"),
    path("track/<str:token>/live/", views.track_live, name="track_live"),
    path("track/<str:token>/rating/", views.rate, name="rate"),
]
