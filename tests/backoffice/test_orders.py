"""Orders in the back office: found, read, packed, cancelled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from cart.models import Checkout, CheckoutStep
from deliveries.actions import schedule_delivery
from inventory.models import Stock
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import Event
from orders.actions import pack_order
from orders.models import Order, OrderStatusChange
from payments.actions import open_payment
from tests.factories.accounts import UserFactory
from tests.factories.orders import confirmed_order, packed_order, placed_order
from tests.factories.world import World

pytestmark = pytest.mark.django_db

SYSTEM = Actor.system("tests")
LIST = reverse("admin:orders_order_changelist")


def _order(world: World, **options: Any) -> Order:
    return confirmed_order(basket=[(world.milk, 2)], slot=world.morning, **options)


def _url(action: str, order: Order) -> str:
    return reverse(f"admin:orders_order_{action}", args=(order.pk,))


def _said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_one_page_tells_everything_about_an_order(admin_client: Client, world: World) -> None:
    customer = UserFactory(name="Lakshmi Menon", phone="+919845011111")
    order = _order(world, customer=customer)
    schedule_delivery(order, by=SYSTEM)
    open_payment(order, method="COD", by=SYSTEM)
    checkout = Checkout.objects.create(order=order, payment_method="COD", started_at=clock.now())
    CheckoutStep.objects.create(
        checkout=checkout, name="take_payment", attempt=2, outcome="ERROR", detail="no answer", occurred_at=clock.now()
    )
    page = admin_client.get(_url("change", order)).content.decode()
    for fact in (
        order.number,
        "Lakshmi Menon",
        "+919845011111",
        "Lake View",
        "Toned milk",
        str(world.vendor),
        "Why: score 45.0",
        order.grand_total.format(),
        "Cash on delivery",
        str(world.hub),
        str(world.driver),
        "no answer",
        "attempt 2",
    ):
        assert fact in page, fact


def test_an_order_page_is_to_read(admin_client: Client, world: World) -> None:
    order = _order(world)
    assert admin_client.post(_url("change", order), {"status": "DELIVERED"}).status_code == 403
    assert admin_client.post(_url("delete", order), {"post": "yes"}).status_code == 403
    order.refresh_from_db()
    assert order.status == Order.Status.CONFIRMED


def test_a_manager_packs_an_order(manager_client: Client, world: World) -> None:
    order = _order(world)
    assert "2 × Toned milk" in manager_client.get(_url("pack", order)).content.decode()
    order.refresh_from_db()
    assert order.status == Order.Status.CONFIRMED, "looking at the question changes nothing"
    assert manager_client.post(_url("pack", order)).status_code == 302
    order.refresh_from_db()
    assert order.status == Order.Status.PACKED
    assert Stock.objects.get(variant=world.milk).on_hand == 98
    assert Event.objects.named("order.packed").get().actor.role == "MANAGER"


def test_what_cannot_be_packed_says_why(manager_client: Client, world: World) -> None:
    order = placed_order(basket=[(world.milk, 1)], slot=world.morning)
    answer = manager_client.post(_url("pack", order))
    assert answer.status_code == 200
    assert "This order is not confirmed yet." in answer.content.decode()
    order.refresh_from_db()
    assert order.status == Order.Status.CREATED


def test_a_bulk_pack_shows_first_what_will_happen_to_each(manager_client: Client, world: World) -> None:
    ready, packed = _order(world), packed_order(basket=[(world.milk, 1)], slot=world.morning)
    placed = placed_order(basket=[(world.milk, 1)], slot=world.morning)
    chosen = [ready.pk, packed.pk, placed.pk]
    question = manager_client.post(LIST, {"action": "pack_selected", "_selected_action": chosen})
    page = question.content.decode()
    assert question.status_code == 200
    assert "3 chosen" in page
    assert "1 will change" in page
    assert "Packed already." in page
    assert "It is: Placed." in page
    ready.refresh_from_db()
    assert ready.status == Order.Status.CONFIRMED


def test_a_confirmed_bulk_pack_leaves_what_cannot_be_packed(manager_client: Client, world: World) -> None:
    ready, also = _order(world), _order(world)
    placed = placed_order(basket=[(world.milk, 1)], slot=world.morning)
    chosen = [ready.pk, also.pk, placed.pk]
    answer = manager_client.post(LIST, {"action": "pack_selected", "_selected_action": chosen, "confirmed": "yes"})
    assert _said(answer) == ["2 orders are packed."]
    assert [result.record.pk for result in answer.context["results"] if result.refusal] == [placed.pk]
    assert set(Order.objects.filter(pk__in=chosen).values_list("status", flat=True)) == {"PACKED", "CREATED"}


def test_cancelling_asks_for_a_reason_and_gives_everything_back(manager_client: Client, world: World) -> None:
    order = _order(world)
    assert "This field is required" in manager_client.post(_url("cancel", order), {"reason": " "}).content.decode()
    assert manager_client.post(_url("cancel", order), {"reason": "Household asked"}).status_code == 302
    order.refresh_from_db()
    assert order.status == Order.Status.CANCELLED
    assert Stock.objects.get(variant=world.milk).reserved == 0
    assert OrderStatusChange.objects.filter(order=order).latest("pk").reason == "Household asked"


def test_an_order_on_its_way_cannot_be_cancelled_and_keeps_what_was_typed(manager_client: Client, world: World) -> None:
    order = packed_order(basket=[(world.milk, 1)], slot=world.morning)
    Order.objects.filter(pk=order.pk).update(status=Order.Status.OUT_FOR_DELIVERY)
    page = manager_client.post(_url("cancel", order), {"reason": "Too late"}).content.decode()
    assert "already on its way" in page
    assert "Too late" in page
    order.refresh_from_db()
    assert order.status == Order.Status.OUT_FOR_DELIVERY


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("number", True),
        ("Lakshmi", True),
        ("menon 1204", True),
        ("98450 11111", True),
        ("lakshmi@example.com", True),
        ("Lake View", True),
        ("560034", True),
        ("Nobody", False),
        ("560099", False),
        ("M0000ZZ", False),
    ],
)
def test_an_order_is_found(term: str, found: bool, admin_client: Client) -> None:
    customer = UserFactory(name="Lakshmi Menon", phone="+919845011111", email="lakshmi@example.com")
    order = placed_order(customer=customer)
    page = admin_client.get(LIST, {"q": order.number if term == "number" else term}).content.decode()
    assert (_url("change", order) in page) is found


def test_to_pack_today_is_what_is_confirmed_for_today(admin_client: Client, world: World) -> None:
    today = clock.today(world.region)
    now, packed = _order(world, delivery_date=today), _order(world, delivery_date=today)
    later = _order(world, delivery_date=today + timedelta(days=1))
    pack_order(packed.pk, by=SYSTEM)
    page = admin_client.get(LIST, {"packing": "now"}).content.decode()
    assert _url("change", now) in page
    assert _url("change", packed) not in page
    assert _url("change", later) not in page


def test_an_unknown_order_is_not_found(admin_client: Client) -> None:
    assert admin_client.get(reverse("admin:orders_order_pack", args=(999_999,))).status_code == 404
    assert admin_client.get(reverse("admin:orders_order_cancel", args=("nonsense",))).status_code == 404
