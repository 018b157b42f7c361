"""Sessions in the database, made without first asking whether the new key is taken.

A key is 32 random characters; where one is taken all the same, the insert is refused and `create` draws another.
"""

from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.utils.crypto import get_random_string


class SessionStore(DatabaseSessions):
    def _get_new_session_key(self) -> str:
        return get_random_string(32, VALID_KEY_CHARS)
