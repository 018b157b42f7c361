"""Reads of deliveries: the hub of a pincode, a driver's day, and an order as its household follows it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from deliveries.models import Delivery, Driver, FailedAttempt, Hub, HubArea, Route, Stop, Vehicle
from deliveries.queries.ways import way_of
from deliveries.rules import Facts, Step, timeline
from deliveries.rules.arriving import Way
from deliveries.rules.timeline import Try
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import NotFound
from orders.models import Order, OrderLine, OrderStatusChange
from payments.models import Payment, Refund, RefundMovement
from payments.queries import refunds_of
from payments.rules.attempts import AT_THE_DOOR


def hub_serving(pincode: str) -> Hub | None:
    """The active hub whose area the pincode is, with its region, or None."""
    return Hub.objects.filter(areas__pincode__code=pincode, is_active=True).select_related("region").first()


def hub_names(pincodes: Collection[str]) -> dict[str, str]:
    """The hub of each pincode, by name; pincodes that no active hub serves are missing. One query."""
    areas = HubArea.objects.filter(pincode__code__in=pincodes, hub__is_active=True)
    return dict(areas.values_list("pincode__code", "hub__name"))


def driver_of(user_id: int) -> Driver | None:
    """The driver that this person is, as long as they are active."""
    return Driver.objects.select_related("hub__region").filter(user_id=user_id, is_active=True).first()


def round_of(driver_id: int, *, on: date) -> QuerySet[Delivery]:
    """A driver's deliveries of a day in the order they are driven, round by round, without what was called off."""
    return (
        Delivery.objects.of_driver(driver_id, on=on)
        .exclude(status=Delivery.Status.CANCELLED)
        .select_related("order__customer", "order__slot", "order__region", "slot", "hub", "stop__route", "proof")
        .prefetch_related(Prefetch("order__lines", OrderLine.objects.named()))
        .order_by("slot__starts_at", "stop__route_id", "stop__sequence", "id")
    )


def deliveries_seen_by(by: Actor) -> QuerySet[Delivery]:
    """Everybody's for staff, their own for a driver, none for anybody else; with what a driver needs of each."""
    deliveries = (
        Delivery.objects.all() if by.is_staff else Delivery.objects.filter(stop__route__driver__user_id=by.user_id or 0)
    )
    return deliveries.select_related(
        "order__customer", "order__slot", "order__region", "slot", "hub", "stop__route__driver__user", "proof"
    ).prefetch_related("order__lines")


def routes_seen_by(by: Actor) -> QuerySet[Route]:
    """Everybody's rounds for staff, their own for a driver, none for anybody else; the latest first."""
    routes = Route.objects.all() if by.is_staff else Route.objects.filter(driver__user_id=by.user_id or 0)
    return routes.select_related("hub__region", "slot", "driver__user", "vehicle").order_by("-date", "-pk")


def stops_of_route(route_id: int) -> QuerySet[Stop]:
    """The doors of a round in order, with what is or was brought there. Two queries."""
    drops = Prefetch("deliveries", Delivery.objects.select_related("order").order_by("pk"))
    return Stop.objects.filter(route=route_id).prefetch_related(drops).in_order()


def hubs_with_crews() -> QuerySet[Hub]:
    """Active hubs with the drivers and vehicles that are at work there. Three queries."""
    at_work = Driver.objects.filter(is_active=True, user__is_active=True).select_related("user").order_by("pk")
    vans = Vehicle.objects.filter(is_active=True).order_by("plate")
    hubs = Hub.objects.filter(is_active=True).select_related("region")
    return hubs.prefetch_related(Prefetch("drivers", at_work), Prefetch("vehicles", vans)).order_by("name")


def delivery_seen_by(by: Actor, delivery_id: int) -> Delivery:
    """Raises NotFound where there is none, or not for them."""
    found = deliveries_seen_by(by).filter(pk=delivery_id).first()
    if found is None:
        raise NotFound(_("There is no such delivery on your round."))
    return found


@dataclass(frozen=True, slots=True)
class Followed:
    """An order with what its household follows: payment, delivery, timeline."""

    order: Order
    payments: tuple[Payment, ...]
    delivery: Delivery | None
    timeline: tuple[Step, ...]
    changes: tuple[OrderStatusChange, ...]
    refunds: tuple[tuple[Refund, RefundMovement | None], ...]
    """What goes back of the payments, each with its last movement."""
    tries: tuple[FailedAttempt, ...] = ()
    """Tries at the door that came to nothing."""
    way: Way | None = None
    """Where it stands in its round, while it is in the van."""

    @property
    def payment(self) -> Payment | None:
        """The latest attempt."""
        return self.payments[-1] if self.payments else None


ENDS = (Order.Status.DELIVERED, Order.Status.RETURNED)
"""Where the road ends. From there only a word that is taken back leads onto it again."""
PRIVATE_STEPS = frozenset({"PAID", "PAYMENT_PENDING", "REFUNDED"})
"""How a household pays is nobody else's business."""


def for_the_link(followed: Followed) -> Followed:
    """What whoever holds the link may know: nothing of money, no reason of a failed try."""
    steps = tuple(replace(step, note="") for step in followed.timeline if step.name not in PRIVATE_STEPS)
    return replace(followed, timeline=steps, payments=(), refunds=())


def follow(order: Order) -> Followed:
    """Three queries: history, payments, delivery; one more while it is in the van, one where a try at the door came to
    nothing, two where money goes back."""
    payments = tuple(Payment.objects.filter(order=order).order_by("pk"))
    delivery = Delivery.objects.select_related("stop__route__driver__user", "hub", "proof").filter(order=order).first()
    changes = tuple(order.status_changes.all())
    counting = [p for p in payments if p.status != Payment.Status.FAILED and not p.is_surplus]
    at_door = [p for p in counting if p.method in AT_THE_DOOR]
    back = tuple(refunds_of(payments))
    is_back = all(m is not None and m.status == RefundMovement.Status.DONE for _r, m in back)
    tries = _tries(delivery, changes)
    reached = _reached(changes)
    confirmed = next((change.occurred_at for change in changes if change.to_status == Order.Status.CONFIRMED), None)
    if confirmed is not None:
        reached[Order.Status.CONFIRMED] = confirmed  # what is tried again is confirmed anew
    paid = next((p.settled_at for p in payments if p.is_captured and not p.is_surplus), None)
    facts = Facts(
        reached=reached | {Order.Status.CREATED: order.placed_at},
        payment_pending=order.status == Order.Status.CREATED and bool(payments) and paid is None and not at_door,
        paid_at=paid,
        pays_at_door=bool(at_door),
        from_wallet=any(p.method == Payment.Method.WALLET for p in at_door),
        goes_back=bool(back),
        back_at=max((m.finished_at for _r, m in back if m and m.finished_at), default=None) if is_back else None,
        tries=tuple(Try(each.occurred_at, each.get_reason_display(), each.retried_on) for each in tries),
    )
    steps = tuple(timeline(order.status, facts))
    way = way_of(delivery) if delivery is not None else None
    return Followed(order, payments, delivery, steps, changes, back, tries, way)


def _reached(changes: Collection[OrderStatusChange]) -> dict[str, datetime]:
    """When it last came to each status; what was taken back at the door never was."""
    reached: dict[str, datetime] = {}
    for change in changes:
        if change.to_status == Order.Status.OUT_FOR_DELIVERY and change.from_status in ENDS:
            reached.pop(change.from_status, None)
        else:
            reached[change.to_status] = change.occurred_at
    return reached


def _tries(delivery: Delivery | None, changes: Collection[OrderStatusChange]) -> tuple[FailedAttempt, ...]:
    """One query, and none for an order that never came back from the road."""
    back = (Order.Status.CONFIRMED, Order.Status.RETURNED)
    came_back = any(c.from_status == Order.Status.OUT_FOR_DELIVERY and c.to_status in back for c in changes)
    if delivery is None or not came_back:
        return ()
    return tuple(FailedAttempt.objects.true().filter(delivery=delivery).order_by("occurred_at", "pk"))


def delivery_by_token(token: str) -> Delivery | None:
    """The delivery behind a tracking link."""
    return (
        Delivery.objects.select_related("order__region", "order__slot", "slot", "stop__route__driver__user", "hub")
        .filter(tracking_token=token)
        .first()
    )
