"""Configuration of the web server: ``gunicorn -c python:milkdelivery.gunicorn milkdelivery.wsgi``."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from typing import Any

from gunicorn.http import message

from milkdelivery.settings import environment as env

bind = f"{env.text('BIND', '0.0.0.0' if env.IS_PROD else '127.0.0.1')}:{env.number('PORT', 8000)}"  # noqa: S104
workers = env.number("WEB_PROCESSES", 2, least=1)
threads = env.number("WEB_THREADS", 4, least=1)
worker_class = "gthread"
timeout = 30
# A text of ten thousand characters in the search box still gets a page that says what is wrong, and the API a problem
# document: in Devanagari each of them takes nine bytes of an address. What is longer is no honest question, and the
# server refuses it itself (414), in words of its own: it has not read yet who is asked. Its own bound is 8,190.
limit_request_line = message.MAX_REQUEST_LINE = 100_000
graceful_timeout = 10
keepalive = 5
# Processes are replaced now and then, not all at once, so that no leak grows for ever.
max_requests = 20_000
max_requests_jitter = 2_000
reload = env.ENV == "dev"
forwarded_allow_ips = "*" if env.number("TRUSTED_PROXIES", 0) else "127.0.0.1"
control_socket_disable = True
accesslog = None  # requests are logged by the application, with their ids
errorlog = "-"
loglevel = "warning"


def post_worker_init(worker: Any) -> None:
    """What is loaded now stays for good: the collector need not look through it again and again, nor run every 700
    objects, which a page makes thousands of. It took a tenth of a purchase (docs/PERFORMANCE.md)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def on_starting(server: Any) -> None:
    """Stop when the supervisor that started us was killed, rather than hold the port for ever."""
    if env.flag("MILK_SUPERVISED"):
        threading.Thread(target=_follow, args=[os.getppid()], daemon=True).start()


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
