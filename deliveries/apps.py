from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeliveriesConfig(AppConfig):
    name = "deliveries"
    verbose_name = _("On the road")

    def ready(self) -> None:
        import_module("deliveries.handlers")
        import_module("deliveries.personal")
