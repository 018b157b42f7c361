"""``make run`` as a person sees it: one command, watched processes, nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from milkdelivery.embedded_postgres import EmbeddedPostgres

pytestmark = pytest.mark.slow

PATIENCE = 120.0  # seconds; first start on a busy machine


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.2)


class House:
    """One run on a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.environment = {
            "PATH": os.environ["PATH"],
            "MILK_ENV": "dev",
            "DATA_DIR": str(folder),
            "PORT": str(self.port),
        }
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        with (self.folder / "output").open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdout=output,
                stderr=output,
            )

    def run_again(self, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", "serve"],
            cwd=settings.BASE_DIR,
            env=self.environment | variables,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def output(self) -> str:
        return (self.folder / "output").read_text()

    def answer(self) -> dict[str, str] | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as response:
                answer: dict[str, str] = json.load(response)
                return answer
        except (urllib.error.URLError, OSError):
            return None

    def is_complete(self) -> bool:
        assert self.process.poll() is None, self.output
        return self.answer() == {"status": "ok", "worker": "ok"} and "Press Ctrl-C" in self.output

    def everything(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@pytest.fixture
def house() -> Iterator[House]:
    with tempfile.TemporaryDirectory(prefix="house-") as name:
        running = House(Path(name))
        yield running
        running.process.kill()
        running.process.wait()
        EmbeddedPostgres(running.folder / "postgres").stop()


def wait_for_message(house: House, message: str) -> None:
    wait_for(lambda: message in house.output)


def child_of(house: House, part: str) -> psutil.Process:
    [found] = [child for child in psutil.Process(house.process.pid).children() if part in " ".join(child.cmdline())]
    return found


def test_runs_recovers_and_leaves_nothing_behind(house: House) -> None:
    wait_for(house.is_complete)
    postgres = EmbeddedPostgres(house.folder / "postgres")

    again = house.run_again(PORT=str(free_port()))
    assert again.returncode != 0
    assert "is in use by another run" in again.stderr
    assert str(house.port) in again.stderr

    for name, part in (("web", "gunicorn"), ("worker", "worker")):
        died = child_of(house, part)
        orphans = died.children(recursive=True)
        died.kill()
        wait_for_message(house, f"The {name} process ended")
        wait_for(house.is_complete)
        assert not any(orphan.is_running() and orphan.status() != psutil.STATUS_ZOMBIE for orphan in orphans)

    os.kill(int((house.folder / "postgres" / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
    wait_for_message(house, "The database ended")
    wait_for(house.is_complete)

    processes = house.everything()
    house.process.send_signal(signal.SIGTERM)
    assert house.process.wait(60) == 0
    assert house.output.rstrip().endswith("Stopped.")
    assert not any(process.is_running() for process in processes)
    assert not postgres.is_running()


def test_comes_back_after_the_supervisor_was_killed(house: House) -> None:
    wait_for(house.is_complete)
    processes = house.everything()
    house.process.kill()
    house.process.wait()
    wait_for(lambda: not any(process.is_running() for process in processes))
    house.process = house.start()
    wait_for(house.is_complete)
    house.process.send_signal(signal.SIGINT)
    assert house.process.wait(60) == 0


def test_port_of_another_program(house: House) -> None:
    wait_for(house.is_complete)
    with tempfile.TemporaryDirectory(prefix="other-") as other:
        refused = house.run_again(DATA_DIR=other)
    assert refused.returncode != 0
    assert f"Port {house.port} is in use by another program" in refused.stderr
