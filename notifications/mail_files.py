"""Mail as files, one each, that any mail program opens: for demonstrations and development."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.text import slugify

NAME_LENGTH = 60


class EmailBackend(BaseEmailBackend):
    """Writes into `settings.EMAIL_FILE_PATH`. Names sort by time (UTC) and say the subject."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.folder = Path(str(settings.EMAIL_FILE_PATH))

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many were written. A file is complete as soon as it has its name."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
            name = f"{stamp}-{slugify(message.subject)[:NAME_LENGTH]}-{uuid4().hex[:8]}.eml"
            draft = self.folder / f".{name}"
            draft.write_bytes(message.message().as_bytes())
            draft.rename(self.folder / name)
        return len(email_messages)
