"""Run the benchmarks and write benchmarks/results/<date>.json.

Everything is on this machine: client, web server with two processes, worker, PostgreSQL with stock settings. Scenarios
take turns in short rounds, the bare view in each round, so that drift of the machine hits all alike. What counts is the
median of each round's ratio to the bare view of that round.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from benchmarks.environment import PORT, ROOT  # isort: skip - sets Django up

from django.core.management import call_command

from benchmarks import world
from benchmarks.scenarios import Scenario, add_to_cart, guest_purchase, invoices, page
from catalog.models import Product

BROWSERS = 4


def rate(scenario: Callable[[int], Callable[[], None]], seconds: float) -> float:
    """How often a second four browsers do it."""
    works = [scenario(PORT) for _ in range(BROWSERS)]
    for work in works:
        work()  # warm
    counts = [0] * BROWSERS
    problems: list[BaseException] = []
    end = time.perf_counter() + seconds
    started = time.perf_counter()

    def run(index: int) -> None:
        try:
            while time.perf_counter() < end:
                works[index]()
                counts[index] += 1
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run, args=[index]) for index in range(BROWSERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]
    return sum(counts) / (time.perf_counter() - started)


@contextmanager
def server() -> Iterator[None]:
    """The web server and the worker, as in production, on the benchmark's database."""
    commands = [
        [sys.executable, "-m", "gunicorn", "-c", "python:milkdelivery.gunicorn", "milkdelivery.wsgi"],
        [sys.executable, "manage.py", "worker"],
    ]
    processes = [subprocess.Popen(command, cwd=ROOT) for command in commands]
    try:
        _wait_until_ready()
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(30)


def _wait_until_ready() -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/readyz") as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError("the server did not become ready")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=float, default=3.0, help="of each scenario in each round")
    options = arguments.parse_args()

    call_command("migrate", verbosity=0)
    call_command("sync", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    if Product.objects.count() < world.PRODUCTS:
        world.build()
    slug, variant, session = world.product_slug(), world.plentiful_variant(), world.session_of_household()
    scenarios = [
        Scenario("bare view", page("/bench/bare/")),
        Scenario("floor: one indexed select", page("/bench/select/")),
        Scenario("floor: twenty rows, trivial template", page("/bench/rows/")),
        Scenario("catalogue, guest", page("/shop/"), 0.20),
        Scenario("catalogue, signed in", page("/shop/", milk_session=session), 0.05),
        Scenario("product, guest", page(f"/shop/{slug}/"), 0.25),
        Scenario("product, signed in", page(f"/shop/{slug}/", milk_session=session), 0.06),
        Scenario("API: product list", page(f"/api/v1/products/?pincode={world.PINCODE}"), 0.20),
        Scenario("search with a typo, guest", page("/shop/?q=fram+mlk")),
        Scenario("add to cart, guest", add_to_cart(variant), 0.04),
        Scenario("invoice as PDF, signed in", invoices(world.invoiced_orders(), session), None, "files"),
        Scenario("guest purchase", guest_purchase(slug, variant), 0.008, "orders"),
    ]
    rates: dict[str, list[float]] = {scenario.name: [] for scenario in scenarios}
    with server():
        for number in range(options.rounds):
            for scenario in scenarios:
                rates[scenario.name].append(rate(scenario.start, options.seconds))
            print(f"round {number + 1} of {options.rounds} done", flush=True)
    report(scenarios, rates)


def report(scenarios: list[Scenario], rates: dict[str, list[float]]) -> None:
    bare = rates["bare view"]
    rows = []
    print(f"\n{'':38}{'a second':>10}{'ratio':>9}{'bar':>8}")
    for scenario in scenarios:
        ratio = statistics.median(own / base for own, base in zip(rates[scenario.name], bare, strict=True))
        median = statistics.median(rates[scenario.name])
        verdict = "" if scenario.bar is None else ("  met" if ratio >= scenario.bar else "  MISSED")
        bar = "" if scenario.bar is None else f"{scenario.bar:.3f}"
        print(f"{scenario.name:38}{median:>10.1f}{ratio:>9.4f}{bar:>8}{verdict}")
        rows.append(
            {
                "name": scenario.name,
                "unit": scenario.unit,
                "per_second": round(median, 2),
                "ratio": round(ratio, 5),
                "bar": scenario.bar,
            }
        )
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    (results / f"{datetime.now(UTC).date().isoformat()}.json").write_text(
        json.dumps({"scenarios": rows}, indent=2) + "\n"
    )


if __name__ == "__main__":
    main()
