"""What happens between the shelf and the order."""

from dataclasses import dataclass

from milkdelivery.core.eventlog import DomainEvent


@dataclass(frozen=True)
class CartItemAdded(DomainEvent):
    name = "cart.item_added"
    cart_id: int
    variant_id: int
    quantity: int


@dataclass(frozen=True)
class CartItemChanged(DomainEvent):
    """The quantity of a line was set; 0 took it out."""

    name = "cart.item_changed"
    cart_id: int
    variant_id: int
    quantity: int


@dataclass(frozen=True)
class CartChoiceMade(DomainEvent):
    """What the household wants where there is not enough of a line, or (variant None) of any."""

    name = "cart.choice_made"
    cart_id: int
    variant_id: int | None
    if_short: str


@dataclass(frozen=True)
class CartPromoApplied(DomainEvent):
    name = "cart.promo_applied"
    cart_id: int
    promotion_id: int
    code_id: int


@dataclass(frozen=True)
class CartPromoRemoved(DomainEvent):
    name = "cart.promo_removed"
    cart_id: int


@dataclass(frozen=True)
class CartNewsTold(DomainEvent):
    """What changed in the cart without its household was shown to it, so many things."""

    name = "cart.news_told"
    cart_id: int
    count: int


@dataclass(frozen=True)
class CartMerged(DomainEvent):
    name = "cart.merged"
    cart_id: int
    from_cart_id: int


@dataclass(frozen=True)
class CheckoutStarted(DomainEvent):
    name = "cart.checkout_started"
    cart_id: int
    order_id: int
    is_first_order: bool


@dataclass(frozen=True)
class CheckoutCompleted(DomainEvent):
    """Everything is promised and the household may be told. The subject is the order's, so that it comes in order."""

    name = "order.checkout_completed"
    order_id: int
    customer_id: int


@dataclass(frozen=True)
class CheckoutFailed(DomainEvent):
    """The workflow was undone; the order is cancelled and the cart open again."""

    name = "order.checkout_failed"
    order_id: int
    customer_id: int
    code: str
