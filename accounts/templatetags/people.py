"""Pieces of pages about the person who looks."""

from typing import Any

from django import template
from django.urls import reverse

from accounts import queries
from accounts.rules import device_labels

register = template.Library()


@register.filter
def device_name(user_agent: str) -> str:
    """Browser and system of a User-Agent header, as people call them."""
    labels = device_labels(user_agent)
    return f"{labels.browser} {labels.os}".strip()


@register.inclusion_tag("accounts/nudge.html", takes_context=True)
def profile_nudge(context: dict[str, Any]) -> dict[str, Any]:
    """Reminds a household, once, of what is missing in their profile; nothing for anybody else."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if user is None or not queries.shows_profile_nudge(user):
        return {}
    gaps = queries.profile_gaps(user)
    only_name = [gap.code for gap in gaps] == ["name"]
    href = reverse("profile" if only_name else "address_new")
    return {"gaps": gaps, "href": href, "path": request.path, "csrf_token": context.get("csrf_token")}  # type: ignore[union-attr]
