"""The account check: somebody typed a contact, and the next step is to prove it, whoever it is.

The request keeps a sign-in by code that waits, without looking anybody up. The worker looks, and sends a code or a way
to sign up. So neither the answer nor its time tells whether there is an account.
"""

from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from allauth.account.models import Login
from allauth.account.stages import LoginByCodeStage
from allauth.headless.internal.sessionkit import new_session, session_store
from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.urls import reverse
from django.utils import translation

from accounts import queries
from accounts.forms.fields import Contact
from accounts.models import User
from accounts.signin.adapter import AccountAdapter, site_link
from milkdelivery.core.jobs import enqueue

LANGUAGES = dict(settings.LANGUAGES)


def begin(contact: Contact) -> str:
    """Start the wait for a code and have the worker answer it, in the language of this request.

    The key of its session: with it as `X-Session-Token` the code can be confirmed.
    """
    login = Login(user=None, email=contact.email or None, phone=contact.phone or None)
    state = LoginCodeVerificationProcess.initial_state(
        user=None, email=contact.email or None, phone=contact.phone or None
    )
    data = {**state, "initiated_by_user": True}
    login.state["stages"] = {"current": LoginByCodeStage.key, LoginByCodeStage.key: {"data": data}}
    session = new_session()
    session[LOGIN_SESSION_KEY] = login.serialize()
    session.save()
    key = str(session.session_key)
    enqueue("accounts.signin.check.send_proof", key, translation.get_language() or settings.LANGUAGE_CODE)
    return key


def send_proof(session_key: str, language: str) -> None:
    """The worker's part: send what the contact is to get. Safe to run twice: the second finds it answered or gone."""
    with translation.override(language if language in LANGUAGES else settings.LANGUAGE_CODE):
        _answer(session_key)


def _answer(session_key: str) -> None:
    session = session_store(session_key)
    stored = session.get(LOGIN_SESSION_KEY)
    if not isinstance(stored, dict):
        return
    login = Login.deserialize(stored)
    state = login.state["stages"][LoginByCodeStage.key]["data"]
    if state.get("answered"):
        return
    adapter = AccountAdapter()
    contact = Contact(email=login.email or "", phone=login.phone or "")
    user = _reader(contact)
    state["answered"] = True
    if user is not None:
        login.user, state["user_id"] = user, str(user.pk)
        state["code"] = adapter.generate_login_code()
    session[LOGIN_SESSION_KEY] = login.serialize()
    try:
        session.save(must_create=False)
    except UpdateError:
        return
    _tell(adapter, contact, user, state.get("code", ""))


def _reader(contact: Contact) -> User | None:
    if contact.email:
        return queries.reader_of_email(contact.email)
    return User.objects.filter(phone=contact.phone, is_active=True).first()


def _tell(adapter: AccountAdapter, contact: Contact, user: User | None, code: str) -> None:
    if user is None and contact.email:
        adapter.send_mail(
            "account/email/unknown_account", contact.email, {"signup_url": site_link(reverse("account_signup"))}
        )
    elif user is None:
        adapter.send_unknown_account_sms(contact.phone)
    elif contact.email:
        adapter.send_mail("account/email/login_code", contact.email, {"code": code})
    else:
        adapter.send_verification_code_sms(user, contact.phone, code)
