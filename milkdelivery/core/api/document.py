"""The OpenAPI document, and pages that make it readable. Everything comes from our own files."""

import json
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import override
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularSwaggerSplitView

from milkdelivery.core.api.kept import tagged

CONTENT_TYPE = "application/vnd.oai.openapi+json"
LANGUAGE = "en"


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """The document, in JSON. It is the same until the next release, so it is made once in a process."""
    answer = tagged(request, document())
    if answer.status_code == 200:
        answer["Content-Type"] = CONTENT_TYPE
    patch_vary_headers(answer, ["Accept-Encoding"])
    return answer


@lru_cache(maxsize=1)
def document() -> bytes:
    with override(LANGUAGE):
        made: Any = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return json.dumps(made, ensure_ascii=False, separators=(",", ":"), default=str).encode()


class Docs(SpectacularSwaggerSplitView):
    """The document as pages to read and to try. The start of its script is a file of its own: no inline code."""

    url_name = "api-schema"
    template_name = "api/docs.html"
