"""Regions, slots, pincodes and tax rates. Codes are unique: asking twice gives the same row."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from milkdelivery.core.models import DeliverySlot, Holiday, Pincode, Region, TaxRate


class RegionFactory(DjangoModelFactory):
    """Bengaluru, in rupees, tax included. `delivery_fee` and `free_delivery_from` are paise."""

    class Meta:
        model = Region
        django_get_or_create = ("code",)

    code = "BLR"
    name = "Bengaluru"
    country = "IN"
    currency = "INR"
    time_zone = "Asia/Kolkata"
    tax_scheme = "GST"
    tax_inclusive = True
    postal_code_pattern = "[1-9][0-9]{5}"
    delivery_fee = 2000
    free_delivery_from = 19900
    phone_prefix = "+91"


class SlotFactory(DjangoModelFactory):
    """The morning slot of Bengaluru: 05:00-07:30, changes until 22:00 the evening before."""

    class Meta:
        model = DeliverySlot
        django_get_or_create = ("region", "code")

    region = factory.SubFactory(RegionFactory)
    code = DeliverySlot.Code.MORNING
    starts_at = time(5, 0)
    ends_at = time(7, 30)
    cutoff_days_before = 1
    cutoff_time = time(22, 0)
    pack_time = time(3, 30)


class EveningSlotFactory(SlotFactory):
    """17:00-19:30, changes until noon of the day."""

    code = DeliverySlot.Code.EVENING
    starts_at = time(17, 0)
    ends_at = time(19, 30)
    cutoff_days_before = 0
    cutoff_time = time(12, 0)
    pack_time = time(16, 0)


class PincodeFactory(DjangoModelFactory):
    """Koramangala, 560034. `is_served` is computed by the product; set it for tests that need no vendor and hub."""

    class Meta:
        model = Pincode
        django_get_or_create = ("code",)

    region = factory.SubFactory(RegionFactory)
    code = "560034"
    name = "Koramangala"
    latitude = Decimal("12.93020")
    longitude = Decimal("77.62060")


class TaxRateFactory(DjangoModelFactory):
    """5 % on milk products (HSN 04)."""

    class Meta:
        model = TaxRate
        django_get_or_create = ("region", "hsn_code", "valid_from")

    region = factory.SubFactory(RegionFactory)
    hsn_code = "04"
    basis_points = 500
    valid_from = date(2017, 7, 1)


class HolidayFactory(DjangoModelFactory):
    class Meta:
        model = Holiday
        django_get_or_create = ("region", "date")

    region = factory.SubFactory(RegionFactory)
    date = date(2026, 1, 26)
    name = "Republic Day"
