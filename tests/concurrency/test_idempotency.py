"""The same key over two connections at once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from milkdelivery.core.models import IdempotencyKey
from tests.core.sample_api import work

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.core.sample_api")]


@pytest.fixture(autouse=True)
def _slow_work() -> Iterator[None]:
    work.reset()
    work.go_on.clear()
    yield
    work.reset()


def post_in_thread(path: str, answers: list[Any]) -> threading.Thread:
    def send() -> None:
        try:
            if path == "/form/":
                answers.append(Client().post(path, {"form_token": "t-1"}))
            else:
                body = json.dumps({"order": 1})
                answers.append(Client().post(path, body, "application/json", headers={"Idempotency-Key": "k-1"}))
        finally:
            connection.close()

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def both(path: str) -> list[Any]:
    """Send twice, the second while the first is in the middle of its work."""
    answers: list[Any] = []
    first = post_in_thread(path, answers)
    assert work.started.wait(10)
    work.started.clear()
    second = post_in_thread(path, answers)
    work.started.wait(0.5)
    work.go_on.set()
    first.join(10)
    second.join(10)
    return answers


def test_without_the_claim_both_do_the_work() -> None:
    answers = both("/api/v1/unguarded/")
    assert [answer.status_code for answer in answers] == [201, 201]
    assert len(work.done) == 2


def test_with_the_claim_one_works_and_the_other_is_told_to_wait() -> None:
    answers = both("/api/v1/payments/")
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert len(work.done) == 1
    assert IdempotencyKey.objects.get().status == IdempotencyKey.Status.DONE


def test_second_tap_on_a_form_waits_and_lands_where_the_first_did() -> None:
    answers = both("/form/")
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, "/thanks/1/")] * 2
    assert len(work.done) == 1


def test_first_claim_of_many_at_once_wins() -> None:
    work.go_on.set()
    answers: list[Any] = []
    threads = [post_in_thread("/api/v1/payments/", answers) for _ in range(8)]
    for thread in threads:
        thread.join(20)
    assert len(work.done) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert sum("Idempotency-Replayed" not in answer for answer in answers if answer.status_code == 201) == 1
