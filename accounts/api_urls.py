"""People and sign-in under /api/v1/."""

from django.urls import include, path

from accounts.api import data, everybody, oneself

urlpatterns = [
    path("auth/", include("accounts.signin.urls")),
    path("users/", everybody.People.as_view(), name="api-users"),
    path("users/check/", everybody.AccountCheck.as_view(), name="api-users-check"),
    path("users/<int:pk>/", everybody.OnePerson.as_view(), name="api-user"),
    path("users/me/", oneself.Me.as_view(), name="api-me"),
    path("users/me/export/", data.Export.as_view(), name="api-my-export"),
    path("users/me/addresses/", oneself.Addresses.as_view(), name="api-my-addresses"),
    path("users/me/addresses/<int:pk>/", oneself.OneAddress.as_view(), name="api-my-address"),
    path("users/me/preferences/", oneself.OwnPreferences.as_view(), name="api-my-preferences"),
    path("users/me/devices/", oneself.Devices.as_view(), name="api-my-devices"),
    path("users/me/devices/<int:pk>/", oneself.OneDevice.as_view(), name="api-my-device"),
]
