"""Hubs, their areas and drivers, and the drop of an order."""

from __future__ import annotations

from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from deliveries.models import Delivery, Driver, Hub, HubArea
from milkdelivery.core import clock
from milkdelivery.core.actors import Role
from tests.factories.accounts import UserFactory
from tests.factories.core import PincodeFactory, RegionFactory


class HubFactory(DjangoModelFactory):
    class Meta:
        model = Hub

    name = factory.Sequence(lambda n: f"Koramangala hub {n}")
    region = factory.SubFactory(RegionFactory)
    address = "5th Block, Koramangala, Bengaluru"
    latitude = Decimal("12.93500")
    longitude = Decimal("77.62400")


class HubAreaFactory(DjangoModelFactory):
    class Meta:
        model = HubArea
        django_get_or_create = ("pincode",)

    hub = factory.SubFactory(HubFactory)
    pincode = factory.SubFactory(PincodeFactory)


class DriverFactory(DjangoModelFactory):
    class Meta:
        model = Driver

    user = factory.SubFactory(UserFactory, role=Role.DRIVER)
    hub = factory.SubFactory(HubFactory)


class DeliveryFactory(DjangoModelFactory):
    """A drop that nobody has taken yet. Give the `order`; date and slot follow it."""

    class Meta:
        model = Delivery

    hub = factory.SubFactory(HubFactory)
    delivery_date = factory.LazyAttribute(lambda drop: drop.order.delivery_date)
    slot = factory.LazyAttribute(lambda drop: drop.order.slot)
    created_at = factory.LazyFunction(clock.now)
