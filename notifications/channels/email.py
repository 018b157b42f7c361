"""E-mail, over whatever backend the settings name."""

from __future__ import annotations

import smtplib
from typing import Any

from django.conf import settings
from django.core.mail import BadHeaderError, EmailMultiAlternatives, get_connection

from milkdelivery.core.outside import ensure_outside_transaction
from notifications.channels import Delayed, Message, Refused, Unavailable

PERMANENT = 500
"""SMTP answers from here on are final."""

PATIENCE = 35
"""Seconds for each word of the mail server where nobody waits for us. A slow one takes a mail that we think lost, and
would get it again and again; longer than this, and the job queue would end the sender."""

OK, CLOSING = 250, 421


class Line:
    """A conversation with the mail server, begun with the first mail and good for many. Of one sender at a time."""

    def __init__(self, *, patience: int | None = None) -> None:
        """`patience` in seconds; None is that of a page, before which somebody waits."""
        self._patience = patience or settings.EMAIL_TIMEOUT
        self._connection: Any = None

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.hang_up()

    def send(self, message: Message) -> str:
        """Hand a message over to the mail server; its message id.

        Raises Refused, Delayed or Unavailable. Never inside a transaction.
        """
        ensure_outside_transaction("sending mail")
        try:
            mail = _mail(message)
            mail.message()
        except (BadHeaderError, UnicodeError, ValueError) as problem:
            raise Refused(f"{type(problem).__name__}: {problem}") from problem
        try:
            mail.connection = self._open()
            mail.send()
        except smtplib.SMTPRecipientsRefused as refusal:
            code, answer = next(iter(refusal.recipients.values()))
            raise self._by_code(code, answer) from refusal
        except smtplib.SMTPDataError as refusal:
            raise self._by_code(refusal.smtp_code, refusal.smtp_error) from refusal
        except (BadHeaderError, UnicodeError, ValueError) as problem:
            self.hang_up()
            raise Refused(f"{type(problem).__name__}: {problem}") from problem
        except (smtplib.SMTPException, OSError) as problem:
            self.hang_up()
            raise Unavailable(repr(problem)) from problem
        return message.reference

    def hang_up(self) -> None:
        """End the conversation; the next mail begins another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> Any:
        """The conversation, or a new one where the server has ended it meanwhile."""
        if self._connection is not None and not _is_listening(self._connection):
            self.hang_up()
        if self._connection is None:
            self._connection = get_connection(settings.MAIL_TRANSPORT, timeout=self._patience)
            self._connection.open()
        return self._connection

    def _by_code(self, code: int, answer: bytes | str) -> Exception:
        words = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
        if code == CLOSING:
            self.hang_up()
        return Refused(f"{code} {words}") if code >= PERMANENT else Delayed(f"{code} {words}")


def _is_listening(connection: Any) -> bool:
    """Whether the server is still there: many end a conversation after so many mails, or some idle minutes."""
    conversation = getattr(connection, "connection", None)
    if conversation is None:
        return not hasattr(connection, "connection")  # what is no conversation at all is always there
    try:
        return bool(conversation.noop()[0] == OK)
    except (smtplib.SMTPException, OSError):
        return False


def _mail(message: Message) -> EmailMultiAlternatives:
    headers = {"Message-ID": message.reference, "Auto-Submitted": "auto-generated"}
    if message.unsubscribe:
        headers |= {
            "List-Unsubscribe": f"<{message.unsubscribe}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    mail = EmailMultiAlternatives(subject=message.subject, body=message.text, to=[message.to], headers=headers)
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    return mail
