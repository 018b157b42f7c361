"""Who comes in, and how far."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import Variant
from milkdelivery.core.actors import Role
from milkdelivery.core.models import Event
from orders.models import Order
from tests.backoffice.conftest import client_of
from tests.backoffice.forms import save
from tests.factories.accounts import UserFactory
from tests.factories.orders import confirmed_order
from tests.factories.world import World

pytestmark = pytest.mark.django_db

OUTSIDERS = [Role.CUSTOMER, Role.VENDOR, Role.DRIVER]


def test_a_guest_is_sent_to_sign_in_and_comes_back() -> None:
    answer = client_of(None).get(reverse("admin:orders_order_changelist"), follow=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))
    assert "next=/admin/orders/order/" in answer.redirect_chain[-1][0]


def test_signing_in_never_leads_to_another_site() -> None:
    answer = client_of(None).get(reverse("admin:login"), {"next": "https://elsewhere.example/"})
    assert "elsewhere" not in answer["Location"]


@pytest.mark.parametrize("role", OUTSIDERS)
@pytest.mark.parametrize(
    "page", ["admin:index", "admin:orders_order_changelist", "admin:accounts_user_add", "admin:login"]
)
def test_other_roles_are_refused_on_record(role: Role, page: str) -> None:
    assert client_of(role).get(reverse(page)).status_code == 403
    assert Event.objects.named("access.denied").count() == 1


@pytest.mark.parametrize("role", OUTSIDERS)
def test_a_refused_pack_changes_nothing(role: Role, world: World) -> None:
    order = confirmed_order(basket=[(world.milk, 1)], slot=world.morning)
    assert client_of(role).post(reverse("admin:orders_order_pack", args=(order.pk,))).status_code == 403
    order.refresh_from_db()
    assert order.status == Order.Status.CONFIRMED


def test_a_manager_sees_prices_and_cannot_change_them(manager_client: Client, world: World) -> None:
    url = reverse("admin:catalog_variant_change", args=(world.milk.pk,))
    assert manager_client.get(url).status_code == 200
    assert manager_client.post(url, {"price": "1.00"}).status_code == 403
    assert manager_client.get(reverse("admin:catalog_pricelistentry_add")).status_code == 403
    assert Variant.objects.get(pk=world.milk.pk).price.minor == 2800


def test_a_manager_cannot_change_people(manager_client: Client) -> None:
    person = UserFactory(name="Asha Rao")
    assert (
        manager_client.post(reverse("admin:accounts_user_change", args=(person.pk,)), {"name": "X Y"}).status_code
        == 403
    )
    assert (
        manager_client.post(
            reverse("admin:accounts_user_change_role", args=(person.pk,)), {"role": "ADMIN"}
        ).status_code
        == 403
    )
    assert manager_client.post(reverse("admin:accounts_user_deactivate", args=(person.pk,))).status_code == 403
    person.refresh_from_db()
    assert (person.name, person.role, person.is_active) == ("Asha Rao", Role.CUSTOMER, True)


def test_an_admin_changes_a_price(admin_client: Client, world: World) -> None:
    url = reverse("admin:catalog_variant_change", args=(world.milk.pk,))
    assert save(admin_client, url, price="29.50").status_code == 302
    assert Variant.objects.get(pk=world.milk.pk).price.minor == 2950


@pytest.mark.parametrize(
    "page", ["auth/group", "account/emailaddress", "usersessions/usersession", "django_q/schedule"]
)
def test_pages_of_libraries_that_would_write_past_our_actions_are_not_there(page: str, admin_client: Client) -> None:
    assert admin_client.get(f"/admin/{page}/").status_code == 404


def test_the_sidebar_shows_what_the_role_may_see(manager_client: Client, admin_client: Client) -> None:
    for client in (manager_client, admin_client):
        page = client.get(reverse("admin:index")).content.decode()
        assert reverse("admin:orders_order_changelist") in page
        assert reverse("admin:accounts_user_changelist") in page


@pytest.mark.parametrize(
    "url", ["/admin/orders/order/add/", "/admin/inventory/stock/add/", "/admin/payments/payment/add/"]
)
def test_what_only_actions_write_has_no_form(url: str, admin_client: Client) -> None:
    assert admin_client.get(url).status_code == 403
