"""What follows from changes below: the shop has a new edition."""

from catalog.events import (
    CategoryUpdated,
    PriceChanged,
    ProductCreated,
    ProductDeactivated,
    ProductUpdated,
    SearchWordSaved,
)
from milkdelivery.core.edition import new_edition
from milkdelivery.core.eventlog import DomainEvent, Envelope, subscribe
from vendors.events import VendorActivated, VendorCreated, VendorDeactivated, VendorUpdated

SEEN_BY_ALL = (
    CategoryUpdated,
    PriceChanged,
    ProductCreated,
    ProductDeactivated,
    ProductUpdated,
    SearchWordSaved,
    VendorActivated,
    VendorCreated,
    VendorDeactivated,
    VendorUpdated,
)
"""What changes pages that everybody sees. Stock is told with every order: pages are at most a minute behind it."""


@subscribe("inventory.new_edition", *SEEN_BY_ALL, batch=True)
def on_shop_changed(_envelopes: list[Envelope[DomainEvent]]) -> None:
    new_edition()
