"""What drivers tapped, and what became of it."""

from collections.abc import Sequence

from django.db import connections, models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from deliveries.models.deliveries import Delivery
from deliveries.models.people import Driver
from deliveries.models.routes import Route
from deliveries.rules import taps

_EMPTY_NOTES = """
UPDATE deliveries_driveraction AS tap SET payload = tap.payload || '{"note": ""}', said = ''
FROM deliveries_delivery AS delivery JOIN orders_order ON orders_order.id = delivery.order_id
WHERE tap.delivery_id = delivery.id AND orders_order.customer_id = %s
"""


class DriverActionQuerySet(models.QuerySet["DriverAction"]):
    def locked(self, pk: int) -> "DriverAction":
        return self.select_for_update(of=("self",)).get(pk=pk)

    def at_stop(self, delivery_id: int, route_id: int) -> "DriverActionQuerySet":
        """The taps at one stop of one round, but those that nothing can turn into a yes any more."""
        said = self.filter(delivery_id=delivery_id, route_id=route_id, kind__in=taps.AT_STOPS)
        is_settled = Q(result=taps.REFUSED) & ~Q(code__in=taps.BY_ORDER) | Q(code=taps.BY_STAFF)
        return said.exclude(is_settled)

    def empty_notes(self, customer_id: int) -> None:
        """Take out what drivers wrote about a household's door. Inside `core.models.erasing.words_may_go`."""
        with connections[self.db].cursor() as cursor:
            cursor.execute(_EMPTY_NOTES, [customer_id])

    def to_look_at(self) -> "DriverActionQuerySet":
        """What came too late to count and may still be true: somebody has to call the driver."""
        return self.filter(needs_look=True)


class DriverAction(models.Model):
    """One tap of a driver, once per key. What was tapped never changes (a trigger of the database holds that); what
    became of it may, when an earlier tap arrives after it."""

    class Kind(models.TextChoices):
        PICKED_UP = taps.PICKED_UP, _("Picked up")
        DELIVERED = taps.DELIVERED, _("Delivered")
        FAILED = taps.FAILED, _("Not handed over")
        UNDO = taps.UNDO, _("Taken back")
        START = taps.START, _("Left the hub")
        CLOSE = taps.CLOSE, _("Closed the round")

    class Result(models.TextChoices):
        WAITING = taps.WAITING, _("Waiting")
        DONE = taps.DONE, _("Done")
        ALREADY = taps.ALREADY, _("Was so already")
        TAKEN_BACK = taps.TAKEN_BACK, _("Taken back")
        REFUSED = taps.REFUSED, _("Refused")

    driver = models.ForeignKey(Driver, models.PROTECT, related_name="actions", verbose_name=_("driver"))
    key = models.CharField(_("key"), max_length=80)
    kind = models.CharField(_("what"), max_length=10, choices=Kind.choices)
    delivery = models.ForeignKey(
        Delivery, models.PROTECT, null=True, blank=True, related_name="actions", verbose_name=_("delivery")
    )
    route = models.ForeignKey(
        Route, models.PROTECT, null=True, blank=True, related_name="actions", verbose_name=_("round")
    )
    device_at = models.DateTimeField(_("by the phone’s clock"))
    happened_at = models.DateTimeField(_("when"), help_text=_("By our clock"))
    received_at = models.DateTimeField(_("received at"))
    payload = models.JSONField(_("what it says"), default=dict, blank=True)
    result = models.CharField(_("result"), max_length=10, choices=Result.choices, default=Result.WAITING)
    code = models.CharField(_("why refused"), max_length=60, blank=True)
    said = models.CharField(_("what the driver was told"), max_length=255, blank=True)
    needs_look = models.BooleanField(
        _("to look at"), default=False, help_text=_("It came too late to count: ask the driver what happened")
    )
    looked_at_by = models.CharField(_("looked at by"), max_length=40, blank=True)
    looked_at = models.DateTimeField(_("looked at"), null=True, blank=True)

    objects = DriverActionQuerySet.as_manager()

    class Meta:
        verbose_name = _("tap of a driver")
        verbose_name_plural = _("taps of drivers")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["driver", "key"], name="driver_action_once")]
        indexes = [
            models.Index(fields=["delivery", "route"], name="driver_action_by_stop"),
            models.Index(fields=["route", "kind"], name="driver_action_by_round"),
            models.Index(fields=["-id"], condition=Q(needs_look=True), name="driver_action_to_look_at"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.delivery_id or self.route_id}"

    @property
    def tap(self) -> taps.Tap:
        return taps.Tap(self.pk, self.kind, self.happened_at, self.device_at, self.received_at)


def word_that_stands(actions: Sequence[DriverAction]) -> DriverAction | None:
    """Of the taps at a stop, the one that ended it."""
    return next((a for a in actions if a.kind in taps.WORDS and a.result == taps.DONE), None)
