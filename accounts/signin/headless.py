"""Sign-in of the mobile app: allauth's views and answers, with our rules for who may become whom."""

from dataclasses import dataclass, field
from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.headless.account import inputs, views
from allauth.headless.adapter import DefaultHeadlessAdapter
from allauth.headless.base.response import AuthenticationResponse, ConflictResponse, ForbiddenResponse
from allauth.headless.constants import Client
from allauth.headless.internal.restkit import inputs as restkit
from django.http import HttpRequest, HttpResponse

from accounts import queries
from accounts.forms.entry import RequestCode, ResetPasswordForm, SignupRules
from accounts.forms.fields import Contact, PhoneField
from accounts.models import User


def _described(description: str, example: Any) -> Any:
    return field(metadata={"description": description, "example": example})


@dataclass
class SignedInUser:
    """The person in every answer of sign-in."""

    id: int | None = _described("The person's number.", 42)
    display: str = _described("How to address the person.", "Asha Rao")
    name: str = _described("The name; empty while unknown.", "Asha Rao")
    email: str | None = _described("The proven e-mail address.", "asha@example.com")
    phone: str | None = _described("The proven phone number.", "+919812345678")
    contact: str = _described("Where the person is reached: proven or, until then, as typed.", "asha@example.com")
    role: str = _described("CUSTOMER, DRIVER, VENDOR, MANAGER or ADMIN.", "CUSTOMER")
    has_usable_password: bool = _described("Whether a password is set.", True)
    is_profile_complete: bool = _described("Name, contact and a served address are known.", False)
    needs_name: bool = _described("Ask for the name.", False)
    needs_address: bool = _described("Ask for an address that we deliver to.", True)
    show_profile_nudge: bool = _described("Remind once; then PATCH users/me/ that it was shown.", True)


class HeadlessAdapter(DefaultHeadlessAdapter):
    def get_user_dataclass(self) -> type[SignedInUser]:
        return SignedInUser

    def user_as_dataclass(self, user: User) -> SignedInUser:
        missing = {gap.code for gap in queries.profile_gaps(user)}
        return SignedInUser(
            id=user.pk,
            display=str(user),
            name=user.name,
            email=user.email,
            phone=user.phone,
            contact=user.contact,
            role=user.role.value,
            has_usable_password=user.has_usable_password(),
            is_profile_complete=not missing,
            needs_name="name" in missing,
            needs_address="address" in missing,
            show_profile_nudge=bool(missing) and user.profile_completion_prompted_at is None and not user.is_staff,
        )


class SignupInput(SignupRules, restkit.Input):
    password = restkit.CharField()


class LoginInput(inputs.LoginInput):
    phone = PhoneField(required=False)

    def clean_email(self) -> str:
        return (self.cleaned_data.get("email") or "").lower()


class RequestLoginCodeInput(RequestCode, inputs.RequestLoginCodeInput):
    def clean_email(self) -> str:
        return self._clean_contact("email")

    def clean_phone(self) -> str:
        return self._clean_contact("phone")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        if not (data.get("email") or data.get("phone") or self.errors):
            raise get_account_adapter().validation_error("invalid_login")
        return data

    def _clean_contact(self, kind: str) -> str:
        contact: str = self.cleaned_data.get(kind) or ""
        if contact:
            self.find(Contact(**{kind: contact}))
        return contact


class RequestPasswordResetInput(ResetPasswordForm, restkit.Input):
    pass


class SignupView(views.SignupView):
    input_class = {"POST": SignupInput}


class LoginView(views.LoginView):
    input_class = LoginInput


class RequestLoginCodeView(views.RequestLoginCodeView):
    input_class = RequestLoginCodeInput


class RequestPasswordResetView(views.RequestPasswordResetView):
    input_class = RequestPasswordResetInput


class VerifyEmailView(views.VerifyEmailView):
    """Only for whoever is signed in to the account: see AccountAdapter.confirm_email. Others hear nothing of it."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return AuthenticationResponse(request)
        verification = self.input_class({"key": request.headers.get("x-email-verification-key", "")})
        if verification.is_valid() and verification.verification.email_address.user_id != request.user.pk:
            return ForbiddenResponse(request)
        answer: HttpResponse = super().get(request, *args, **kwargs)
        return answer

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return AuthenticationResponse(request)
        if self.input.verification.email_address.user_id != request.user.pk:
            return ForbiddenResponse(request)
        if not self.input.verification.confirm(request):
            return ConflictResponse(request)
        return AuthenticationResponse(request)


def _view(view: Any) -> Any:
    return view.as_api_view(client=Client.APP)


signup_view = _view(SignupView)
login_view = _view(LoginView)
request_login_code_view = _view(RequestLoginCodeView)
request_password_reset_view = _view(RequestPasswordResetView)
verify_email_view = _view(VerifyEmailView)
