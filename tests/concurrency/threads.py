"""Several connections at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import connection


def in_threads(*works: Callable[[], object], seconds: float = 60) -> list[BaseException]:
    """Run each work in a thread with its own connection; what they raised."""
    problems: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
    return problems


class Meeting:
    """A point where threads wait for each other, for a moment: where a lock keeps one away, the others go on."""

    def __init__(self, parties: int, seconds: float = 1.0) -> None:
        self._barrier = threading.Barrier(parties, timeout=seconds)

    def wait(self) -> None:
        try:
            self._barrier.wait()
        except threading.BrokenBarrierError:
            return
