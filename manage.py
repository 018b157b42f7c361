#!/usr/bin/env python
"""Django's command line."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run the command that the arguments name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "milkdelivery.settings")
    if sys.argv[1:2] == ["worker"]:
        os.environ.setdefault("MILK_PROCESS", "worker")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
