"""Coming in: what allauth's pages need beside themselves."""

from typing import Any

from allauth.account.models import EmailConfirmationHMAC
from allauth.account.views import LoginView as AllauthLoginView
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.generic import View

from accounts.signin.adapter import AccountAdapter

GONE = 410
DEMO_PASSWORD = "milk-at-dawn"  # noqa: S105 - shown to everybody, and set in the demo only
DEMO_PEOPLE = [
    ("household@example.com", _("A household"), "home"),
    ("vendor@example.com", _("A dairy"), "box"),
    ("driver@example.com", _("A driver"), "truck"),
    ("manager@example.com", _("The manager"), "user"),
    ("admin@example.com", _("The owner"), "shield"),
]


class LoginView(AllauthLoginView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        if settings.MILK_ENV == "demo":
            context |= {"demo_people": DEMO_PEOPLE, "demo_password": DEMO_PASSWORD}
        return context

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "login": self.request.GET.get("login", "")}


class ConfirmEmailView(View):
    """The link of a confirmation mail. Works for whoever is signed in to the account that it belongs to."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        confirmation = EmailConfirmationHMAC.from_key(kwargs["key"])
        self.address = confirmation.email_address if confirmation else None
        if self.address is None:
            return self._page("gone", status=GONE)
        if not request.user.is_authenticated:
            return self._page("sign_in", login_url=redirect_to_login(request.get_full_path()).url)
        if request.user.pk != self.address.user_id:
            return self._page("other_account", logout_next=request.get_full_path())
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        return self._page("ready")

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        AccountAdapter(request).confirm_email(request, self.address)
        return redirect("account_security")

    def _page(self, state: str, *, status: int = 200, **context: Any) -> HttpResponse:
        email = self.address.email if self.address and state == "ready" else ""
        return render(
            self.request, "account/email_confirm.html", {"state": state, "email": email, **context}, status=status
        )
