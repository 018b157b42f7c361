"""What happens when two people give the same name to something at the same moment."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError
from django.utils.translation import gettext as _
from psycopg.errors import UniqueViolation

from milkdelivery.core.errors import DomainError

_FIELDS = {
    "catalog_variant_sku_key": "sku",
    "variant_sku_in_any_case": "sku",
    "variant_once_per_product": "name",
    "catalog_product_slug_key": "slug",
    "catalog_category_slug_key": "slug",
    "catalog_category_name_key": "name",
    "catalog_promocode_code_key": "code",
}
"""By the names that the database gives the constraints."""


class TakenMeanwhile(DomainError):
    """Somebody else took the slug, the SKU, the code or the name of a pack at the same moment."""

    code = "taken_meanwhile"


@contextmanager
def unless_taken() -> Iterator[None]:
    """Around the transaction that saves: forms have looked whether a name is free, and only the database knows at last.

    Raises TakenMeanwhile at the field that clashes.
    """
    try:
        yield
    except IntegrityError as clash:
        violation = clash.__cause__
        if not isinstance(violation, UniqueViolation) or violation.diag.constraint_name not in _FIELDS:
            raise
        text = _("Somebody else saved something of that name just now. Choose another.")
        raise TakenMeanwhile(text, field=_FIELDS[violation.diag.constraint_name]) from clash
