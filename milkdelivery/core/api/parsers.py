"""Reading bodies: what could not be stored or would exhaust the process is refused before any view sees it."""

import json
from typing import Any, NoReturn

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import parsers, status
from rest_framework.exceptions import APIException, ParseError


class BodyTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = _("That is too large to send at once.")
    default_code = "body_too_large"


class JSONParser(parsers.JSONParser):
    """A JSON object in UTF-8 of bounded size, whose strings the database can hold.

    Raises ParseError (400) and BodyTooLarge (413).
    """

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise BodyTooLarge
        try:
            body = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as problem:
            raise ParseError(_("The body is not valid JSON."), code="malformed_json") from problem
        if not isinstance(body, dict):
            raise ParseError(_("Send a JSON object."), code="malformed_json")
        _ensure_storable(body)
        return body


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _ensure_storable(body: dict[str, Any]) -> None:
    """Refuse NUL and halves of surrogate pairs, which JSON can spell and PostgreSQL can't hold."""
    waiting: list[Any] = [body]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str) and not is_storable(value):
            raise ParseError(_("The body holds a character that is not allowed."), code="character_not_allowed")


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can hold it as text."""
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
