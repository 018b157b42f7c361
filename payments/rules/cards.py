"""What can be told of a card without asking anybody."""

from calendar import monthrange
from datetime import date

SHORTEST, LONGEST = 12, 19
CENTURY = 2000
LONGEST_YEARS = 20


def digits_of(number: str) -> str:
    """The number without the gaps that people type, in the digits that banks know."""
    plain = number.replace(" ", "").replace("-", "").replace("\N{NO-BREAK SPACE}", "")
    return "".join(str(int(each)) if each.isdecimal() else each for each in plain)


def is_number(number: str) -> bool:
    """Whether the digits can be a card's: of the right length, with the right check digit."""
    if not (number.isascii() and number.isdecimal() and SHORTEST <= len(number) <= LONGEST):
        return False
    doubled = [int(digit) * 2 if place % 2 else int(digit) for place, digit in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def is_plausible(until: date, today: date) -> bool:
    """Whether a card can be good for so long: no bank prints one for more than 20 years."""
    return until.year <= today.year + LONGEST_YEARS


def good_until(month: int, year: int) -> date | None:
    """The last day of a card, from what is printed on it; None where there is no such month."""
    full = year + CENTURY if year < 100 else year
    if not 1 <= month <= 12 or not CENTURY <= full < CENTURY + 100:
        return None
    return date(full, month, monthrange(full, month)[1])
