"""What happens to payments."""

from dataclasses import dataclass

from milkdelivery.core.eventlog import DomainEvent
from milkdelivery.core.money import Money


@dataclass(frozen=True)
class PaymentInitiated(DomainEvent):
    name = "payment.initiated"
    payment_id: int
    order_id: int
    method: str
    amount: Money


@dataclass(frozen=True)
class PaymentSucceeded(DomainEvent):
    name = "payment.succeeded"
    payment_id: int
    order_id: int
    amount: Money


@dataclass(frozen=True)
class PaymentFailed(DomainEvent):
    name = "payment.failed"
    payment_id: int
    order_id: int
    failure_code: str


@dataclass(frozen=True)
class PaymentLowered(DomainEvent):
    """Less of the order comes than was promised, so less is asked for at the door."""

    name = "payment.lowered"
    payment_id: int
    order_id: int
    amount: Money
