"""What happens to money."""

from payments.events.payment import PaymentFailed, PaymentInitiated, PaymentLowered, PaymentSucceeded
from payments.events.wallet import (
    WalletCaptured,
    WalletCorrected,
    WalletCreditLimitSet,
    WalletHeld,
    WalletLow,
    WalletLowMarkSet,
    WalletPaidOut,
    WalletRefunded,
    WalletReleased,
    WalletTakenOver,
    WalletToppedUp,
)

__all__ = [
    "PaymentFailed",
    "PaymentInitiated",
    "PaymentLowered",
    "PaymentSucceeded",
    "WalletCaptured",
    "WalletCorrected",
    "WalletCreditLimitSet",
    "WalletHeld",
    "WalletLow",
    "WalletLowMarkSet",
    "WalletPaidOut",
    "WalletRefunded",
    "WalletReleased",
    "WalletTakenOver",
    "WalletToppedUp",
]
