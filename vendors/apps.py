from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VendorsConfig(AppConfig):
    name = "vendors"
    verbose_name = _("Dairies and stock")

    def ready(self) -> None:
        import_module("vendors.personal")
