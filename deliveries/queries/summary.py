"""What a round came to."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from deliveries.models import Delivery, FailedAttempt, Route
from deliveries.queries.lookup import routes_seen_by
from deliveries.rules import CANCELLED, DELIVERED, OPEN, UNDER_WAY
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import NotFound
from milkdelivery.core.money import Money

NO_TIME = Delivery.FailureReason.NO_TIME


@dataclass(frozen=True, slots=True)
class Summary:
    """Orders by what became of them, and what the driver brings back. `left` are those still to do."""

    delivered: int
    failed: int
    missed: int
    left: int
    cash: Money
    empties: int


def summary_seen_by(by: Actor, route_id: int) -> Summary:
    """Raises NotFound where there is no such round, or not for them."""
    route = routes_seen_by(by).filter(pk=route_id).first()
    if route is None:
        raise NotFound(_("There is no such round."))
    return summary_of(route)


def summary_of(route: Route) -> Summary:
    """Four queries. Missed is what the round did not get to, or what it was called off for: cancelled at the hub, or
    given up in the van. Failed are tries at a door."""
    on_round = Delivery.objects.filter(stop__route=route)
    counts = Counter(on_round.values_list("status", flat=True))
    left_behind = on_round.filter(status=CANCELLED, failure_reason=NO_TIME).count()
    handed_over = on_round.filter(status=DELIVERED)
    taken = handed_over.aggregate(cash=Sum("cash_collected"), empties=Sum("empties_collected"))
    tried = FailedAttempt.objects.true().filter(stop__route=route)
    tries = tried.aggregate(all=Count("pk"), not_reached=Count("pk", filter=Q(reason=NO_TIME)))
    return Summary(
        delivered=counts[DELIVERED],
        failed=tries["all"] - tries["not_reached"],
        missed=left_behind + tries["not_reached"],
        left=sum(counts[status] for status in (*OPEN, *UNDER_WAY)),
        cash=Money(taken["cash"] or 0, route.hub.region.currency),
        empties=taken["empties"] or 0,
    )
