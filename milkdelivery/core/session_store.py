"""Sessions in the database, made without first asking whether the new key is taken, and not before they hold something.

A key is 32 random characters; where one is taken all the same, the insert is refused and `create` draws another.
"""

from typing import Any

from django.contrib.sessions.backends.base import VALID_KEY_CHARS, CreateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.utils.crypto import get_random_string


class SessionStore(DatabaseSessions):
    _is_drawn = False
    """A key has been drawn that is not in the database yet."""

    def _get_new_session_key(self) -> str:
        return get_random_string(32, VALID_KEY_CHARS)

    def cycle_key(self) -> None:
        """A new key. Where there was no session there is nothing to move: it is written once, with what comes in."""
        if self.session_key is not None:
            super().cycle_key()
            return
        self._session_key = self._get_new_session_key()
        self._is_drawn = self.modified = True

    def save(self, must_create: bool = False) -> Any:
        if not self._is_drawn or must_create:
            return super().save(must_create)
        self._is_drawn = False
        try:
            return super().save(must_create=True)
        except CreateError:
            return self.create()
