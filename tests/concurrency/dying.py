"""A copy of this process that is killed in the middle of something, as kill -9 does it.

It is forked and not started anew: a proof that dies at each single statement takes hundreds of them.
"""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from typing import Any

from django.core.management import call_command
from django.db import connection

from tests.emptying import ReferenceRows, may_restore
from tests.kept import forget_everything


def killed_at_statement(number: int, work: Callable[[], object]) -> bool:
    """Do it in a copy of this process that dies just before the statement of that number, from 1.

    Whether it died: False where it has fewer statements and came to its end. Raises AssertionError where it failed.
    """
    connection.close()  # the copy must not speak on our line
    child = os.fork()
    if child == 0:
        _live_until(number, work)
    _pid, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the copy failed; what it said is above"
    return False


def _live_until(number: int, work: Callable[[], object]) -> None:
    statements = iter(range(1, number))

    def counted(execute: Callable[..., Any], *args: Any) -> Any:
        if next(statements, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*args)

    try:
        with connection.execute_wrapper(counted):
            work()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def lives(once: Callable[[], bool]) -> int:
    """Do it again and again, each time as in a test of its own, until it says no; how often it said yes."""
    rows = ReferenceRows.taken() if may_restore() else None
    number = 0
    while once():
        number += 1
        if rows:
            rows.restore()
        else:
            call_command("flush", verbosity=0, interactive=False)
        forget_everything()
    return number
