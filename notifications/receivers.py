"""What ends with a sign-out."""

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest

from accounts.queries import device_of as known_device
from milkdelivery.core.web import actor_of, device_of
from notifications.actions import end_pushes


def connect() -> None:
    user_logged_out.connect(stop_pushing, dispatch_uid="notifications.stop_pushing")


def stop_pushing(request: HttpRequest, user: Any, **_: Any) -> None:
    """Whoever has this browser next must not read what the person is told."""
    if user is not None and user.is_authenticated:
        end_pushes(user.pk, device_id=known_device(user.pk, device_of(request)), by=actor_of(request))
