"""What allauth asks of us: phones, mails, proofs, where to go after sign-in."""

from __future__ import annotations

from typing import Any, cast

from allauth.account import app_settings, signals
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.manage_email import emit_email_changed
from allauth.account.internal.flows.signup import send_unknown_account_mail
from allauth.account.models import EmailAddress
from allauth.core import context as allauth_context
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from accounts import actions, queries
from accounts.forms.fields import PhoneField
from accounts.models import User
from milkdelivery.core.actors import Role
from milkdelivery.core.web import actor_of, client_ip

LANDINGS = {Role.VENDOR: "/vendor/", Role.DRIVER: "/driver/", Role.MANAGER: "/admin/", Role.ADMIN: "/admin/"}
DEVICE_IN_SESSION = "device_id"


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account has been closed."),
        "email_password_mismatch": _("This e-mail address and password don't belong together."),
        "phone_password_mismatch": _("This phone number and password don't belong together."),
        "username_password_mismatch": _("Enter an e-mail address or a phone number."),
        "invalid_login": _("Enter an e-mail address or a phone number."),
        "duplicate_email": _("This is your e-mail address already."),
        "email_taken": _("This e-mail address belongs to another account."),
        "phone_taken": _("This phone number belongs to another account."),
        "enter_current_password": _("That is not your current password."),
        "incorrect_code": _("That is not the code. Please look again."),
        "incorrect_password": _("That is not your password."),
        "invalid_or_expired_key": _("This link has been used or is too old."),
        "invalid_password_reset": _("This link has been used or is too old."),
        "too_many_login_attempts": _(
            "Too many wrong tries. Wait five minutes and try again, or let us send you a code."
        ),
        "too_many_codes": _("We have sent several codes there already. Please wait a few minutes."),
        "same_as_current": _("That is the one we have already."),
        "rate_limited": _("One moment please: that was asked for just now."),
        "select_only_one": _("Enter an e-mail address or a phone number, not both."),
    }

    # -- where to go -------------------------------------------------------------------------------------------------

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Each to their work; a household to the shop."""
        return LANDINGS.get(cast(User, request.user).role, settings.LOGIN_REDIRECT_URL)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account_security")

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        return reverse("account_security")

    # -- passwords ---------------------------------------------------------------------------------------------------

    def set_password(self, user: User, password: str) -> None:
        stored = actions.store_password(user.pk, password_hash=make_password(password), by=actor_of(self.request))
        user.password = stored.password

    def reauthenticate(self, user: User, password: str) -> bool:
        """Whether it is this person's password. Counts as an attempt like a sign-in."""
        self.pre_authenticate(allauth_context.request, email=f"user:{user.pk}")
        known: bool = user.check_password(password)
        if known:
            self._rollback_login_failed_rl_usage()
        return known

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        contact = credentials.get("email") or credentials.get("phone") or ""
        return f"sign-in:{contact.lower()}"

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        actions.note_failed_sign_in(
            email=credentials.get("email") or "", phone=credentials.get("phone") or "", by=actor_of(request)
        )

    # -- sign-in -----------------------------------------------------------------------------------------------------

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        response = super().post_login(request, user, **kwargs)
        device = actions.record_sign_in(user.pk, by=actor_of(request))
        if device is not None:
            request.session[DEVICE_IN_SESSION] = device.pk
            # So that revoking the device finds the session, and with it the tokens that hang on it.
            user.usersession_set.filter(session_key=request.session.session_key).update(
                data={DEVICE_IN_SESSION: device.pk}
            )
        return response

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request) or "0.0.0.0"  # noqa: S104 - an address to count attempts by where there is none

    # -- proofs ------------------------------------------------------------------------------------------------------

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """The person, signed in, followed the link of the confirmation mail.

        Nobody else is let: a link alone would give a stranger's sign-up the blessing of the mailbox's owner.
        """
        user = request.user
        if not user.is_authenticated or user.pk != email_address.user_id:
            return False
        former = user.emailaddress_set.filter(verified=True).first()
        try:
            person = actions.prove_email(user.pk, email=email_address.email, by=actor_of(request))
        except actions.ContactTaken as refusal:
            self.add_message(request, messages.ERROR, message=str(refusal))
            return False
        proven = person.emailaddress_set.get()
        signals.email_confirmed.send(sender=EmailAddress, request=request, email_address=proven)
        if former is not None and former.email != proven.email:
            emit_email_changed(request, former, proven)
        self.add_message(request, messages.SUCCESS, "account/messages/email_confirmed.txt", {"email": proven.email})
        return True

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """A change that waits may be called off; the proven address, or the only contact there is, stays."""
        user = email_address.user
        return not email_address.verified and bool(user.email or user.phone)

    # -- phones ------------------------------------------------------------------------------------------------------

    def phone_form_field(self, **kwargs: Any) -> PhoneField:
        return PhoneField(**kwargs)

    def get_phone(self, user: User) -> tuple[str, bool] | None:
        """The proven number, or the one that is to be proven before the person gets in."""
        if user.phone:
            return user.phone, True
        pending = queries.pending_phone(user)
        return (pending, False) if pending else None

    def set_phone(self, user: User, phone: str, verified: bool) -> None:
        by = actor_of(self.request)
        if verified:
            person = actions.prove_phone(user.pk, phone=phone, by=by)
        else:
            person = actions.note_typed_phone(user.pk, phone=phone, by=by)
        user.phone, user.contact_phone = person.phone, person.contact_phone

    def set_phone_verified(self, user: User, phone: str) -> None:
        self.set_phone(user, phone, True)

    def get_user_by_phone(self, phone: str) -> User | None:
        return User.objects.filter(phone=phone).first()

    def send_verification_code_sms(self, user: User, phone: str, code: str, **kwargs: Any) -> None:
        _send_sms(phone, _("%(code)s is your code for %(shop)s. Never tell it to anybody.") % _words(code=code))

    def send_unknown_account_sms(self, phone: str, **kwargs: Any) -> None:
        _send_sms(phone, _("There is no account at %(shop)s with this number yet. Sign up: %(link)s") % _words())

    def send_account_already_exists_sms(self, phone: str) -> None:
        text = _("You have an account at %(shop)s already. Sign in with a code: %(link)s")
        _send_sms(phone, text % _words(link=site_link(reverse("account_request_login_code"))))

    # -- mails -------------------------------------------------------------------------------------------------------

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Sent as soon as it can be, without a word about sites: we are one."""
        words = {"email": email, "brand": settings.BRAND_NAME, "site_url": settings.SITE_URL, **context}
        self.render_mail(template_prefix, email, words).send()

    def format_email_subject(self, subject: str) -> str:
        return str(subject)

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:
        """Whoever proved this address already is told of their account instead; the page is the same."""
        typed: EmailAddress = emailconfirmation.email_address
        if User.objects.someone_else_proved(email=typed.email, user_id=typed.user_id):
            self.send_account_already_exists_mail(typed.email)
            return
        template = "account/email/email_confirmation_signup" if signup else "account/email/email_confirmation"
        url = self.get_email_confirmation_url(request, emailconfirmation)
        self.send_mail(template, typed.email, {"activate_url": url})

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Only to the mailbox that may open this account; another is told what a stranger is told."""
        if queries.reader_of_email(email) == user:
            super().send_password_reset_mail(user, email, context)
        else:
            send_unknown_account_mail(self.request, email)

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Word of a change of the account, to the proven address only."""
        target = email or user.email
        if app_settings.EMAIL_NOTIFICATIONS and target:
            self.send_mail(template_prefix, target, context or {})


def site_link(path: str) -> str:
    """An address of ours for messages, whoever asked for them."""
    return f"{settings.SITE_URL}{path}"


def _words(**words: str) -> dict[str, str]:
    return {"shop": settings.BRAND_NAME, "link": site_link(reverse("account_signup")), **words}


def _send_sms(phone: str, text: Any) -> None:
    import_string(settings.SMS_SENDER)(phone, str(text))
