"""Two tabs at one record: the later one is told before it wins, and loses nothing that was typed."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from milkdelivery.backoffice.base import SEEN
from tests.backoffice.forms import fill
from tests.factories.promotions import PromotionFactory
from tests.factories.world import World

MEANWHILE = "Somebody else saved this meanwhile"


@pytest.mark.parametrize(
    ("model", "field"), [("catalog_product", "description"), ("vendors_vendor", "phone"), ("catalog_promotion", "name")]
)
def test_the_later_tab_is_told_and_keeps_what_was_typed(
    admin_client: Client, world: World, model: str, field: str
) -> None:
    records = {"catalog_product": world.products[0], "vendors_vendor": world.vendor}
    record = records.get(model) or PromotionFactory()
    first, second = ("+919812345671", "+919812345672") if field == "phone" else ("Tab one", "Tab two")
    url = reverse(f"admin:{model}_change", args=[record.pk])
    page = admin_client.get(url)
    assert f'name="{SEEN}"' in page.content.decode()
    one, two = fill(page, **{field: first}), fill(page, **{field: second})

    assert admin_client.post(url, one).status_code == 302
    refused = admin_client.post(url, two)
    assert refused.status_code == 200
    assert MEANWHILE in refused.content.decode()
    assert refused.context["adminform"].form[field].value() == second
    record.refresh_from_db()
    assert getattr(record, field) == first

    assert admin_client.post(url, fill(refused)).status_code == 302
    record.refresh_from_db()
    assert getattr(record, field) == second


def test_one_tab_saves_again_and_again(admin_client: Client, world: World) -> None:
    url = reverse("admin:catalog_product_change", args=[world.products[0].pk])
    for words in ("One", "Two"):
        assert admin_client.post(url, fill(admin_client.get(url), description=words)).status_code == 302
