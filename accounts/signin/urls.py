"""allauth's API for apps, with ours in front where our rules differ. The addresses and names are allauth's."""

from django.urls import include, path

from accounts.signin import headless

urlpatterns = [
    path("app/v1/auth/signup", headless.signup_view),
    path("app/v1/auth/login", headless.login_view),
    path("app/v1/auth/code/request", headless.request_login_code_view),
    path("app/v1/auth/password/request", headless.request_password_reset_view),
    path("app/v1/auth/email/verify", headless.verify_email_view),
    path("", include("allauth.headless.urls")),
]
