"""What every template knows."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import cast

from django.conf import settings
from django.http import HttpRequest

from accounts.models import User
from milkdelivery.shopping import Shopping


def brand(request: HttpRequest) -> dict[str, str]:
    """``BRAND_NAME``, the name of the shop."""
    return {"BRAND_NAME": settings.BRAND_NAME}


def shell(request: HttpRequest) -> dict[str, object]:
    """``shell``, what the frame around a page shows. Nothing is read before a template asks.

    In a page that will be kept, ``gaps`` too, and the token of its forms is one of them.
    """
    shopping: Shopping | None = getattr(request, "shopping", None)
    gaps = shopping.gaps if shopping else None
    context: dict[str, object] = {"shell": Shell(request)}
    return context | {"gaps": gaps, "csrf_token": gaps.csrf_token} if gaps else context


class Shell:
    """The frame's facts. Each is empty where the request was refused too early to know."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._shopping: Shopping | None = getattr(request, "shopping", None)

    @property
    def cart_count(self) -> int:
        return self._shopping.cart_count if self._shopping else 0

    @property
    def pincode(self) -> str:
        found = self._shopping.pincode if self._shopping else None
        return found.code if found else ""

    @property
    def locality(self) -> str:
        found = self._shopping.pincode if self._shopping else None
        return found.name if found else ""

    @property
    def region(self) -> str:
        return self._shopping.region.name if self._shopping else ""

    @property
    def today(self) -> date | None:
        """The business date where the reader is."""
        return self._shopping.today if self._shopping else None

    @cached_property
    def person_name(self) -> str:
        user = getattr(self._request, "user", None)
        if user is None or not user.is_authenticated:
            return ""
        person = cast(User, user)
        return person.get_short_name() or person.contact

    @property
    def unread(self) -> int:
        """Messages in the person's bell that wait to be read."""
        user = getattr(self._request, "user", None)
        return cast(User, user).unread_count if user is not None and user.is_authenticated else 0

    @property
    def is_demo(self) -> bool:
        return settings.MILK_ENV == "demo"
