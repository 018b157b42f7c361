"""A pump in a process of its own that dies at a given point. Started by test_pump.py: DATABASE POINT."""

from __future__ import annotations

import os
import signal
import sys

import django
from django.conf import settings

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    django.setup()

from django.db import transaction

from milkdelivery.core.eventlog import Envelope
from milkdelivery.core.eventlog.chunks import deliver_chunk
from milkdelivery.core.eventlog.pump import drain
from milkdelivery.core.eventlog.registry import registry
from tests.core.samples import BottleFilled, subscribed, write_effect


def die() -> None:
    """As kill -9 does: nothing is flushed, rolled back or closed."""
    os.kill(os.getpid(), signal.SIGKILL)


def write_and_die(envelope: Envelope[BottleFilled]) -> None:
    write_effect(envelope)
    die()


def die_of_the_second(envelope: Envelope[BottleFilled]) -> None:
    write_effect(envelope)
    if envelope.event.bottle_id == 2:
        die()


def run(point: str) -> None:
    if point == "at_the_second_bottle":
        with subscribed("tests.killed", die_of_the_second):
            drain(ignore_backoff=True)
        return
    handler = write_and_die if point == "after_the_write" else write_effect
    with subscribed("tests.killed", handler):
        with transaction.atomic():
            deliver_chunk(registry["tests.killed"])
            if point == "after_the_receipt":
                die()
        die()


if __name__ == "__main__":
    run(sys.argv[2])
