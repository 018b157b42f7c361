"""When a delivery can be rated."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from milkdelivery.core.errors import DomainError, InvalidInput

MOST_STARS = 5
RATE_WITHIN = timedelta(days=30)
"""Of the delivery. After that nobody remembers this one."""

CHANGE_WITHIN = timedelta(days=1)
"""Of the first rating."""


class NotRatable(DomainError):
    """It was not delivered, or too long ago."""

    code = "rating_not_possible"


class RatingKept(DomainError):
    """It was rated before, and can't be changed any more."""

    code = "rating_kept"


def ensure_ratable(*, delivered_at: datetime | None, rated_at: datetime | None, now: datetime) -> None:
    """Raises NotRatable and RatingKept. `delivered_at` is None for what was not brought."""
    if delivered_at is None:
        raise NotRatable(_("Only what was delivered can be rated."))
    if rated_at is None:
        if now > delivered_at + RATE_WITHIN:
            raise NotRatable(_("This delivery was too long ago to rate it."))
    elif now > rated_at + CHANGE_WITHIN:
        raise RatingKept(_("You rated this delivery already. A rating can be changed for a day."))


def ensure_stars(stars: int) -> None:
    """Raises InvalidInput."""
    if not 1 <= stars <= MOST_STARS:
        raise InvalidInput(_("Give one to five stars."), field="stars")
