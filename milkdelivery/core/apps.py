from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.core.management import call_command
from django.db.models.signals import post_delete, post_migrate, post_save
from django.utils.translation import gettext_lazy as _


def make_cache_table(*, using: str, plan: Any = None, **_: Any) -> None:
    """The shared cache's table, which no migration knows, comes with `manage.py migrate`. Safe to repeat."""
    if plan is not None:  # the signal also follows a flush
        call_command("createcachetable", database=using, verbosity=0)


class CoreConfig(AppConfig):
    name = "milkdelivery.core"
    label = "core"
    verbose_name = _("Platform")

    def ready(self) -> None:
        post_migrate.connect(make_cache_table, sender=self, dispatch_uid="core-cache-table")
        import_module("milkdelivery.core.api.words").speak()
        import_module("milkdelivery.core.form_words").speak()
        queries = import_module("milkdelivery.core.queries")  # needs the app registry
        for model in ("Region", "TaxRate", "Pincode", "DeliverySlot", "Holiday"):
            for signal in (post_save, post_delete):
                signal.connect(
                    queries.forget_region_book,
                    sender=self.get_model(model),
                    dispatch_uid=f"region-book-{model}-{id(signal)}",
                )
