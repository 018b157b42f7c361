"""Rounds: which doors, in which order, by whom."""

from collections.abc import Iterable
from datetime import date

from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from deliveries.models.hubs import Hub
from deliveries.models.people import Driver, Vehicle
from milkdelivery.core.models import DeliverySlot


class RouteQuerySet(models.QuerySet["Route"]):
    def locked(self, pk: int) -> "Route":
        return self.select_for_update(of=("self",)).select_related("hub__region", "slot", "driver__user").get(pk=pk)

    def locked_of(self, hub_id: int, *, on: date, slot_id: int) -> list["Route"]:
        """All rounds of a hub's slot, locked in primary key order."""
        rows = self.select_for_update(of=("self",)).filter(hub_id=hub_id, date=on, slot_id=slot_id)
        return list(rows.select_related("hub__region", "slot", "driver__user", "vehicle").order_by("pk"))

    def locked_at(self, places: Iterable[tuple[int, date, int]]) -> list["Route"]:
        """All rounds of several hubs' slots (hub, day, slot), locked in primary key order."""
        there = Q(pk__in=[])
        for hub_id, on, slot_id in places:
            there |= Q(hub_id=hub_id, date=on, slot_id=slot_id)
        return list(self.select_for_update(of=("self",)).filter(there).order_by("pk"))

    def open(self) -> "RouteQuerySet":
        """Those that are not over."""
        return self.filter(status__in=[Route.Status.PLANNED, Route.Status.STARTED])

    def still_at_hub(self) -> "RouteQuerySet":
        """Those that can still get another stop."""
        return self.filter(status=Route.Status.PLANNED)


class Route(models.Model):
    """What one driver brings in one slot: its stops say in which order. Who is back can go out again with another."""

    class Status(models.TextChoices):
        PLANNED = "PLANNED", _("Planned")
        STARTED = "STARTED", _("On the road")
        CLOSED = "CLOSED", _("Closed")
        CALLED_OFF = "CALLED_OFF", _("Called off")

    hub = models.ForeignKey(Hub, models.PROTECT, related_name="routes", verbose_name=_("hub"))
    date = models.DateField(_("date"))
    slot = models.ForeignKey(DeliverySlot, models.PROTECT, related_name="+", verbose_name=_("slot"))
    number = models.PositiveSmallIntegerField(_("number"))
    driver = models.ForeignKey(
        Driver, models.PROTECT, null=True, blank=True, related_name="routes", verbose_name=_("driver")
    )
    vehicle = models.ForeignKey(
        Vehicle, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("vehicle")
    )
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.PLANNED)
    is_locked = models.BooleanField(
        _("locked"), default=False, help_text=_("Planning leaves its stops and their order alone")
    )
    planned_metres = models.PositiveIntegerField(_("planned metres"), default=0)
    planned_minutes = models.PositiveIntegerField(_("planned minutes"), default=0)
    planned_at = models.DateTimeField(
        _("planned at"), null=True, blank=True, help_text=_("Empty while stops only gather on it as orders come")
    )
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    call_off_reason = models.CharField(_("why it was called off"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"))

    objects = RouteQuerySet.as_manager()

    class Meta:
        verbose_name = _("round")
        verbose_name_plural = _("rounds")
        ordering = ["-date", "slot", "hub", "number"]
        constraints = [
            models.UniqueConstraint(fields=["hub", "date", "slot", "number"], name="route_number_once"),
            models.UniqueConstraint(
                # a driver who is back may be sent out once more
                fields=["driver", "date", "slot"],
                condition=Q(status__in=["PLANNED", "STARTED"]),
                name="route_one_open_per_driver",
            ),
            models.CheckConstraint(
                condition=Q(driver__isnull=False) | Q(status__in=["PLANNED", "CALLED_OFF"]),
                name="route_on_the_road_has_driver",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hub} {self.date} {self.slot.label} {self.number}"

    @property
    def is_over(self) -> bool:
        return self.status in (Route.Status.CLOSED, Route.Status.CALLED_OFF)


class StopQuerySet(models.QuerySet["Stop"]):
    def forget_doors(self, customer_id: int) -> None:
        """Of stops where nobody but this household lives, only that somebody stopped there is left. One that a delivery
        has left again, to be brought another day, is known by the attempt that failed there."""
        ways = ("deliveries__order__customer_id", "failed_attempts__delivery__order__customer_id")
        theirs = {
            pk for way in ways for pk in self.filter(**{way: customer_id}).order_by().values_list("pk", flat=True)
        }
        others = {
            pk
            for way in ways
            for pk, household in self.filter(pk__in=theirs).order_by().values_list("pk", way)
            if household not in (None, customer_id)
        }
        nameless = Concat(models.Value("erased "), Cast("pk", models.CharField()))
        self.filter(pk__in=theirs - others).update(door=nameless, latitude=None, longitude=None)

    def in_order(self) -> "StopQuerySet":
        return self.order_by("route", "sequence")


class Stop(models.Model):
    """A door on a round. Households behind one door share it."""

    route = models.ForeignKey(Route, models.CASCADE, related_name="stops", verbose_name=_("round"))
    sequence = models.PositiveIntegerField(_("stop"))
    door = models.CharField(_("door"), max_length=255)
    latitude = models.DecimalField(_("latitude"), max_digits=8, decimal_places=5, null=True, blank=True)
    longitude = models.DecimalField(_("longitude"), max_digits=8, decimal_places=5, null=True, blank=True)
    planned_arrival = models.DateTimeField(_("planned arrival"), null=True, blank=True)

    objects = StopQuerySet.as_manager()

    class Meta:
        verbose_name = _("stop")
        verbose_name_plural = _("stops")
        ordering = ["route", "sequence"]
        constraints = [
            models.UniqueConstraint(
                fields=["route", "sequence"], name="stop_sequence_once", deferrable=models.Deferrable.DEFERRED
            ),
            models.UniqueConstraint(fields=["route", "door"], name="stop_door_once"),
            models.CheckConstraint(condition=Q(sequence__gte=1), name="stop_sequence_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence}. {self.door}"
