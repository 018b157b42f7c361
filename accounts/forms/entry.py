"""Coming in: sign-up, sign-in, codes and passwords. The API's inputs share the rules (accounts.signin.headless)."""

import time
import uuid
from hashlib import sha256
from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from allauth.account.fields import PasswordField, SetPasswordField
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context, ratelimit
from django import forms
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts import actions, queries
from accounts.forms.fields import Contact, ContactField
from accounts.models import User
from accounts.rules import looks_like_email
from milkdelivery.core.web import actor_of

PASSWORD_HELP = _("At least 8 characters, not only digits, and not one that everybody uses.")
TWIN_SECONDS = 300
TWIN_WAITS = 20
TWIN_WAIT = 0.1
FRESH_CODE_SECONDS = 900
"""How long after a sign-in by code a new password may be set without the old one."""


class SignupRules(allauth_forms.BaseSignupForm):
    """Name, one contact, a password. The same answer in the same time whether or not somebody has that contact."""

    contact_field = "email"
    password_field = "password"  # noqa: S105 - the name of a field

    def clean_email(self) -> str:
        email = (self.cleaned_data.get("email") or "").lower()
        if email and not looks_like_email(email):
            raise forms.ValidationError(_("That e-mail address is too long."), code="invalid_email")
        return email

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        if not (data.get("email") or data.get("phone")) and not {"email", "phone", "contact"} & set(self.errors):
            self.add_error(self.contact_field, _("Enter an e-mail address or a phone number."))
        if password := data.get(self.password_field):
            typed = User(
                name=data.get("name") or "", contact_email=data.get("email") or "", phone=data.get("phone") or None
            )
            try:
                get_adapter().clean_password(password, user=typed)
            except forms.ValidationError as refusal:
                self.add_error(self.password_field, refusal)
        return data

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        if self.account_already_exists:
            self._hash()  # takes as long as it would for a new person
        result: tuple[User | None, HttpResponse | None] = super().try_save(request)
        return result

    def save(self, request: HttpRequest) -> User:
        email, phone = self.cleaned_data.get("email") or "", self.cleaned_data.get("phone") or ""
        return actions.register_person(
            name=self.cleaned_data["name"],
            email=email,
            phone=phone,
            password_hash=self._hash(),
            via="email" if email else "phone",
            by=actor_of(request),
        )

    def _hash(self) -> str:
        return make_password(self.cleaned_data[self.password_field])


class Plain:
    """Labels stand above the fields; nothing stands in them."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class SignupForm(Plain, SignupRules):
    """The page: three fields. A second tap on the same form finds the person the first one made."""

    by_passkey = False
    contact_field = "contact"
    password_field = "password1"  # noqa: S105 - the name of a field
    field_order = ["name", "contact", "password1", "form_key"]

    contact = ContactField()
    password1 = PasswordField(label=_("Password"), autocomplete="new-password", help_text=PASSWORD_HELP)
    form_key = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["contact"].initial = self.initial.get("email")
        del self.fields["email"], self.fields["phone"]

    def clean(self) -> dict[str, Any]:
        contact: Contact = self.cleaned_data.get("contact") or Contact()
        self.cleaned_data.update(email=contact.email, phone=contact.phone)
        return super().clean()

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        key = self._twin_key()
        if key and not cache.add(key, 0, TWIN_SECONDS) and (twin := self._twin(key)):
            return twin, None
        user, response = super().try_save(request)
        if key and user:
            cache.set(key, user.pk, TWIN_SECONDS)
        return user, response

    def _twin_key(self) -> str:
        form_key = self.cleaned_data.get("form_key")
        contact = sha256(str(self.cleaned_data["contact"]).encode()).hexdigest()
        return f"sign-up:{form_key}:{contact}" if form_key else ""

    def _twin(self, key: str) -> User | None:
        """Who the first tap made, once it is done; None if it came to nothing."""
        for _wait in range(TWIN_WAITS):
            if user_id := cache.get(key):
                user = User.objects.filter(pk=user_id).first()
                return user if user and user.check_password(self.cleaned_data[self.password_field]) else None
            time.sleep(TWIN_WAIT)
        return None


class LoginForm(Plain, allauth_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login = ContactField()
        login.initial = (self.initial or {}).get("login")
        self.fields["login"] = login
        self.fields["password"].help_text = ""
        self.order_fields(["login", "password"])

    def clean_login(self) -> str:
        return str(self.cleaned_data["login"])


class RequestCode:
    """Who gets a sign-in code: only whoever the contact, once proven, may become. Asking is counted per contact."""

    cleaned_data: dict[str, Any]
    _user: User | None = None

    def find(self, contact: Contact) -> None:
        if not ratelimit.consume(context.request, action="request_login_code", key=str(contact)):
            raise get_adapter().validation_error("too_many_codes")
        if contact.email:
            self._user = queries.reader_of_email(contact.email)
        else:
            self._user = get_adapter().get_user_by_phone(contact.phone)
        if self._user is not None and not self._user.is_active:
            self._user = None


class RequestLoginCodeForm(RequestCode, allauth_forms.RequestLoginCodeForm):
    contact = ContactField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["contact"].initial = (self.initial or {}).get("contact")
        del self.fields["email"], self.fields["phone"]

    def clean_contact(self) -> Contact:
        contact: Contact = self.cleaned_data["contact"]
        self.find(contact)
        return contact

    def clean(self) -> dict[str, Any]:
        contact: Contact = self.cleaned_data.get("contact") or Contact()
        self.cleaned_data.update(email=contact.email, phone=contact.phone)
        return self.cleaned_data


class ResetPasswordForm(Plain, allauth_forms.ResetPasswordForm):
    """A link goes to the one account that this mailbox may open; a stranger's mailbox hears how to sign up."""

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        found = queries.reader_of_email(email)
        self.users = [found] if found else []
        return email


class ReauthenticateForm(Plain, allauth_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""


class AddEmailForm(Plain, allauth_forms.AddEmailForm):
    pass


class OneNewPassword(Plain):
    """The new password is typed once: a button shows it."""

    def type_once(self) -> None:
        self.fields.pop("password2", None)
        password = self.fields["password1"]
        if isinstance(password, SetPasswordField):
            password.help_text = str(PASSWORD_HELP)


class ResetPasswordKeyForm(OneNewPassword, allauth_forms.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.type_once()


class SetPasswordForm(OneNewPassword, allauth_forms.SetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.type_once()


class ChangePasswordForm(OneNewPassword, allauth_forms.ChangePasswordForm):
    """Asks for the current password, unless the person has just come in by a code: that is how one forgets it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.type_once()
        self.fields["oldpassword"].help_text = ""
        if self._came_by_code():
            del self.fields["oldpassword"]

    def _came_by_code(self) -> bool:
        records = get_authentication_records(context.request, self.user)
        return any(record["method"] == "code" and time.time() - record["at"] < FRESH_CODE_SECONDS for record in records)


class ConfirmCode(Plain):
    """A field for a code: digits, large, filled in by the phone that got it."""

    def dress(self) -> None:
        self.fields["code"].label = str(_("Code"))
        self.fields["code"].widget.attrs.update(inputmode="numeric", autocomplete="one-time-code", maxlength="12")


class ConfirmLoginCodeForm(ConfirmCode, allauth_forms.ConfirmLoginCodeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dress()


class VerifyPhoneForm(ConfirmCode, allauth_forms.VerifyPhoneForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dress()
