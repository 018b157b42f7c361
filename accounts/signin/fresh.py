"""Whether whoever holds a session has shown lately that it is them: asked before everything about a person is given out
or erased, since a session may be one that somebody left open."""

from typing import Any

from allauth.account import app_settings
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.headless.tokens.strategies.jwt import internal
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.rules import has_only_typed
from milkdelivery.core import clock
from milkdelivery.core.errors import DomainError


def is_fresh(session: Any, person: User) -> bool:
    """They signed in, or typed their password once more, within the last minutes (`ACCOUNT_REAUTHENTICATION_TIMEOUT`).

    Somebody of a checkout has nothing to show but the browser that they ordered in.
    """
    if has_only_typed(person):
        return True
    shown = [method.get("at", 0) for method in session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])]
    return clock.real_now().timestamp() - max(shown, default=0) < app_settings.REAUTHENTICATION_TIMEOUT


def session_of(request: Any) -> Any:
    """The session behind a call of the API: that of its token, or the browser's."""
    if isinstance(request.auth, dict):
        return internal.get_token_session(request.auth) or {}
    return request.session


class NotFresh(DomainError):
    """The session is older than what is asked for allows: whoever holds it has to show that it is them."""

    code = "reauthentication_required"
    status = 403


def ensure_fresh(session: Any, person: User) -> None:
    """Raises NotFresh."""
    if not is_fresh(session, person):
        raise NotFresh(_("To be sure that it is you, sign in or type your password once more."))
