"""Idempotency keys: a request that is sent again has one effect and gets the first answer again.

The claim on a key is committed before the work starts, so a second request sees it at once. While the first works the
second is told to wait; a first that crashed loses its claim when the lease runs out, and the next one takes over. It
may then find the work of the first already committed, so the action underneath must be safe to repeat: the key makes
the common repeats cheap and exact, it doesn't replace unique constraints.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.db import connection
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from milkdelivery.core.errors import DomainError
from milkdelivery.core.models import IdempotencyKey
from milkdelivery.core.outside import ensure_outside_transaction
from milkdelivery.core.web import caller_of

REPLAYED_HEADER = "Idempotency-Replayed"
LEASE = timedelta(seconds=60)
"""Longer than a web request may take: whoever holds a claim beyond it has crashed."""

KEPT = timedelta(hours=24)
RETRY_AFTER_SECONDS = 2
LONGEST_KEY = 255
LONGEST_OPERATION = 200


class KeyRequired(DomainError):
    code = "idempotency_key_required"
    status = 400


class KeyInvalid(DomainError):
    code = "idempotency_key_invalid"
    status = 400


class KeyReused(DomainError):
    code = "idempotency_key_reused"
    status = 422


class InProgress(DomainError):
    code = "idempotency_in_progress"
    status = 409


@dataclass(frozen=True, slots=True)
class Answer:
    """A kept answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_response(self) -> HttpResponse:
        response = HttpResponse(self.body, status=self.status)
        del response["Content-Type"]
        for name, value in self.headers.items():
            response[name] = value
        response[REPLAYED_HEADER] = "true"
        return response


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do the work of one key. `attempt` is above 1 when an earlier claim ran out: look before you act."""

    id: int
    key: str
    attempt: int

    def keep(self, answer: Answer) -> None:
        """Store the answer for repeats, unless another has taken the work over meanwhile."""
        self._mine().update(
            status=IdempotencyKey.Status.DONE,
            response_status=answer.status,
            response_headers=dict(answer.headers),
            response_body=answer.body,
        )

    def release(self) -> None:
        """Forget the key: nothing was done, and the same request may be tried again at once."""
        self._mine().delete()

    def _mine(self) -> Any:
        return IdempotencyKey.objects.filter(pk=self.id, attempt=self.attempt, status=IdempotencyKey.Status.RUNNING)


# One statement decides: a new key, a crashed one whose lease ran out, or one too old to be kept is ours; else nothing
# comes back. Real time, and the database's, so that all web machines agree.
_CLAIM = """
INSERT INTO core_idempotencykey AS held
    (caller, operation, key, request_hash, status, attempt, lease_until, response_headers, response_body, created_at)
VALUES (%(caller)s, %(operation)s, %(key)s, %(request_hash)s, 'RUNNING', 1, now() + %(lease)s, '{}', '', now())
ON CONFLICT (caller, operation, key) DO UPDATE SET
    request_hash = EXCLUDED.request_hash, status = 'RUNNING', attempt = held.attempt + 1,
    lease_until = EXCLUDED.lease_until, response_status = NULL, response_headers = '{}', response_body = '',
    created_at = EXCLUDED.created_at
WHERE (held.status = 'RUNNING' AND held.lease_until < now() AND held.request_hash = EXCLUDED.request_hash)
    OR (held.created_at < now() - %(kept)s AND held.lease_until < now())
RETURNING id, attempt
"""


def claim(*, caller: str, operation: str, key: str, request_hash: str) -> Claim | Answer:
    """The right to do the work now, or the answer that the first request got.

    Raises KeyInvalid, InProgress while the first one works, KeyReused when the key came with another request.
    Refuses inside a transaction: the claim must be visible to others before the work starts.
    """
    if not 0 < len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise KeyInvalid(_("The idempotency key must be 1 to 255 printable ASCII characters."))
    ensure_outside_transaction("claiming an idempotency key")
    operation = operation[:LONGEST_OPERATION]
    taken = _take(caller, operation, key, request_hash)
    if taken is not None:
        return taken
    held = IdempotencyKey.objects.filter(caller=caller, operation=operation, key=key).first()
    if held is None or (held.status == IdempotencyKey.Status.RUNNING and held.request_hash == request_hash):
        raise InProgress(_("The same request is being worked on."), retry_after=RETRY_AFTER_SECONDS)
    if held.request_hash != request_hash:
        raise KeyReused(_("This idempotency key was used for another request."))
    return Answer(held.response_status or 200, bytes(held.response_body), held.response_headers)


def _take(caller: str, operation: str, key: str, request_hash: str) -> Claim | None:
    parameters: dict[str, Any] = {
        "caller": caller,
        "operation": operation,
        "key": key,
        "request_hash": request_hash,
        "lease": LEASE,
        "kept": KEPT,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, parameters)
        row = cursor.fetchone()
    return Claim(row[0], key, row[1]) if row else None


CSRF_FIELD = "csrfmiddlewaretoken"
FORM_KEY = "form_key"
"""The hidden field of a form that counts once."""


def fresh_form_key() -> str:
    """For a form as it is drawn."""
    return str(uuid4())


class Landed(HttpResponseRedirect):
    """A form has done its work: where to go on, and what is said there."""

    def __init__(self, request: Any, where: str, words: str) -> None:
        super().__init__(where)
        self.words = words
        messages.success(request, words)


def answer_once(request: Any, work: Callable[[], HttpResponse], *, of: str = "") -> HttpResponse:
    """Answer a page's form that carries `FORM_KEY`: a second tap does nothing and is answered as the first was.

    A form without the key is one of a page from before there was one: it is worked on as it comes. `of` tells several
    forms of one page apart. Raises KeyInvalid, KeyReused where the same form says something else by now, InProgress.
    """
    key = request.POST.get(FORM_KEY, "")
    if not key:
        return work()
    operation = f"{request.method} {request.path} {of}"
    try:
        return submit_once(request, operation=operation, token=key, content=_content_of(request), work=work)
    except KeyReused as refusal:
        raise KeyReused(
            _("This form was sent already with other values, and they are saved. Send it again if this comes on top.")
        ) from refusal


def submit_once(
    request: Any,
    *,
    operation: str,
    token: str,
    work: Callable[[], HttpResponse],
    content: str = "form",
    patience: float = 5.0,
) -> HttpResponse:
    """The same for a page's form, by the random `token` it carries in a hidden field.

    Redirects are kept: a second tap lands where the first one did and reads the same there, waiting up to `patience`
    seconds for it. Any other answer (the form again, with errors) releases the token, so that a corrected form can be
    sent. Raises KeyRequired, KeyInvalid, KeyReused where `content` is another, InProgress.
    """
    if not token:
        raise KeyRequired(_("This form is out of date. Please send it once more."))
    caller = caller_of(request)
    outcome = _claim_patiently(patience, caller=caller, operation=operation, key=token, request_hash=content)
    if isinstance(outcome, Answer):
        if outcome.body:
            messages.success(request, outcome.body.decode())
        return Answer(outcome.status, b"", outcome.headers).to_response()
    try:
        response = work()
    except BaseException:
        outcome.release()
        raise
    if 300 <= response.status_code < 400:
        words = response.words if isinstance(response, Landed) else ""
        outcome.keep(Answer(response.status_code, words.encode(), {"Location": response["Location"]}))
    else:
        outcome.release()
    return response


def _content_of(request: Any) -> str:
    """SHA-256 of what the form says."""
    said = sorted((name, values) for name, values in request.POST.lists() if name not in (FORM_KEY, CSRF_FIELD))
    files = sorted((name, [(each.name, each.size) for each in found]) for name, found in request.FILES.lists())
    return sha256(repr((said, files)).encode()).hexdigest()


def _claim_patiently(patience: float, **identity: str) -> Claim | Answer:
    deadline = time.monotonic() + patience
    while True:
        try:
            return claim(**identity)
        except InProgress:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.1)
