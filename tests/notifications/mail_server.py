"""A real mail server on this machine, as difficult as a test wants it."""

from __future__ import annotations

from asyncio import Server
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Mailbox:
    """What arrived, and what the server says before it lets something in."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answers: dict[str, str] = {}
        """What is said to a recipient instead of 250."""
        self.before_accepting: Callable[[], object] = lambda: None
        self.after_accepting: Callable[[SMTP], object] = lambda _server: None
        """May break the line before the client hears that its mail was taken."""
        self.conversations = 0
        self.most_mails = 0
        """After so many mails of a conversation the server ends it; 0 is never."""

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.conversations += 1
        return responses

    async def handle_RCPT(  # noqa: N802 - the server's name for it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.before_accepting()
        self.mails.append(
            cast(EmailMessage, message_from_bytes(cast(bytes, envelope.content), policy=cast(Any, default)))
        )
        self.recipients += envelope.rcpt_tos
        self.after_accepting(server)
        return "250 Accepted"


class _AnyPort(Controller):
    """Listens on a free port, which is known once it does."""

    def _trigger_server(self) -> None:
        self.port = cast(Server, self.server).sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server(settings: Any, mailbox: Mailbox) -> Iterator[Mailbox]:
    """Mail goes there while the block runs."""
    controller = _AnyPort(mailbox, hostname="127.0.0.1", port=0)
    controller.start()
    settings.MAIL_TRANSPORT = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    try:
        yield mailbox
    finally:
        controller.stop()


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def html_of(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())
