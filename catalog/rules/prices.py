"""What a price can be."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from milkdelivery.core.errors import InvalidInput
from milkdelivery.core.money import Money

NO_PRICE = _("A price is above zero. What is given away is a promotion.")


class PriceMissing(InvalidInput):
    """A price of nothing is a slip of the hand; a free sample is a promotion, with limits and a record of each use."""

    code = "price_missing"


def above_zero(minor: int) -> None:
    """The same as a validator of a form, in minor units."""
    if minor <= 0:
        raise ValidationError(NO_PRICE, code=PriceMissing.code)


def ensure_priced(*prices: Money) -> None:
    """Raises PriceMissing."""
    if any(price.minor <= 0 for price in prices):
        raise PriceMissing(NO_PRICE, field="price")
