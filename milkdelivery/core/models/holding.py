"""Holding one record of any kind while a form of it is looked at and saved."""

from typing import Any

from django.db import models


def hold(model: type[models.Model], key: Any) -> bool:
    """Lock the record until the transaction ends; whether there is one. Rows that point at it don't wait."""
    manager: Any = model._default_manager  # noqa: SLF001 - any model's, whatever it is called there
    rows = manager.filter(pk=key).order_by().values_list("pk")
    return rows.select_for_update(of=("self",), no_key=True).first() is not None
