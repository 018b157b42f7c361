"""The product's settings with the floors' addresses."""

from milkdelivery.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
# All purchases come from one address here.
ORDERS_RATE = "100000/min"
