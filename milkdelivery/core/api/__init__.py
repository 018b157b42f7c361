"""What every part of the JSON API shares: problem documents, pages of lists, money, bodies and their description."""

from milkdelivery.core.api.fields import MoneyField
from milkdelivery.core.api.idempotent import idempotent
from milkdelivery.core.api.kept import same_for_all
from milkdelivery.core.api.pagination import CursorPagination
from milkdelivery.core.api.parsers import AnyTextJSONParser, JSONParser, is_storable_throughout
from milkdelivery.core.api.problems import ProblemResponse, problem_handler, problem_page

__all__ = [
    "AnyTextJSONParser",
    "CursorPagination",
    "JSONParser",
    "MoneyField",
    "ProblemResponse",
    "idempotent",
    "is_storable_throughout",
    "problem_handler",
    "problem_page",
    "same_for_all",
]
