"""What stands around every page of the back office."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import translation

pytestmark = pytest.mark.django_db

SHOWN = sorted({model._meta.app_label for model in admin.site._registry})


@pytest.mark.parametrize("label", SHOWN)
def test_the_way_to_a_record_is_named_in_words_that_are_translated(label: str) -> None:
    """Breadcrumbs show the app's name: one of ours, not the name of a Python package."""
    name = apps.get_app_config(label).verbose_name
    assert not isinstance(name, str), "give the app config a verbose_name through gettext_lazy"


def test_a_shelfs_breadcrumbs_speak_hindi(admin_client: Client) -> None:
    with translation.override("hi"):
        expected = str(apps.get_app_config("inventory").verbose_name)
        page = admin_client.get(reverse("admin:inventory_stock_changelist"), headers={"accept-language": "hi"})
    assert expected != "Dairies and stock"
    assert expected in page.content.decode()


def test_a_page_with_an_entry_of_its_own_is_not_its_list(admin_client: Client) -> None:
    page = admin_client.get(reverse("admin:deliveries_route_desk"))
    items = [item for section in page.context["sidebar_navigation"] for item in section["items"]]
    assert [item["title"] for item in items if item["active"]] == ["Dispatch"]
