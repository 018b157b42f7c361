"""Clean-up, run now and then by the worker. Safe to run twice and together: each removes what is old by state."""

from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.core.cache import caches
from django.db.models import QuerySet

from milkdelivery.core import clock
from milkdelivery.core.idempotency import KEPT, LEASE
from milkdelivery.core.models import EventDelivery, IdempotencyKey
from milkdelivery.core.shared_cache import SharedCache

CHUNK = 5_000
CHUNKS_PER_RUN = 100


def clean_event_deliveries() -> int:
    """Forget receipts that are older than EVENT_DELIVERY_DAYS; how many. The events themselves stay."""
    before = clock.real_now() - timedelta(days=settings.EVENT_DELIVERY_DAYS)
    return _delete_in_chunks(EventDelivery.objects.finished_before(before).order_by("done_at"))


def clean_idempotency_keys() -> int:
    """Forget keys whose answers are no longer kept; how many."""
    before = clock.real_now() - KEPT - LEASE
    return _delete_in_chunks(IdempotencyKey.objects.created_before(before).order_by("created_at"))


def clean_sessions() -> None:
    """Forget the sessions that have expired."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()


def clean_cache() -> None:
    """Forget what expired in the shared cache, where that is kept in the database."""
    cache = caches["default"]
    if isinstance(cache, SharedCache):
        cache.forget_expired()


def _delete_in_chunks(old: QuerySet) -> int:
    """Short transactions: what isn't reached now is reached by the next run."""
    deleted = 0
    for _ in range(CHUNKS_PER_RUN):
        ids = list(old.values_list("pk", flat=True)[:CHUNK])
        if not ids:
            break
        deleted += old.model.objects.filter(pk__in=ids).delete()[0]
    return deleted
