"""Settings of the test run: the product's own, in the test environment."""

import os

os.environ["MILK_ENV"] = "test"
os.environ.pop("MILK_NOW", None)
# One name for this run and its parallel workers, so that two runs at once do not share a database.
RUN = os.environ.setdefault("MILK_TEST_RUN", str(os.getpid()))

from milkdelivery.settings import *  # noqa: E402, F403
from milkdelivery.settings import DATABASES, MIDDLEWARE  # noqa: E402

DATABASES["default"]["TEST"] = {"NAME": f"test_milkdelivery_{RUN}"}
# The live server serves static files itself; each test client would look through all of them.
MIDDLEWARE.remove("whitenoise.middleware.WhiteNoiseMiddleware")
