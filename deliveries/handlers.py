"""What deliveries do when something happens elsewhere."""

from deliveries.actions import cancel_delivery, refresh_served_pincodes
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import Envelope, subscribe
from orders.events import OrderCancelled
from vendors.events import VendorActivated, VendorCreated, VendorDeactivated, VendorUpdated

_SELF = Actor.system("deliveries")


@subscribe("deliveries.cancel", OrderCancelled)
def on_order_cancelled(envelope: Envelope[OrderCancelled]) -> None:
    cancel_delivery(envelope.event.order_id, by=_SELF)


@subscribe("deliveries.served_pincodes", VendorCreated, VendorUpdated, VendorActivated, VendorDeactivated)
def on_vendor_changed(envelope: Envelope[VendorCreated | VendorUpdated | VendorActivated | VendorDeactivated]) -> None:
    refresh_served_pincodes(by=_SELF)
