"""Serving the pictures of products."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, HttpResponseNotModified
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from catalog.images import path_of

YEAR = 365 * 86_400
"""Seconds."""
KEPT = f"public, max-age={YEAR}, immutable"


@require_safe
def picture(request: HttpRequest, stem: str, width: str) -> HttpResponseBase:
    """One file of a picture. An address never shows anything else, so whoever has it need not ask again."""
    tag = f'"{stem}-{width}"'
    if tag in parse_etags(request.headers.get("If-None-Match", "")):
        answer: HttpResponseBase = HttpResponseNotModified()
    else:
        try:
            answer = FileResponse(default_storage.open(path_of(stem, int(width))), content_type="image/webp")
        except FileNotFoundError as missing:
            raise Http404("no such picture") from missing
    answer.headers["Cache-Control"] = KEPT
    answer.headers["ETag"] = tag
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer
