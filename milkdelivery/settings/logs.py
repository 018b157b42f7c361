"""Logs: one JSON object a line on standard output, each with the id of its request."""

from __future__ import annotations

import logging
from typing import Any

import structlog

from milkdelivery.core.log_secrets import hide_secrets
from milkdelivery.settings import environment as env

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
    structlog.processors.UnicodeDecoder(),
    hide_secrets,
]

structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_SHARED,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=not env.IS_TEST,
)

LOG_LEVEL = env.text("LOG_LEVEL", "WARNING" if env.PROCESS == "command" else "INFO").upper()

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
            "foreign_pre_chain": _SHARED,
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"level": LOG_LEVEL, "propagate": True, "handlers": []},
        # The request middleware tells of every request already.
        "django-q": {"level": "WARNING", "propagate": True, "handlers": []},
        "django.server": {"level": "ERROR", "propagate": True, "handlers": []},
        "django.request": {"level": "CRITICAL", "propagate": True, "handlers": []},
    },
}

DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG  # one line a request: its end
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # addresses of people belong in the erasable side of the event log
