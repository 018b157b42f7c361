"""A small demo dairy, made once for a module and rolled back behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction

from milkdelivery.core import clock

MORNING_OF = datetime.fromisoformat("2026-03-11T10:15+05:30")
"""A Wednesday. The morning's round is over, the evening's slot still takes orders."""


@contextmanager
def rolled_back() -> Iterator[None]:
    """A transaction that counts as the test's own: code under test may still ask to be outside of one."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Access for as long as the module runs, and no trace afterwards."""
    with django_db_blocker.unblock(), rolled_back(), clock.override(MORNING_OF):
        yield
