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

    takes_any_text = False

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
        if not self.takes_any_text and not is_storable_throughout(body):
            raise ParseError(_("The body holds a character that is not allowed."), code="character_not_allowed")
        return body


class AnyTextJSONParser(JSONParser):
    """The same for a call whose parts stand for themselves. Its view asks `is_storable_throughout` of each part, before
    anything reads, keeps or repeats it."""

    takes_any_text = True


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def is_storable_throughout(value: object) -> bool:
    """Whether PostgreSQL can hold every text in it: no NUL and no half of a surrogate pair, which JSON can spell."""
    waiting: list[Any] = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting.extend(each)
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
        elif isinstance(each, str) and not is_storable(each):
            return False
    return True


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can hold it as text."""
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
