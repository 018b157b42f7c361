"""What happens to what is sold."""

from dataclasses import dataclass
from datetime import date

from milkdelivery.core.eventlog import DomainEvent
from milkdelivery.core.money import Money


@dataclass(frozen=True)
class CategoryUpdated(DomainEvent):
    """A category was made or changed."""

    name = "category.updated"
    category_id: int


@dataclass(frozen=True)
class ProductCreated(DomainEvent):
    name = "product.created"
    product_id: int


@dataclass(frozen=True)
class ProductUpdated(DomainEvent):
    name = "product.updated"
    product_id: int


@dataclass(frozen=True)
class ProductDeactivated(DomainEvent):
    name = "product.deactivated"
    product_id: int


@dataclass(frozen=True)
class PriceChanged(DomainEvent):
    name = "price.changed"
    variant_id: int
    region_id: int
    price: Money
    valid_from: date
