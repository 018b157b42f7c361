from importlib import import_module

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save


class CoreConfig(AppConfig):
    name = "milkdelivery.core"
    label = "core"

    def ready(self) -> None:
        queries = import_module("milkdelivery.core.queries")  # needs the app registry
        for model in ("Region", "TaxRate", "Pincode", "DeliverySlot", "Holiday"):
            for signal in (post_save, post_delete):
                signal.connect(
                    queries.forget_region_book,
                    sender=self.get_model(model),
                    dispatch_uid=f"region-book-{model}-{id(signal)}",
                )
