"""Money: whole minor units (paise, cents) with their currency. The one place where money is rounded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache, total_ordering

from babel.numbers import format_currency, get_currency_precision
from django.utils.translation import get_language

BASIS_POINTS = 10_000
"""A rate of 1 is 10,000 basis points; 5 % is 500."""

# Grouping follows the currency's home (₹1,25,000), wherever the reader's language is spoken elsewhere.
_HOME_COUNTRY = {"INR": "IN", "USD": "US", "GBP": "GB", "EUR": "IE"}


class CurrencyMismatch(ValueError):
    """Two amounts in different currencies were put together."""


@lru_cache(maxsize=64)
def exponent(currency: str) -> int:
    """How many decimals the currency has: 2 for INR, 0 for JPY."""
    return get_currency_precision(currency)


def divide_half_up(numerator: int, denominator: int) -> int:
    """Whole-number division, halves away from zero: 5/2 is 3, -5/2 is -3."""
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    quotient, rest = divmod(abs(numerator), abs(denominator))
    return sign * (quotient + (1 if 2 * rest >= abs(denominator) else 0))


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount of `minor` units of `currency` (ISO 4217)."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"Money counts whole minor units, not {self.minor!r}")

    @classmethod
    def zero(cls, currency: str) -> "Money":
        return cls(0, currency)

    @classmethod
    def from_decimal(cls, amount: Decimal, currency: str) -> "Money":
        """Major units to Money, rounded half up to the currency's smallest unit."""
        scaled = amount.scaleb(exponent(currency)).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        return cls(int(scaled), currency)

    @classmethod
    def total(cls, amounts: Iterable["Money"], currency: str) -> "Money":
        """The sum, zero of `currency` when there is nothing to add."""
        result = cls.zero(currency)
        for amount in amounts:
            result += amount
        return result

    def to_decimal(self) -> Decimal:
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def format(self, *, language: str | None = None) -> str:
        """For people, in their language: ₹1,25,000.00."""
        return _format(self.minor, self.currency, language or get_language() or "en")

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")
        return other.minor

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __mul__(self, count: int) -> "Money":
        return Money(self.minor * count, self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return self.format()

    def share(self, basis_points: int) -> "Money":
        """`basis_points` of this amount, rounded half up."""
        return Money(divide_half_up(self.minor * basis_points, BASIS_POINTS), self.currency)

    def tax_within(self, basis_points: int) -> "Money":
        """The tax contained in this amount when it already includes tax at `basis_points`."""
        return Money(divide_half_up(self.minor * basis_points, BASIS_POINTS + basis_points), self.currency)

    def allocate(self, weights: Sequence[int]) -> list["Money"]:
        """Split by weight so that the parts sum to the whole; left-over units go to the largest remainders."""
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("allocate needs weights that are not negative and sum to more than zero")
        shares = [divmod(self.minor * weight, total) for weight in weights]
        left = self.minor - sum(quotient for quotient, _ in shares)
        by_remainder = sorted(range(len(weights)), key=lambda i: (-shares[i][1], i))
        extra = set(by_remainder[:left])
        return [Money(quotient + (i in extra), self.currency) for i, (quotient, _) in enumerate(shares)]


@lru_cache(maxsize=8192)
def _format(minor: int, currency: str, language: str) -> str:
    country = _HOME_COUNTRY.get(currency)
    base = language.split("-", maxsplit=1)[0]
    locale = f"{base}_{country}" if country and base == "en" else base
    text = format_currency(Money(minor, currency).to_decimal(), currency, locale=locale)
    return str(text).replace("\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}")
