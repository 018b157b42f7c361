from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = _("Catalogue")

    def ready(self) -> None:
        forget = import_module("catalog.promotions").on_promotion_saved  # needs the app registry
        promotion: Any = self.get_model("Promotion")
        for signal in (post_save, post_delete):
            signal.connect(forget, sender=promotion, dispatch_uid=f"promotions-{id(signal)}")
        for scope in (promotion.products.through, promotion.categories.through):
            m2m_changed.connect(forget, sender=scope, dispatch_uid=f"promotions-{scope.__name__}")
        import_module("catalog.personal")
