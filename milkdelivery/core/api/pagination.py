"""Pages of lists, by cursor: a row that comes or goes meanwhile shifts nothing."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError
from django.utils.translation import gettext_lazy as _
from rest_framework import pagination
from rest_framework.exceptions import NotFound, ParseError


class CursorPagination(pagination.CursorPagination):
    """`next`, `previous`, `results`. A view may set `cursor_ordering`; the primary key always decides last.

    The first field of the ordering should be all but unique: a cursor skips at most a thousand equal values.
    """

    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100
    ordering = "-pk"
    invalid_cursor_message: Any = _("That cursor is not one of ours: start from the first page.")

    def get_ordering(self, request: Any, queryset: Any, view: Any) -> tuple[str, ...]:
        wanted = getattr(view, "cursor_ordering", self.ordering)
        fields = (wanted,) if isinstance(wanted, str) else tuple(wanted)
        by_key = {"pk", "id"} & {field.lstrip("-") for field in fields}
        return fields if by_key else (*fields, "-pk" if fields[0].startswith("-") else "pk")

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> Any:
        """A page of rows. A cursor that somebody made up is the client's mistake, whatever the database says of it."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, ValueError, ValidationError, DataError) as problem:
            if self.cursor_query_param not in request.query_params:
                raise
            raise ParseError(self.invalid_cursor_message, code="invalid_cursor") from problem
