"""The drop at the door."""

import secrets
from collections.abc import Collection
from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from deliveries.models.hubs import Hub
from deliveries.models.people import Driver
from deliveries.models.routes import Stop
from milkdelivery.core.fields import MoneyField
from milkdelivery.core.models import DeliverySlot
from orders.models import Order


def new_tracking_token() -> str:
    """Unguessable: whoever holds the link sees the delivery."""
    return secrets.token_urlsafe(18)


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def locked(self, pk: int) -> "Delivery":
        return self.select_for_update(of=("self",)).select_related("stop__route").get(pk=pk)

    def locked_of_order(self, order_id: int) -> "Delivery | None":
        rows = self.select_for_update(of=("self",)).select_related("stop__route")
        return rows.filter(order_id=order_id).first()

    def locked_all_of(self, customer_id: int) -> "list[Delivery]":
        """All deliveries to a household, locked in primary key order."""
        rows = self.select_for_update(of=("self",)).filter(order__customer_id=customer_id)
        return list(rows.order_by("pk"))

    def locked_with_route(self, pk: int, route_id: int) -> "Delivery | None":
        """A delivery that stands on this round, locked; None where it does not. The round is locked already."""
        rows = self.select_for_update(of=("self",)).select_related("stop__route", "order")
        return rows.filter(pk=pk, stop__route_id=route_id).first()

    def of_driver(self, driver_id: int, *, on: date) -> "DeliveryQuerySet":
        return self.filter(stop__route__driver_id=driver_id, delivery_date=on)

    def locked_of_route(self, route_id: int) -> "list[Delivery]":
        """All deliveries of a round, locked in primary key order."""
        rows = self.select_for_update(of=("self",)).filter(stop__route_id=route_id)
        return list(rows.select_related("stop__route", "order").order_by("pk"))

    def locked_at(self, stops: "Collection[Stop]") -> "list[Delivery]":
        """All deliveries at these stops, locked in primary key order."""
        rows = self.select_for_update(of=("self",)).filter(stop__in=stops)
        return list(rows.select_related("stop__route", "order").order_by("pk"))

    def without_round(self) -> "DeliveryQuerySet":
        """Those to be brought that no round has yet."""
        return self.filter(status__in=["SCHEDULED", "ASSIGNED"], stop=None)

    def locked_without_round(self, hub_id: int, *, on: date, slot_id: int) -> "list[Delivery]":
        rows = self.select_for_update(of=("self",)).without_round()
        rows = rows.filter(hub_id=hub_id, delivery_date=on, slot_id=slot_id)
        return list(rows.select_related("order").order_by("pk"))


class Delivery(models.Model):
    class Status(models.TextChoices):
        SCHEDULED = "SCHEDULED", _("Scheduled")
        ASSIGNED = "ASSIGNED", _("With a driver")
        PICKED_UP = "PICKED_UP", _("Picked up")
        IN_TRANSIT = "IN_TRANSIT", _("On the way")
        DELIVERED = "DELIVERED", _("Delivered")
        FAILED = "FAILED", _("Failed")
        CANCELLED = "CANCELLED", _("Cancelled")

    class FailureReason(models.TextChoices):
        NOBODY_THERE = "NOBODY_THERE", _("Nobody there and no safe place")
        NO_ACCESS = "NO_ACCESS", _("No access to the building")
        WRONG_ADDRESS = "WRONG_ADDRESS", _("Address not found")
        REFUSED = "REFUSED", _("Refused at the door")
        DAMAGED = "DAMAGED", _("Damaged on the way")
        NO_TIME = "NO_TIME", _("Not reached in time")

    order = models.OneToOneField(Order, models.PROTECT, related_name="+", verbose_name=_("order"))
    hub = models.ForeignKey(Hub, models.PROTECT, related_name="+", verbose_name=_("hub"))
    stop = models.ForeignKey(
        Stop,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="deliveries",
        verbose_name=_("stop"),
    )
    delivery_date = models.DateField(_("delivery date"))
    slot = models.ForeignKey(DeliverySlot, models.PROTECT, related_name="+", verbose_name=_("slot"))
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.SCHEDULED)
    assigned_at = models.DateTimeField(_("assigned at"), null=True, blank=True)
    picked_up_at = models.DateTimeField(_("picked up at"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    failed_at = models.DateTimeField(_("failed at"), null=True, blank=True)
    failure_reason = models.CharField(_("failure reason"), max_length=16, choices=FailureReason.choices, blank=True)
    cash_collected = MoneyField(_("cash collected"), default=0)
    empties_collected = models.PositiveSmallIntegerField(_("empties collected"), default=0, db_default=0)
    tracking_token = models.CharField(max_length=32, unique=True, default=new_tracking_token, editable=False)
    created_at = models.DateTimeField(_("created at"))

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["delivery_date", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(cash_collected__gte=0), name="delivery_cash_not_negative"),
            models.CheckConstraint(
                # ASSIGNED too while a process of the release before may still write it with a driver and no stop
                condition=Q(stop__isnull=False) | Q(status__in=["SCHEDULED", "ASSIGNED", "CANCELLED"]),
                name="delivery_under_way_has_stop",
            ),
        ]
        indexes = [
            models.Index(fields=["stop"], name="delivery_by_stop"),
            models.Index(fields=["hub", "delivery_date", "slot"], name="delivery_by_hub"),
        ]

    def __str__(self) -> str:
        return f"{self.order.number}: {self.get_status_display()}"

    @property
    def currency(self) -> str:
        return self.order.currency

    @property
    def driver(self) -> Driver | None:
        """Whose round it is on. Reads `stop__route__driver`."""
        return self.stop.route.driver if self.stop is not None else None

    @property
    def driver_id(self) -> int | None:
        return self.stop.route.driver_id if self.stop is not None else None

    @property
    def sequence(self) -> int | None:
        """Which stop of its round it is."""
        return self.stop.sequence if self.stop is not None else None


class FailedAttemptQuerySet(models.QuerySet["FailedAttempt"]):
    def true(self) -> "FailedAttemptQuerySet":
        """Without those that were wrong taps."""
        return self.filter(undone_at=None)


class FailedAttempt(models.Model):
    """Somebody stood at the door, or was to, and it was not handed over. What became of it: another day, or its money
    back. The goods are in the van until `put_back_at`."""

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="failed_attempts", verbose_name=_("delivery"))
    stop = models.ForeignKey(Stop, models.PROTECT, related_name="failed_attempts", verbose_name=_("stop"))
    reason = models.CharField(_("reason"), max_length=16, choices=Delivery.FailureReason.choices)
    note = models.CharField(_("note"), max_length=200, blank=True)
    retried_on = models.DateField(_("brought again on"), null=True, blank=True)
    actor = models.CharField(_("who"), max_length=40)
    occurred_at = models.DateTimeField(_("when"))
    put_back_at = models.DateTimeField(_("goods at the hub again"), null=True, blank=True)
    undone_at = models.DateTimeField(_("taken back"), null=True, blank=True, help_text=_("It was a wrong tap"))

    objects = FailedAttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("failed attempt")
        verbose_name_plural = _("failed attempts")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.delivery_id}: {self.get_reason_display()}"
