"""The bell under /notifications/, and the way out of mails."""

from django.urls import path

from notifications import views

app_name = "notifications"
urlpatterns = [
    path("notifications/", views.Bell.as_view(), name="list"),
    path("notifications/read/", views.ReadAll.as_view(), name="read_all"),
    path("notifications/<int:pk>/open/", views.Open.as_view(), name="open"),
    path("notifications/unsubscribe/<str:token>/", views.Unsubscribe.as_view(), name="unsubscribe"),
]
