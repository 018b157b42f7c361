"""How often somebody may put an address on the list of those who wait."""

from milkdelivery.core.api.throttles import PerCaller


class Waitlist(PerCaller):
    """A household asks once, a family behind one address a few times."""

    scope, rate = "waitlist", "20/hour"
