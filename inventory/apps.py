from importlib import import_module

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "inventory"

    def ready(self) -> None:
        import_module("inventory.handlers")
