from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CartConfig(AppConfig):
    name = "cart"
    verbose_name = _("Orders")

    def ready(self) -> None:
        import_module("cart.handlers")
        import_module("cart.personal")
