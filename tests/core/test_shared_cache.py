"""The cache that all processes share, in the database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from milkdelivery.core.shared_cache import SharedCache
from milkdelivery.core.tasks import clean_cache

pytestmark = pytest.mark.django_db


@pytest.fixture
def cache() -> SharedCache:
    found = SharedCache("cache_entries", {})
    found.clear()
    return found


def rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cache_entries")
        return int(cursor.fetchone()[0])


def test_a_write_is_one_statement_new_or_known(cache: SharedCache) -> None:
    for value in ([1.5], {"a": "ü"}, None):
        with CaptureQueriesContext(connection) as asked:
            cache.set("key", value, 60)
        assert len(asked) == 1
        assert cache.get("key", "nothing") == value
    assert rows() == 1


def test_djangos_own_reads_the_same(cache: SharedCache) -> None:
    django = DatabaseCache("cache_entries", {})
    cache.set("forever", "ours", None)
    django.set("theirs", 2, 60)
    assert (django.get("forever"), cache.get("theirs")) == ("ours", 2)


def test_what_is_there_is_not_added_and_what_expired_is(cache: SharedCache) -> None:
    cache.set("key", 1, 60)
    assert not cache.add("key", 2, 60)
    cache.set("key", 1, -1)
    assert cache.get("key") is None
    assert cache.add("key", 2, 60)
    assert cache.incr("key") == 3


def test_what_expired_goes_and_the_rest_stays(cache: SharedCache) -> None:
    assert isinstance(caches["default"], SharedCache), "what the tests and a single machine run with"
    cache.set("old", 1, timedelta(hours=-1).total_seconds())
    cache.set("new", 1, 60)
    cache.set("forever", 1, None)
    clean_cache()
    assert rows() == 2
    assert cache.get("new") == cache.get("forever") == 1
