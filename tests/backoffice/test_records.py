"""Records with a form: what is saved goes through the app's action, with its event and its history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from cart.models import Checkout
from catalog.models import Category, PriceListEntry, Product
from deliveries.actions import schedule_delivery
from deliveries.models import Delivery, Driver, HubArea
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import DeliverySlot, Event, Holiday, Region
from tests.backoffice.forms import save
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.core import HolidayFactory, PincodeFactory
from tests.factories.deliveries import DriverFactory, HubAreaFactory, HubFactory
from tests.factories.orders import confirmed_order, placed_order
from tests.factories.world import World
from vendors.models import Offer, ServiceArea, Vendor

pytestmark = pytest.mark.django_db


def _add(model: str) -> str:
    return reverse(f"admin:{model}_add")


def _change(model: str, record: Any) -> str:
    return reverse(f"admin:{model}_change", args=(record.pk,))


def _url(page: str, record: Any) -> str:
    return reverse(f"admin:{page}", args=(record.pk,))


def _last_event(name: str) -> Event:
    return Event.objects.named(name).latest("pk")


# -- catalogue --------------------------------------------------------------------------------------------------------


def test_a_new_product_and_its_change_are_told_and_kept(admin_client: Client, world: World) -> None:
    category = world.products[0].category
    typed = {
        "name": "Buffalo milk",
        "slug": "buffalo-milk",
        "category": category.pk,
        "dietary_facts": ["A2", "ORGANIC"],
    }
    assert save(admin_client, _add("catalog_product"), **typed).status_code == 302
    product = Product.objects.get(slug="buffalo-milk")
    assert product.dietary_facts == ["A2", "ORGANIC"]
    assert product.created_by is not None
    assert _last_event("product.created").subject == f"product:{product.pk}"
    save(admin_client, _change("catalog_product", product), name="Buffalo milk, full cream")
    assert _last_event("product.updated").actor_id == product.created_by_id
    names = list(product.history.order_by("history_id").values_list("name", "history_user_id"))
    assert names == [("Buffalo milk", product.created_by_id), ("Buffalo milk, full cream", product.created_by_id)]


def test_saving_without_a_change_writes_nothing(admin_client: Client, world: World) -> None:
    product = world.products[0]
    events, versions = Event.objects.count(), product.history.count()
    assert save(admin_client, _change("catalog_product", product)).status_code == 302
    assert (Event.objects.count(), product.history.count()) == (events, versions)


def test_a_wrong_slug_keeps_what_was_typed(admin_client: Client, world: World) -> None:
    answer = save(admin_client, _add("catalog_product"), name="Lassi", slug=world.products[0].slug)
    assert answer.status_code == 200
    assert "Lassi" in answer.content.decode()
    assert not Product.objects.filter(name="Lassi").exists()


def test_a_product_is_taken_off_sale_and_put_back_never_deleted(admin_client: Client, world: World) -> None:
    product = world.products[0]
    assert (
        admin_client.post(reverse("admin:catalog_product_delete", args=(product.pk,)), {"post": "yes"}).status_code
        == 403
    )
    admin_client.post(reverse("admin:catalog_product_deactivate", args=(product.pk,)))
    product.refresh_from_db()
    assert not product.is_active
    assert _last_event("product.deactivated").subject == f"product:{product.pk}"
    admin_client.post(reverse("admin:catalog_product_activate", args=(product.pk,)))
    product.refresh_from_db()
    assert product.is_active


def test_products_are_taken_off_sale_together(admin_client: Client, world: World) -> None:
    url = reverse("admin:catalog_product_changelist")
    chosen = {"action": "deactivate_selected", "_selected_action": [product.pk for product in world.products[:2]]}
    assert "2 will change" in admin_client.post(url, chosen).content.decode()
    assert Product.objects.filter(is_active=True).count() == 3
    admin_client.post(url, {**chosen, "confirmed": "yes"})
    assert list(Product.objects.filter(is_active=True)) == [world.products[2]]


def test_a_price_is_announced(admin_client: Client, world: World) -> None:
    typed = {"variant": world.milk.pk, "region": world.region.pk, "price": "27.00", "valid_from": "2030-01-01"}
    assert save(admin_client, _add("catalog_pricelistentry"), **typed).status_code == 302
    entry = PriceListEntry.objects.get()
    assert entry.price.minor == 2700
    assert _last_event("price.changed").data["price"] == {"minor": 2700, "currency": "INR"}
    assert entry.history.count() == 1


def test_a_price_without_its_region_says_so(admin_client: Client, world: World) -> None:
    answer = save(
        admin_client, _add("catalog_pricelistentry"), variant=world.milk.pk, price="27.00", valid_from="2030-01-01"
    )
    assert answer.status_code == 200
    assert "This field is required" in answer.content.decode()


def test_a_category_is_saved_by_its_action(admin_client: Client) -> None:
    save(admin_client, _add("catalog_category"), name="Lassi", slug="lassi", illustration="other")
    assert _last_event("category.updated").subject == f"category:{Category.objects.get(slug='lassi').pk}"


# -- dairies ----------------------------------------------------------------------------------------------------------


def test_a_dairy_changes_its_pincodes_and_offers(admin_client: Client, world: World) -> None:
    other = PincodeFactory(code="560095", name="Koramangala 6th Block")
    url = _change("vendors_vendor", world.vendor)
    offer = Offer.objects.filter(vendor=world.vendor).earliest("pk")
    index = next(
        number for number, form in enumerate(_inline(admin_client, url, Offer).forms) if form.instance.pk == offer.pk
    )
    changes = {
        "service_areas-0-pincode": other.pk,
        f"offers-{index}-cost_price": "21.50",
    }
    assert save(admin_client, url, **changes).status_code == 302
    assert list(ServiceArea.objects.filter(vendor=world.vendor).values_list("pincode__code", flat=True)) == ["560095"]
    offer.refresh_from_db()
    assert offer.cost_price.minor == 2150
    assert _last_event("vendor.updated").subject == f"vendor:{world.vendor.pk}"


def _inline(client: Client, url: str, model: type) -> Any:
    inlines = client.get(url).context["inline_admin_formsets"]
    return next(inline.formset for inline in inlines if inline.formset.model is model)


def test_a_dairy_is_deactivated_and_activated(admin_client: Client, world: World) -> None:
    admin_client.post(reverse("admin:vendors_vendor_deactivate", args=(world.vendor.pk,)))
    assert not Vendor.objects.get(pk=world.vendor.pk).is_active
    assert _last_event("vendor.deactivated").subject == f"vendor:{world.vendor.pk}"
    admin_client.post(reverse("admin:vendors_vendor_activate", args=(world.vendor.pk,)))
    assert Vendor.objects.get(pk=world.vendor.pk).is_active


# -- on the road ------------------------------------------------------------------------------------------------------


def test_a_delivery_is_given_to_a_driver_of_its_hub(manager_client: Client, world: World) -> None:
    order = confirmed_order(basket=[(world.milk, 1)], slot=world.morning)
    drop = schedule_delivery(order, by=Actor.system("tests"))
    other, stranger = DriverFactory(hub=world.hub), DriverFactory()
    url = reverse("admin:deliveries_delivery_give_to_driver", args=(drop.pk,))
    assert "There is no such choice." in manager_client.post(url, {"driver": stranger.pk}).content.decode()
    assert manager_client.post(url, {"driver": other.pk}).status_code == 302
    assert Delivery.objects.get(pk=drop.pk).driver == other


def test_a_refusal_of_the_action_shows_at_its_field(admin_client: Client, world: World) -> None:
    person = UserFactory(name="Not A Driver")
    answer = save(admin_client, _add("deliveries_driver"), user=person.pk, hub=world.hub.pk)
    assert answer.status_code == 200
    assert "the role of a driver first" in str(answer.context["adminform"].form.errors["user"])
    assert not Driver.objects.filter(user=person).exists()


def test_a_hub_takes_a_pincode_that_no_other_hub_has(manager_client: Client, world: World) -> None:
    hub, free = HubFactory(), PincodeFactory(code="560095")
    HubAreaFactory(hub=hub, pincode=PincodeFactory(code="560096"))
    url = _change("deliveries_hub", hub)
    taken = save(manager_client, url, **{"areas-0-pincode": world.pincode.pk})
    assert taken.status_code == 200
    assert save(manager_client, url, **{"areas-0-pincode": free.pk}).status_code == 302
    assert list(HubArea.objects.filter(hub=hub).values_list("pincode__code", flat=True)) == ["560095"]


# -- people -----------------------------------------------------------------------------------------------------------


def test_staff_make_a_person_known_without_proving_anything(admin_client: Client) -> None:
    save(admin_client, _add("accounts_user"), name="Vikram Shetty", contact_email="Vikram@Example.com")
    person = User.objects.get(name="Vikram Shetty")
    assert (person.contact_email, person.email, person.has_usable_password()) == ("vikram@example.com", None, False)
    assert _last_event("user.registered").data["via"] == "staff"


def test_a_person_needs_a_contact(admin_client: Client) -> None:
    answer = save(admin_client, _add("accounts_user"), name="Vikram Shetty")
    assert "Enter an e-mail address or a phone number" in answer.content.decode()


def test_a_name_is_changed_and_its_history_kept(admin_client: Client) -> None:
    person = UserFactory(name="Asha Rao")
    save(admin_client, _change("accounts_user", person), name="Asha Rao-Iyer")
    assert User.objects.get(pk=person.pk).name == "Asha Rao-Iyer"
    assert _last_event("user.updated").data["fields"] == ["name"]
    page = admin_client.get(reverse("admin:accounts_user_history", args=(person.pk,))).content.decode()
    assert "Asha Rao-Iyer" in page


def test_an_admin_gives_a_role(admin_client: Client) -> None:
    person = UserFactory()
    admin_client.post(reverse("admin:accounts_user_change_role", args=(person.pk,)), {"role": "MANAGER"})
    assert User.objects.get(pk=person.pk).role == Role.MANAGER
    assert _last_event("user.role_changed").subject == f"user:{person.pk}"


def test_the_last_admin_stays_one(admin_client: Client) -> None:
    me = User.objects.get(groups__name=Role.ADMIN)
    answer = admin_client.post(reverse("admin:accounts_user_change_role", args=(me.pk,)), {"role": "CUSTOMER"})
    assert "last admin" in answer.content.decode()
    assert "last admin" in admin_client.post(reverse("admin:accounts_user_deactivate", args=(me.pk,))).content.decode()
    assert User.objects.get(pk=me.pk).role == Role.ADMIN


def test_a_person_is_deactivated(admin_client: Client) -> None:
    person = UserFactory()
    admin_client.post(reverse("admin:accounts_user_deactivate", args=(person.pk,)))
    assert not User.objects.get(pk=person.pk).is_active


def test_a_deactivated_person_is_let_in_again(admin_client: Client) -> None:
    person = UserFactory(is_active=False)
    page = admin_client.get(_change("accounts_user", person)).content.decode()
    assert "Let in again" in page
    assert reverse("admin:accounts_user_deactivate", args=(person.pk,)) not in page
    admin_client.post(reverse("admin:accounts_user_reactivate", args=(person.pk,)))
    assert User.objects.get(pk=person.pk).is_active
    assert _last_event("user.reactivated").subject == f"user:{person.pk}"
    admin_client.post(reverse("admin:accounts_user_reactivate", args=(person.pk,)))
    assert Event.objects.filter(name="user.reactivated").count() == 1


def test_a_manager_mends_an_address_and_forgets_one(world: World, manager_client: Client) -> None:
    address = AddressFactory(pincode="560038")
    url = _change("accounts_address", address)
    assert "not a pincode" in save(manager_client, url, pincode="ABC").content.decode()
    saved = save(manager_client, url, landmark="Behind the temple")
    assert saved.status_code == 302, saved.context["adminform"].form.errors
    address.refresh_from_db()
    assert address.landmark == "Behind the temple"
    manager_client.post(reverse("admin:accounts_address_forget", args=(address.pk,)))
    address.refresh_from_db()
    assert address.is_deleted


# -- markets ----------------------------------------------------------------------------------------------------------


def test_a_slot_opens_on_the_chosen_weekdays(admin_client: Client, world: World) -> None:
    url = _change("core_deliveryslot", world.morning)
    assert save(admin_client, url, open_weekdays=["0", "1", "2"]).status_code == 302
    assert DeliverySlot.objects.get(pk=world.morning.pk).open_weekdays == [0, 1, 2]
    assert _last_event("region.updated").data["part"] == f"slot:{world.morning.pk}"


def test_a_slot_ends_after_it_starts(admin_client: Client, world: World) -> None:
    answer = save(admin_client, _change("core_deliveryslot", world.morning), ends_at="04:00")
    assert "must end after it starts" in answer.content.decode()


def test_a_manager_closes_a_day_and_opens_it_again(manager_client: Client, world: World) -> None:
    day = clock.today(world.region) + timedelta(days=30)
    save(manager_client, _add("core_holiday"), region=world.region.pk, date=day.isoformat(), name="Founder's day")
    holiday = Holiday.objects.get(name="Founder's day")
    assert (
        manager_client.post(reverse("admin:core_holiday_delete", args=(holiday.pk,)), {"post": "yes"}).status_code
        == 302
    )
    assert not Holiday.objects.filter(pk=holiday.pk).exists()
    assert Event.objects.named("region.updated").count() == 2


def test_a_past_holiday_stays(manager_client: Client, world: World) -> None:
    past = HolidayFactory(region=world.region, date=clock.today(world.region) - timedelta(days=30))
    assert (
        manager_client.post(reverse("admin:core_holiday_delete", args=(past.pk,)), {"post": "yes"}).status_code == 403
    )


def test_a_region_refuses_what_would_break_the_shop(admin_client: Client, world: World) -> None:
    answer = save(admin_client, _change("core_region", world.region), postal_code_pattern="[1-9")
    assert "not a regular expression" in answer.content.decode()
    assert (
        save(admin_client, _change("core_region", world.region), delivery_fee="25.00", currency="XXX").status_code
        == 302
    )
    region = Region.objects.get(pk=world.region.pk)
    assert (region.delivery_fee.minor, region.currency) == (2500, "INR")


# -- checkouts --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_waiting_checkout_is_run_on(world: World) -> None:
    client = Client()
    client.force_login(UserFactory(role=Role.MANAGER))
    order = placed_order(
        basket=[(world.milk, 1)], slot=world.morning, delivery_date=clock.today(world.region) + timedelta(days=2)
    )
    checkout = Checkout.objects.create(
        order=order,
        payment_method="COD",
        state=Checkout.State.WAITING,
        waiting_for="payment",
        next_step="validate_profile",
        started_at=clock.now(),
    )
    answer = client.post(reverse("admin:cart_checkout_go_on", args=(checkout.pk,)))
    assert answer.status_code == 302
    checkout.refresh_from_db()
    order.refresh_from_db()
    assert (checkout.state, order.status) == (Checkout.State.DONE, "CONFIRMED")
