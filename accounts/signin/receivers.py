"""What we do when allauth says that something happened."""

from typing import Any

from allauth.account import signals
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest

from accounts import actions
from accounts.models import User
from milkdelivery.core.web import actor_of


def connect() -> None:
    # The time of sign-in is kept by record_sign_in, without a row in the person's history.
    user_logged_in.disconnect(dispatch_uid="update_last_login")
    signals.authentication_step_completed.connect(prove_by_code, dispatch_uid="accounts.prove_by_code")
    signals.password_reset.connect(prove_by_reset, dispatch_uid="accounts.prove_by_reset")
    signals.email_added.connect(note_email, dispatch_uid="accounts.note_email")


def prove_by_code(request: HttpRequest, user: User, method: str, email: str | None = None, **_: Any) -> None:
    """A code that was mailed proves the mailbox, and nothing about who chose the password."""
    if method == "code" and email:
        proven = actions.prove_email(user.pk, email=email, by=actor_of(request), keep_password=False)
        # allauth goes on with this instance: its session must carry the new password's hash.
        user.email, user.contact_email, user.password = proven.email, proven.contact_email, proven.password


def prove_by_reset(request: HttpRequest, user: User, **_: Any) -> None:
    actions.prove_after_reset(user.pk, by=actor_of(request))


def note_email(request: HttpRequest, user: User, email_address: Any, **_: Any) -> None:
    actions.note_typed_email(user.pk, email=email_address.email, by=actor_of(request))
