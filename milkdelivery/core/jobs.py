"""The one door to the job queue, for rooms that have something slow or outside to do."""

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

from django_q.models import Schedule
from django_q.tasks import async_task, schedule

from milkdelivery.core import clock


def enqueue(task: str, *args: Any) -> None:
    """Have the worker call the function at the dotted path `task`, at least once.

    Inside a transaction it is a row that commits or vanishes with it. The task must be safe to run twice.
    """
    async_task(task, *args)


def enqueue_later(task: str, *args: Any, after: timedelta) -> None:
    """The same, after so much real time, give or take a minute."""
    schedule(task, *args, schedule_type=Schedule.ONCE, next_run=clock.real_now() + after)


def one_by_one(ids: Collection[int], act: Callable[[int], object]) -> int:
    """Act on each; how many. One that raises holds up no other.

    What the last of those raised is raised at the end, so that the queue notes the task as failed and staff see why.
    """
    failed: Exception | None = None
    for each in ids:
        try:
            act(each)
        except Exception as problem:
            failed = problem
    if failed:
        raise failed
    return len(ids)
