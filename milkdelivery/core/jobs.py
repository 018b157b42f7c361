"""The one door to the job queue, for rooms that have something slow or outside to do."""

from typing import Any

from django_q.tasks import async_task


def enqueue(task: str, *args: Any) -> None:
    """Have the worker call the function at the dotted path `task`, at least once.

    Inside a transaction it is a row that commits or vanishes with it. The task must be safe to run twice.
    """
    async_task(task, *args)
