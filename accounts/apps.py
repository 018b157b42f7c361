from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        from accounts.signin import receivers  # noqa: PLC0415 - the app registry must be ready first

        receivers.connect()
        import_module("accounts.personal")
