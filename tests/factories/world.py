"""One complete small dairy, ready to take an order to a door."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from catalog.models import Product, Variant
from deliveries.actions import refresh_served_pincodes
from deliveries.models import Driver, Hub
from inventory.models import Stock
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import DeliverySlot, Pincode, Region
from milkdelivery.core.queries import forget_region_book
from tests.factories.accounts import UserFactory
from tests.factories.catalog import CategoryFactory, ProductFactory, VariantFactory
from tests.factories.core import EveningSlotFactory, PincodeFactory, RegionFactory, SlotFactory, TaxRateFactory
from tests.factories.deliveries import DriverFactory, HubAreaFactory, HubFactory
from tests.factories.inventory import StockFactory
from tests.factories.vendors import OfferFactory, ServiceAreaFactory, VendorFactory
from vendors.models import Vendor


@dataclass(frozen=True)
class World:
    """`variants` are the packs of `products`, one each: milk 28 rupees, curd 35, paneer 90 (5 % tax inside)."""

    region: Region
    morning: DeliverySlot
    evening: DeliverySlot
    pincode: Pincode
    vendor: Vendor
    hub: Hub
    driver: Driver
    products: tuple[Product, ...]
    variants: tuple[Variant, ...]
    stocks: tuple[Stock, ...]
    customer: User

    @property
    def milk(self) -> Variant:
        return self.variants[0]


_PACKS = (
    ("Milk", "milk", "Toned milk", "500 ml", "ML", 500, 2800),
    ("Curd", "curd", "Set curd", "400 g", "G", 400, 3500),
    ("Paneer", "paneer", "Malai paneer", "200 g", "G", 200, 9000),
)


def small_world(*, on_hand: int = 100) -> World:
    """Bengaluru with a morning and an evening slot; 560034 served by one vendor and one hub with one driver; three
    products with `on_hand` pieces each; one customer."""
    region = RegionFactory()
    TaxRateFactory(region=region)
    morning, evening = SlotFactory(region=region), EveningSlotFactory(region=region)
    pincode = PincodeFactory(region=region)
    vendor = VendorFactory(region=region)
    ServiceAreaFactory(vendor=vendor, pincode=pincode)
    hub = HubFactory(region=region)
    HubAreaFactory(hub=hub, pincode=pincode)
    driver = DriverFactory(hub=hub)
    variants = tuple(_pack(*pack) for pack in _PACKS)
    for variant in variants:
        OfferFactory(vendor=vendor, variant=variant)
    stocks = tuple(StockFactory(vendor=vendor, variant=variant, on_hand=on_hand) for variant in variants)
    refresh_served_pincodes(by=Actor.system("tests"))
    forget_region_book()
    pincode.refresh_from_db()
    return World(
        region=region,
        morning=morning,
        evening=evening,
        pincode=pincode,
        vendor=vendor,
        hub=hub,
        driver=driver,
        products=tuple(variant.product for variant in variants),
        variants=variants,
        stocks=stocks,
        customer=UserFactory(),
    )


def _pack(category: str, slug: str, product: str, pack: str, unit: str, size: int, price: int) -> Variant:
    made = ProductFactory(
        name=product,
        slug=product.lower().replace(" ", "-"),
        category=CategoryFactory(name=category, slug=slug, illustration=slug),
    )
    variant = VariantFactory(product=made, name=pack, unit=unit, size=size, price=price, sku=f"{slug.upper()}-{size}")
    variant.refresh_from_db()
    return variant
