"""Dairies with what they offer and where."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from tests.factories.accounts import UserFactory
from tests.factories.catalog import VariantFactory
from tests.factories.core import PincodeFactory, RegionFactory
from vendors.models import CapacityUse, Offer, ServiceArea, Vendor, VendorMember


class VendorFactory(DjangoModelFactory):
    class Meta:
        model = Vendor

    name = factory.Sequence(lambda n: f"Nandini Dairy {n}")
    region = factory.SubFactory(RegionFactory)
    email = factory.Sequence(lambda n: f"dairy{n}@example.com")
    phone = factory.Sequence(lambda n: f"+9180{n:08d}")
    address = "12 Hosur Road, Bengaluru"
    pincode = "560034"
    latitude = Decimal("12.93000")
    longitude = Decimal("77.62000")
    rating = Decimal("4.50")
    fssai_licence = factory.Sequence(lambda n: f"1122{n:010d}")


class ServiceAreaFactory(DjangoModelFactory):
    class Meta:
        model = ServiceArea
        django_get_or_create = ("vendor", "pincode")

    vendor = factory.SubFactory(VendorFactory)
    pincode = factory.SubFactory(PincodeFactory)


class OfferFactory(DjangoModelFactory):
    """`cost_price` in paise."""

    class Meta:
        model = Offer
        django_get_or_create = ("vendor", "variant")

    vendor = factory.SubFactory(VendorFactory)
    variant = factory.SubFactory(VariantFactory)
    cost_price = 2200


class VendorMemberFactory(DjangoModelFactory):
    class Meta:
        model = VendorMember

    vendor = factory.SubFactory(VendorFactory)
    user = factory.SubFactory(UserFactory)


class CapacityUseFactory(DjangoModelFactory):
    class Meta:
        model = CapacityUse
        django_get_or_create = ("vendor", "date")

    vendor = factory.SubFactory(VendorFactory)
    date = date(2026, 1, 15)
