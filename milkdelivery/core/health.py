"""Health answers for load balancers and the supervisor. They say little, since anybody may ask."""

from __future__ import annotations

from functools import cache

from django.core.cache import cache as shared_cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

WORKER_HEARTBEAT = "health:worker"
HEARTBEAT_SECONDS = 60  # a worker that has not been heard of for so long counts as away


@require_safe
@never_cache
def alive(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """The process can serve: the database is there and migrated. A missing worker is told, not a reason to fail."""
    try:
        if not _migrated():
            return JsonResponse({"status": "migrations pending"}, status=503)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        worker = "ok" if shared_cache.get(WORKER_HEARTBEAT) else "away"
    except DatabaseError:
        return JsonResponse({"status": "database unavailable"}, status=503)
    return JsonResponse({"status": "ok", "worker": worker})


def beat() -> None:
    """Called by the worker now and then to say that it lives."""
    shared_cache.set(WORKER_HEARTBEAT, 1, HEARTBEAT_SECONDS)


def _migrated() -> bool:
    """Whether every migration is applied; asked until it is true once."""
    if _pending():
        _pending.cache_clear()
        return False
    return True


@cache
def _pending() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
