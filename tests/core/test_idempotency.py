"""A request that is sent again: one effect, the same answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, transaction
from django.test import Client, RequestFactory

from milkdelivery.core import clock
from milkdelivery.core.api.idempotent import request_hash
from milkdelivery.core.errors import InvalidInput
from milkdelivery.core.idempotency import Answer, Claim, InProgress, KeyReused, claim
from milkdelivery.core.models import IdempotencyKey
from milkdelivery.core.tasks import clean_idempotency_keys
from tests.core.sample_api import work

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.sample_api")]

IDENTITY = {"caller": "user:1", "operation": "POST /pay", "key": "k-1", "request_hash": "a" * 64}


@pytest.fixture(autouse=True)
def _fresh_work() -> Iterator[None]:
    work.reset()
    yield
    work.reset()


@pytest.fixture
def patient_client() -> Client:
    return Client(raise_request_exception=False)


def pay(client: Client, key: str | None = "k-1", body: Any = None, **headers: str) -> Any:
    named = headers if key is None else {"Idempotency-Key": key, **headers}
    return client.post("/api/v1/payments/", json.dumps(body or {"order": 1}), "application/json", headers=named)


def held(**changes: Any) -> IdempotencyKey:
    row = IdempotencyKey.objects.get()
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()
    return row


def ago(**span: int) -> Any:
    return clock.real_now() - timedelta(**span)


def test_repeat_gets_the_first_answer_byte_for_byte(client: Client) -> None:
    first, second = pay(client), pay(client)
    assert work.done == [{"order": 1}]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert first["Content-Type"] == second["Content-Type"] == "application/json"
    assert second["Location"] == "/pay/1"
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"


def test_spelling_of_the_body_does_not_matter(client: Client) -> None:
    pay(client, body={"order": 1, "tip": 2})
    assert pay(client, body={"tip": 2, "order": 1}).status_code == 201
    assert len(work.done) == 1


def test_same_key_with_another_body_is_refused(client: Client) -> None:
    pay(client)
    answer = pay(client, body={"order": 2})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert len(work.done) == 1


def test_key_is_asked_for(client: Client) -> None:
    answer = pay(client, key=None)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    assert work.done == []


@pytest.mark.parametrize("key", ["x" * 256, "schlüssel", "a\tb"])
def test_key_must_be_plain(client: Client, key: str) -> None:
    answer = pay(client, key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_invalid")


def test_key_may_be_left_out_where_it_is_not_required(client: Client) -> None:
    assert client.delete("/api/v1/payments/").status_code == 204
    assert client.delete("/api/v1/payments/").status_code == 204
    assert len(work.done) == 2


def test_answer_without_a_body_is_repeated_too(client: Client) -> None:
    for _ in range(2):
        answer = client.delete("/api/v1/payments/", headers={"Idempotency-Key": "k"})
        assert (answer.status_code, answer.content) == (204, b"")
    assert len(work.done) == 1


def test_callers_do_not_share_keys(client: Client) -> None:
    pay(client, **{"X-Cart-Token": "anna"})
    assert "Idempotency-Replayed" not in pay(client, **{"X-Cart-Token": "ravi"})
    assert len(work.done) == 2
    assert not IdempotencyKey.objects.filter(caller__contains="anna").exists()


def test_refusal_is_repeated_in_the_same_words(client: Client) -> None:
    work.failure = InvalidInput("No milk on Sundays", field="date")
    first = pay(client)
    work.failure = None
    second = pay(client)
    assert (first.status_code, second.status_code) == (422, 422)
    assert first.content == second.content
    assert second["Content-Type"] == "application/problem+json"
    assert len(work.done) == 1


@pytest.mark.parametrize(("failure", "status"), [(OperationalError(), 503), (ZeroDivisionError(), 500)])
def test_failure_on_our_side_is_not_kept(patient_client: Client, failure: Exception, status: int) -> None:
    work.failure = failure
    assert pay(patient_client).status_code == status
    work.failure = None
    assert pay(patient_client).status_code == 201
    assert len(work.done) == 2


def test_while_the_first_works_the_second_is_told_to_wait(client: Client) -> None:
    pay(client)
    held(status="RUNNING")
    answer = pay(client)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_in_progress")
    assert answer["Retry-After"] == "2"
    assert len(work.done) == 1


def test_crashed_first_is_taken_over_after_its_lease(client: Client) -> None:
    pay(client)
    held(status="RUNNING", lease_until=ago(seconds=1))
    assert pay(client).status_code == 201
    assert len(work.done) == 2
    assert IdempotencyKey.objects.get().attempt == 2


def test_crashed_first_is_not_taken_over_by_another_request(client: Client) -> None:
    pay(client)
    held(status="RUNNING", lease_until=ago(seconds=1))
    assert pay(client, body={"order": 2}).json()["code"] == "idempotency_key_reused"


def test_answers_are_kept_for_a_day(client: Client) -> None:
    pay(client)
    held(created_at=ago(hours=23), lease_until=ago(hours=23))
    pay(client)
    assert len(work.done) == 1
    held(created_at=ago(hours=25), lease_until=ago(hours=25))
    assert pay(client, body={"order": 2}).status_code == 201
    assert len(work.done) == 2


def test_claim_must_be_visible_before_the_work() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="idempotency key"):
        claim(**IDENTITY)


def test_one_who_was_taken_over_can_not_answer_any_more() -> None:
    late = claim(**IDENTITY)
    assert isinstance(late, Claim)
    held(lease_until=ago(seconds=1))
    current = claim(**IDENTITY)
    assert isinstance(current, Claim)
    late.keep(Answer(500, b"late"))
    late.release()
    with pytest.raises(InProgress):
        claim(**IDENTITY)
    current.keep(Answer(201, b"current"))
    assert claim(**IDENTITY) == Answer(201, b"current")
    with pytest.raises(KeyReused):
        claim(**{**IDENTITY, "request_hash": "b" * 64})


def test_old_keys_are_forgotten() -> None:
    claim(**IDENTITY)
    claim(**{**IDENTITY, "key": "k-2"})
    IdempotencyKey.objects.filter(key="k-1").update(created_at=ago(hours=25))
    assert clean_idempotency_keys() == 1
    assert [row.key for row in IdempotencyKey.objects.all()] == ["k-2"]


def test_files_count_by_their_content() -> None:
    def hashed(content: bytes) -> str:
        request = RequestFactory().post("/", {"proof": SimpleUploadedFile("a.jpg", content), "note": "x"})
        request.data = request.POST.copy()  # type: ignore[attr-defined]
        request.data.update(request.FILES)  # type: ignore[attr-defined]
        return request_hash(request)

    assert hashed(b"one") == hashed(b"one")
    assert hashed(b"one") != hashed(b"two")


# -- forms of pages --------------------------------------------------------------------------------------------------


def test_second_tap_lands_where_the_first_did(client: Client) -> None:
    first = client.post("/form/", {"form_token": "t-1"})
    second = client.post("/form/", {"form_token": "t-1"})
    assert (first.status_code, first["Location"]) == (302, "/thanks/1/")
    assert (second.status_code, second["Location"]) == (302, "/thanks/1/")
    assert len(work.done) == 1


def test_form_that_came_back_with_errors_can_be_sent_again(client: Client) -> None:
    assert client.post("/form/", {"form_token": "t-1", "bad": "1"}).status_code == 200
    assert client.post("/form/", {"form_token": "t-1"})["Location"] == "/thanks/2/"


def test_form_that_broke_can_be_sent_again(patient_client: Client) -> None:
    work.failure = OperationalError()
    assert patient_client.post("/form/", {"form_token": "t-1"}).status_code == 503
    work.failure = None
    assert patient_client.post("/form/", {"form_token": "t-1"}).status_code == 302
