"""Who drives, in what, and when."""

from datetime import date

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from deliveries.models.hubs import Hub
from milkdelivery.core.models import DeliverySlot


class DriverQuerySet(models.QuerySet["Driver"]):
    def at_work(self, hub_id: int) -> "DriverQuerySet":
        """Active drivers of a hub whose account is open."""
        return self.filter(hub_id=hub_id, is_active=True, user__is_active=True)


class Driver(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("person"))
    hub = models.ForeignKey(Hub, models.PROTECT, related_name="drivers", verbose_name=_("hub"))
    is_active = models.BooleanField(_("active"), default=True)

    objects = DriverQuerySet.as_manager()

    class Meta:
        verbose_name = _("driver")
        verbose_name_plural = _("drivers")
        ordering = ["hub", "id"]

    def __str__(self) -> str:
        return str(self.user)


class Vehicle(models.Model):
    hub = models.ForeignKey(Hub, models.PROTECT, related_name="vehicles", verbose_name=_("hub"))
    plate = models.CharField(_("number plate"), max_length=16, unique=True)
    crates = models.PositiveSmallIntegerField(
        _("crates"), validators=[MinValueValidator(1)], help_text=_("How many it carries")
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("vehicle")
        verbose_name_plural = _("vehicles")
        ordering = ["hub", "plate"]
        constraints = [models.CheckConstraint(condition=Q(crates__gte=1), name="vehicle_carries_something")]

    def __str__(self) -> str:
        return self.plate


class ShiftQuerySet(models.QuerySet["Shift"]):
    def of(self, hub_id: int, *, on: date, slot_id: int) -> "ShiftQuerySet":
        return self.filter(driver__hub_id=hub_id, date=on, slot_id=slot_id)


class Shift(models.Model):
    """What is agreed about a driver and a slot: that they drive, perhaps in a certain vehicle, or that they don't.

    Where nobody of a hub has a shift in a slot, every driver of the hub drives who is not absent.
    """

    driver = models.ForeignKey(Driver, models.CASCADE, related_name="shifts", verbose_name=_("driver"))
    date = models.DateField(_("date"))
    slot = models.ForeignKey(DeliverySlot, models.PROTECT, related_name="+", verbose_name=_("slot"))
    vehicle = models.ForeignKey(
        Vehicle, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("vehicle")
    )
    is_absent = models.BooleanField(_("absent"), default=False, help_text=_("Ill, on leave: does not drive"))

    objects = ShiftQuerySet.as_manager()

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        ordering = ["-date", "slot", "driver"]
        constraints = [
            models.UniqueConstraint(fields=["driver", "date", "slot"], name="shift_once"),
            models.UniqueConstraint(
                fields=["vehicle", "date", "slot"],
                condition=Q(vehicle__isnull=False, is_absent=False),
                name="shift_vehicle_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.driver}: {self.date} {self.slot.label}"
