"""Reference rows: what the code knows and the database must have, such as roles and regions."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils.module_loading import module_has_submodule

ROOM = "reference"


class Command(BaseCommand):
    """Calls ``sync()`` in the ``reference`` module of every app that has one, lowest floor first.

    Each ``sync()`` brings its rows to what its tables in code say and can be repeated at any time.
    """

    help = "Brings reference rows (roles, regions and the like) up to date."

    def handle(self, *args: Any, **options: Any) -> None:
        for config in apps.get_app_configs():
            if config.module is None or not module_has_submodule(config.module, ROOM):
                continue
            with transaction.atomic():
                import_module(f"{config.name}.{ROOM}").sync()
            if options["verbosity"] > 0:
                self.stdout.write(f"{config.label}: up to date")
