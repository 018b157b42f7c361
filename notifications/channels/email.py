"""E-mail, over whatever backend the settings name."""

import smtplib

from django.conf import settings
from django.core.mail import BadHeaderError, EmailMultiAlternatives, get_connection

from milkdelivery.core.outside import ensure_outside_transaction
from notifications.channels import Delayed, Message, Refused, Unavailable

PERMANENT = 500
"""SMTP answers from here on are final."""


def send(message: Message) -> str:
    """Hand a message over to the mail server; its message id.

    Raises Refused, Delayed or Unavailable. Never inside a transaction.
    """
    ensure_outside_transaction("sending mail")
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        to=[message.to],
        connection=get_connection(settings.MAIL_TRANSPORT),
        headers={"Message-ID": message.reference, "Auto-Submitted": "auto-generated"},
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as refusal:
        code, answer = next(iter(refusal.recipients.values()))
        raise _by_code(code, answer) from refusal
    except smtplib.SMTPDataError as refusal:
        raise _by_code(refusal.smtp_code, refusal.smtp_error) from refusal
    except (BadHeaderError, UnicodeError, ValueError) as problem:
        raise Refused(f"{type(problem).__name__}: {problem}") from problem
    except (smtplib.SMTPException, OSError) as problem:
        raise Unavailable(repr(problem)) from problem
    return message.reference


def _by_code(code: int, answer: bytes | str) -> Exception:
    words = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return Refused(f"{code} {words}") if code >= PERMANENT else Delayed(f"{code} {words}")
