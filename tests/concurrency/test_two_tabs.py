"""Two people press save on one record of the back office at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from milkdelivery.backoffice import meanwhile
from milkdelivery.core.actors import Role
from tests.backoffice.conftest import client_of
from tests.backoffice.forms import fill
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.world import small_world

pytestmark = pytest.mark.django_db(transaction=True)


def race(monkeypatch: pytest.MonkeyPatch, field: str, *values: str) -> tuple[list[Any], Any]:
    """Everybody compares with what their page showed, and then everybody saves; the answers, and the product."""
    world = small_world()
    product = world.products[0]
    url = reverse("admin:catalog_product_change", args=[product.pk])
    clients = [client_of(Role.ADMIN) for _ in values]
    typed = [fill(client.get(url), **{field: value}) for client, value in zip(clients, values, strict=True)]
    meeting, look, answers = Meeting(len(values)), meanwhile._changed_meanwhile, []

    def slow(request: Any) -> Any:
        found = look(request)
        meeting.wait()
        return found

    monkeypatch.setattr(meanwhile, "_changed_meanwhile", slow)

    def work(client: Client, data: dict[str, Any]) -> Callable[[], object]:
        return lambda: answers.append(client.post(url, data))

    assert in_threads(*(work(client, data) for client, data in zip(clients, typed, strict=True))) == []
    product.refresh_from_db()
    return [answer.status_code for answer in answers], product


def test_without_the_lock_one_of_them_is_lost_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meanwhile, "hold", lambda model, key: True)
    answers, _product = race(monkeypatch, "description", "Tab one", "Tab two")
    assert answers == [302, 302]


@pytest.mark.parametrize("field", ["description", "variants-0-position"])
def test_one_is_saved_and_the_other_is_told(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    answers, product = race(monkeypatch, field, "7", "8")
    assert sorted(answers) == [200, 302]
    kept = product.description if field == "description" else str(product.variants.get().position)
    assert kept in ("7", "8")
