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
    """An entry of the price list was made, changed or removed. A price that will hold is told when it is written."""

    name = "price.changed"
    variant_id: int
    region_id: int
    price: Money
    valid_from: date
    valid_until: date | None = None
    is_removed: bool = False


@dataclass(frozen=True)
class PacksUntaxed(DomainEvent):
    """Packs were found that can't be sold in the region, because no tax rate covers them: told once for each."""

    name = "packs.untaxed"
    region_id: int
    variant_ids: tuple[int, ...]


@dataclass(frozen=True)
class PromotionCreated(DomainEvent):
    name = "promotion.created"
    promotion_id: int


@dataclass(frozen=True)
class PromotionUpdated(DomainEvent):
    """Its terms, its codes or whether it is on. `part` says which: terms, codes, active."""

    name = "promotion.updated"
    promotion_id: int
    part: str = "terms"


@dataclass(frozen=True)
class PromotionRedeemed(DomainEvent):
    """An order used it. `reference` is the order's number."""

    name = "promotion.redeemed"
    promotion_id: int
    reference: str
    user_id: int
    amount: Money


@dataclass(frozen=True)
class PromotionGivenBack(DomainEvent):
    """The order that used it came to nothing, so the use doesn't count."""

    name = "promotion.given_back"
    promotion_id: int
    reference: str
    user_id: int


@dataclass(frozen=True)
class PromotionHandedOver(DomainEvent):
    """The order that used it is another person's now."""

    name = "promotion.handed_over"
    promotion_id: int
    reference: str
    user_id: int


@dataclass(frozen=True)
class AlternativesStored(DomainEvent):
    """What orders say of products that go together, or in place of each other, was computed anew."""

    name = "alternatives.stored"
    kind: str
    products: int
    rows: int

    @property
    def subject(self) -> str:
        return f"alternatives:{self.kind}"


@dataclass(frozen=True)
class SearchWordSaved(DomainEvent):
    """Another word for something was made or changed."""

    name = "search_word.saved"
    search_word_id: int
    word: str
