"""What happens to payments."""

from dataclasses import dataclass

from milkdelivery.core.eventlog import DomainEvent
from milkdelivery.core.money import Money


@dataclass(frozen=True)
class PaymentInitiated(DomainEvent):
    name = "payment.initiated"
    payment_id: int
    order_id: int | None
    method: str
    amount: Money


@dataclass(frozen=True)
class PaymentSucceeded(DomainEvent):
    """The money came. Without an order it is a top-up of the wallet."""

    name = "payment.succeeded"
    payment_id: int
    order_id: int | None
    amount: Money


@dataclass(frozen=True)
class PaymentReopened(DomainEvent):
    """Its driver took back what was said at the door: the money is to be taken there still."""

    name = "payment.reopened"
    payment_id: int
    order_id: int | None
    amount: Money


@dataclass(frozen=True)
class PaymentFailed(DomainEvent):
    name = "payment.failed"
    payment_id: int
    order_id: int | None
    failure_code: str


@dataclass(frozen=True)
class PaymentLowered(DomainEvent):
    """Less of the order comes than was promised, so less is asked for at the door."""

    name = "payment.lowered"
    payment_id: int
    order_id: int
    amount: Money


@dataclass(frozen=True)
class PaymentRefunded(DomainEvent):
    """Money has gone back: to SOURCE, to WALLET, or paid out by HAND."""

    name = "payment.refunded"
    payment_id: int
    order_id: int | None
    refund_id: int
    amount: Money
    destination: str


@dataclass(frozen=True)
class RefundDecided(DomainEvent):
    """Money is to go back. A worker moves it."""

    name = "refund.decided"
    refund_id: int
    payment_id: int
    order_id: int | None
    amount: Money
    kind: str


@dataclass(frozen=True)
class RefundFailed(DomainEvent):
    """A gateway will not take money back the way it came: somebody has to choose another."""

    name = "refund.failed"
    refund_id: int
    payment_id: int
    order_id: int | None
    failure_code: str


@dataclass(frozen=True)
class RefundRerouted(DomainEvent):
    """Staff sent money back another way than was decided: to WALLET, or paid out by HAND."""

    name = "refund.rerouted"
    refund_id: int
    payment_id: int
    order_id: int | None
    amount: Money
    destination: str
    reason: str


@dataclass(frozen=True)
class RefundOverdue(DomainEvent):
    """A gateway has not said for hours whether it gave the money back. It is still asked."""

    name = "refund.overdue"
    refund_id: int
    payment_id: int
    order_id: int | None


@dataclass(frozen=True)
class PaymentMethodSaved(DomainEvent):
    name = "payment_method.saved"
    saved_method_id: int
    user_id: int


@dataclass(frozen=True)
class PaymentMethodRemoved(DomainEvent):
    name = "payment_method.removed"
    saved_method_id: int
    user_id: int


@dataclass(frozen=True)
class WebhookReceived(DomainEvent):
    """A gateway told something by itself, for the first time."""

    name = "webhook.received"
    webhook_id: int
    gateway: str
    kind: str
