from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "milkdelivery.demo"
    verbose_name = "Demo dairy"
