"""Sign-in under /accounts/, one's own pages under /account/."""

from django.urls import include, path

from accounts.views import data, entry, profile

urlpatterns = [
    path("accounts/login/", entry.LoginView.as_view(), name="account_login"),
    path("accounts/confirm-email/<str:key>/", entry.ConfirmEmailView.as_view(), name="account_confirm_email"),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("account/", profile.Overview.as_view(), name="account"),
    path("account/profile/", profile.Profile.as_view(), name="profile"),
    path("account/addresses/", profile.Addresses.as_view(), name="addresses"),
    path("account/addresses/new/", profile.AddressPage.as_view(), name="address_new"),
    path("account/addresses/<int:pk>/", profile.AddressPage.as_view(), name="address"),
    path("account/addresses/<int:pk>/delete/", profile.AddressDelete.as_view(), name="address_delete"),
    path("account/addresses/<int:pk>/default/", profile.AddressDefault.as_view(), name="address_default"),
    path("account/preferences/", profile.PreferencesPage.as_view(), name="preferences"),
    path("account/security/", profile.Security.as_view(), name="account_security"),
    path("account/data/", data.YourData.as_view(), name="account_data"),
    path("account/data/copy/", data.Copy.as_view(), name="account_copy"),
    path("account/close/", data.Close.as_view(), name="account_close"),
    path("account/closed/", data.Closed.as_view(), name="account_closed"),
    path("account/sign-in-again/", data.SignInAgain.as_view(), name="account_sign_in_again"),
    path("account/devices/<int:pk>/revoke/", profile.DeviceRevoke.as_view(), name="device_revoke"),
    path("account/nudge/", profile.NudgeDismiss.as_view(), name="profile_nudge_dismiss"),
]
