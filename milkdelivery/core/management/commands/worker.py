"""The worker process: the job queue's cluster and the event pump."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, close_old_connections
from django_q.cluster import Cluster

from milkdelivery.core import health
from milkdelivery.core.eventlog import pump

logger = structlog.get_logger(__name__)

BEAT_SECONDS = 15.0
LOOK_SECONDS = 1.0


class Command(BaseCommand):
    """``manage.py worker`` runs until it is told to stop, or until a part of it dies."""

    help = "Runs the job queue and delivers events."
    requires_migrations_checks = True

    def handle(self, *args: Any, **options: Any) -> None:
        """Start both parts, beat, and stop both on SIGTERM or Ctrl-C. A running job may end first."""
        stop = threading.Event()
        # The cluster forks, so it comes before the thread of the pump.
        cluster = Cluster()
        cluster.start()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        pumping = threading.Thread(target=pump.run_forever, args=[stop], name="event-pump")
        pumping.start()
        logger.info("worker_started")
        try:
            self._watch(stop, cluster, pumping)
        finally:
            stop.set()
            cluster.stop()
            pumping.join()
            logger.info("worker_stopped")

    def _watch(self, stop: threading.Event, cluster: Cluster, pumping: threading.Thread) -> None:
        """Beat until told to stop. Raises CommandError when a part has died, so that the supervisor starts anew."""
        parent = os.getppid()
        next_beat = 0.0
        while not stop.wait(LOOK_SECONDS):
            if not cluster.sentinel.is_alive():
                raise CommandError("the job queue died")
            if not pumping.is_alive():
                raise CommandError("the event pump died")
            if os.getppid() != parent:
                return  # whoever started us was killed
            if time.monotonic() >= next_beat:
                self._beat()
                next_beat = time.monotonic() + BEAT_SECONDS

    @staticmethod
    def _beat() -> None:
        close_old_connections()
        try:
            health.beat()
        except DatabaseError as error:
            logger.warning("heartbeat_failed", error=str(error))
