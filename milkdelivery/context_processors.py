"""What every template knows."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def brand(request: HttpRequest) -> dict[str, str]:
    """``BRAND_NAME``, the name of the shop."""
    return {"BRAND_NAME": settings.BRAND_NAME}
