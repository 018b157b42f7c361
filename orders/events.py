"""What happens to orders."""

from dataclasses import dataclass
from datetime import date

from milkdelivery.core.eventlog import DomainEvent
from milkdelivery.core.money import Money


@dataclass(frozen=True)
class OrderPlaced(DomainEvent):
    name = "order.placed"
    order_id: int
    customer_id: int
    delivery_date: date
    total: Money
    source: str


@dataclass(frozen=True)
class VendorAssigned(DomainEvent):
    """A vendor got lines of an order. The subject is the order, so that its events stay in order."""

    name = "vendor.assigned"
    order_id: int
    vendor_id: int
    line_ids: tuple[int, ...]


@dataclass(frozen=True)
class OrderConfirmed(DomainEvent):
    name = "order.confirmed"
    order_id: int
    customer_id: int


@dataclass(frozen=True)
class OrderPacked(DomainEvent):
    name = "order.packed"
    order_id: int
    customer_id: int


@dataclass(frozen=True)
class OrderLeft(DomainEvent):
    """The order left the hub with its driver."""

    name = "order.out_for_delivery"
    order_id: int
    customer_id: int


@dataclass(frozen=True)
class OrderDelivered(DomainEvent):
    name = "order.delivered"
    order_id: int
    customer_id: int


@dataclass(frozen=True)
class OrderOnItsWayAgain(DomainEvent):
    """Its driver took back that it was delivered, or that it could not be."""

    name = "order.on_its_way_again"
    order_id: int
    customer_id: int


@dataclass(frozen=True)
class OrderChanged(DomainEvent):
    """Staff changed where it goes, in which slot, or the words for its driver: `changed` names which. No address stands
    here: the log outlives it."""

    name = "order.changed"
    order_id: int
    customer_id: int
    changed: tuple[str, ...]
    from_slot_id: int
    to_slot_id: int


@dataclass(frozen=True)
class OrderRescheduled(DomainEvent):
    """It did not get to its door and is brought again on that day."""

    name = "order.rescheduled"
    order_id: int
    customer_id: int
    delivery_date: date
    reason: str


@dataclass(frozen=True)
class OrderUndelivered(DomainEvent):
    """It did not get to its door and is not brought again."""

    name = "order.undelivered"
    order_id: int
    customer_id: int
    reason: str


@dataclass(frozen=True)
class OrderCancelled(DomainEvent):
    name = "order.cancelled"
    order_id: int
    customer_id: int
    reason: str
    was_confirmed: bool


@dataclass(frozen=True)
class OrderHeld(DomainEvent):
    """Somebody has to look at the order before it goes on. `kind` is that of its hold; `rules` speak against it."""

    name = "order.held"
    order_id: int
    customer_id: int
    hold_id: int
    kind: str
    rules: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class OrderApproved(DomainEvent):
    """A held order goes on where it stood: `status` is CREATED or CONFIRMED."""

    name = "order.approved"
    order_id: int
    customer_id: int
    hold_id: int
    status: str
    reason: str


@dataclass(frozen=True)
class OrderRejected(DomainEvent):
    """A manager refused a held order. Its cancellation is told right after."""

    name = "order.rejected"
    order_id: int
    customer_id: int
    hold_id: int
    reason: str


@dataclass(frozen=True)
class OrderTakenOver(DomainEvent):
    """A person proved that an order placed with their contact is theirs."""

    name = "order.taken_over"
    order_id: int
    customer_id: int
    from_customer_id: int


@dataclass(frozen=True)
class VendorAccepted(DomainEvent):
    """A vendor said that it brings these lines."""

    name = "vendor.accepted"
    order_id: int
    vendor_id: int
    line_ids: tuple[int, ...]


@dataclass(frozen=True)
class AcceptanceUndone(DomainEvent):
    name = "vendor.acceptance_undone"
    order_id: int
    vendor_id: int
    line_ids: tuple[int, ...]


@dataclass(frozen=True)
class VendorRejected(DomainEvent):
    """A vendor brings these lines not, or not whole. `kind` is that of its answer, `pieces` what it gave back."""

    name = "vendor.rejected"
    order_id: int
    vendor_id: int
    line_ids: tuple[int, ...]
    kind: str
    reason: str
    pieces: int


@dataclass(frozen=True)
class VendorReplaced(DomainEvent):
    """A vendor got lines of a confirmed order that another one gave back."""

    name = "vendor.replaced"
    order_id: int
    vendor_id: int
    line_ids: tuple[int, ...]


@dataclass(frozen=True)
class VendorDayRejected(DomainEvent):
    """A vendor brings nothing of what it was given for a day; a worker gives it to others, order by order."""

    name = "vendor.day_rejected"
    vendor_id: int
    date: date
    reason: str


@dataclass(frozen=True)
class OrderLineShort(DomainEvent):
    """Nobody can bring these lines, `pieces` in all. The order costs `total` instead of `total_before`.

    In place of `replaced` of the pieces something else comes, as the household wished.
    `is_whole` says that nothing is left of the order: it is cancelled, and its figures stay as they were.
    """

    name = "order.line_short"
    order_id: int
    customer_id: int
    line_ids: tuple[int, ...]
    pieces: int
    total_before: Money
    total: Money
    is_whole: bool
    replaced: int = 0


@dataclass(frozen=True)
class OrderReturned(DomainEvent):
    """All that was delivered of the order was claimed and granted: nothing is left of it but its history."""

    name = "order.returned"
    order_id: int
    customer_id: int


@dataclass(frozen=True)
class ClaimOpened(DomainEvent):
    """A household says that something of a delivered order was wrong. `why` says why a manager has to look; where that
    is empty the rule grants it in the same moment. The subject is the order, so that its events stay in order."""

    name = "claim.opened"
    order_id: int
    claim_id: int
    customer_id: int
    amount: Money
    why: tuple[str, ...]


@dataclass(frozen=True)
class ClaimDecided(DomainEvent):
    """A claim was approved, in whole or in part (`granted` goes back), or refused, or is settled: what it asks for went
    back another way."""

    name = "claim.decided"
    order_id: int
    claim_id: int
    customer_id: int
    status: str
    granted: Money
    is_by_rule: bool
