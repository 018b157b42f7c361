from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.signin import receivers  # noqa: PLC0415 - the app registry must be ready first

        receivers.connect()
