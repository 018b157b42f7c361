"""Passwords: whose account one opens."""

from allauth.account.auth_backends import AuthenticationBackend

from accounts import queries
from accounts.models import User
from accounts.rules import NotAPhone, normal_email


class ContactBackend(AuthenticationBackend):
    """E-mail address or phone, and a password.

    A proven contact opens the account of who proved it and no other. One that was only typed opens the account of who
    typed it, with their own password: two people may have typed the same. Known or not, at least one hash is computed.
    """

    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        return self._first(queries.sign_in_candidates(email=normal_email(email)), password)

    def _authenticate_by_phone(self, phone: str, password: str) -> User | None:
        try:
            number = queries.dialled(phone)
        except NotAPhone:
            return None
        return self._first(queries.sign_in_candidates(phone=number), password)

    def _authenticate_by_username(self, username: str, password: str) -> User | None:
        """There are no usernames; Django's own forms call the e-mail address so, and that was tried already."""
        return None

    def _first(self, people: list[User], password: str) -> User | None:
        return next((user for user in people if self._check_password(user, password)), None)
