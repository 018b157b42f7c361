"""The benchmark's own data folder and port; importing it sets Django up."""

import os
from pathlib import Path

import django

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "var" / "bench"
PORT = 8765

os.environ |= {
    "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
    "MILK_ENV": "demo",
    "DATA_DIR": str(FOLDER),
    "PORT": str(PORT),
    "LOG_LEVEL": "WARNING",
}
django.setup()
