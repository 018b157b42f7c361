"""Every list of the back office: it opens, and what it asks of the database does not grow with its rows."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.backoffice.rows import MAKERS

pytestmark = pytest.mark.django_db

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)


def _list(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def _queries(client: Client, url: str) -> int:
    """Of the second look: the first one fills what the process keeps, such as the region book."""
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url)
    assert response.status_code == 200
    return len(captured)


def test_every_list_has_rows_to_be_tested_with() -> None:
    assert set(REGISTERED) == set(MAKERS)


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_a_list_asks_as_much_for_200_rows_as_for_10(model: type[Model], admin_client: Client) -> None:
    make: Any = MAKERS[model]
    make(1000, 10)
    few = _queries(admin_client, _list(model))
    make(2000, 190)
    assert _queries(admin_client, _list(model)) == few


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_no_column_of_a_list_is_hidden_by_a_field_of_its_name(model: type[Model]) -> None:
    """Django shows a model's field before a method of the admin: what the method says would never be seen."""
    listed = admin.site.get_model_admin(model)
    fields = {field.name for field in model._meta.get_fields()}
    written = {name for name in listed.list_display if isinstance(name, str) and hasattr(type(listed), name)}
    assert not written & fields


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_search_and_every_record_page_open(model: type[Model], admin_client: Client) -> None:
    MAKERS[model](3000, 2)
    options = model._meta
    assert admin_client.get(_list(model), {"q": "Row 3001"}).status_code == 200
    for record in model._default_manager.all()[:2]:
        url = reverse(f"admin:{options.app_label}_{options.model_name}_change", args=(record.pk,))
        page = admin_client.get(url)
        assert page.status_code == 200
        assert "(&#x27;" not in page.content.decode()  # what a list shows as a label is words here
    if admin.site.get_model_admin(model).has_add_permission(_request_of(admin_client)):
        assert admin_client.get(reverse(f"admin:{options.app_label}_{options.model_name}_add")).status_code == 200


def _request_of(client: Client) -> Any:
    return client.get(reverse("admin:index")).wsgi_request


@pytest.mark.parametrize("sent", ["abc", "1" * 30, "-1", "१", "\x00"])
@pytest.mark.parametrize(
    ("page", "field"),
    [
        ("catalog_promotion", "categories"),
        ("catalog_promocode", "promotion"),
        ("catalog_pricelistentry", "variant"),
        ("catalog_variant", "product"),
    ],
)
def test_what_is_chosen_by_search_is_no_fault_of_the_page(
    admin_client: Client, page: str, field: str, sent: str
) -> None:
    answer = admin_client.post(reverse(f"admin:{page}_add"), {field: sent})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors[field]
