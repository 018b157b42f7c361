"""The web process for servers that speak ASGI."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "milkdelivery.settings")
os.environ.setdefault("MILK_PROCESS", "web")

application = get_asgi_application()
