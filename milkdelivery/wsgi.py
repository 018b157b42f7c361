"""The web process."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "milkdelivery.settings")
os.environ.setdefault("MILK_PROCESS", "web")

application = get_wsgi_application()
