"""The drop at the door, who brings it and from where."""

import secrets
from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from milkdelivery.core.fields import MoneyField
from milkdelivery.core.models import DeliverySlot, Pincode, Region
from orders.models import Order


class Hub(models.Model):
    """A depot that rounds start from. It serves its pincodes alone."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name=_("region"))
    address = models.CharField(_("address"), max_length=255)
    latitude = models.DecimalField(_("latitude"), max_digits=8, decimal_places=5)
    longitude = models.DecimalField(_("longitude"), max_digits=8, decimal_places=5)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("hub")
        verbose_name_plural = _("hubs")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class HubArea(models.Model):
    hub = models.ForeignKey(Hub, models.CASCADE, related_name="areas", verbose_name=_("hub"))
    pincode = models.OneToOneField(Pincode, models.PROTECT, related_name="+", verbose_name=_("pincode"))

    class Meta:
        verbose_name = _("hub area")
        verbose_name_plural = _("hub areas")

    def __str__(self) -> str:
        return str(self.pincode)


class Driver(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("person"))
    hub = models.ForeignKey(Hub, models.PROTECT, related_name="drivers", verbose_name=_("hub"))
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("driver")
        verbose_name_plural = _("drivers")
        ordering = ["hub", "id"]

    def __str__(self) -> str:
        return str(self.user)


def new_tracking_token() -> str:
    """Unguessable: whoever holds the link sees the delivery."""
    return secrets.token_urlsafe(18)


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def locked(self, pk: int) -> "Delivery":
        return self.select_for_update(of=("self",)).get(pk=pk)

    def locked_of_order(self, order_id: int) -> "Delivery | None":
        return self.select_for_update(of=("self",)).filter(order_id=order_id).first()

    def of_driver(self, driver_id: int, *, on: date) -> "DeliveryQuerySet":
        return self.filter(driver_id=driver_id, delivery_date=on)


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
    driver = models.ForeignKey(
        Driver, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("driver")
    )
    delivery_date = models.DateField(_("delivery date"))
    slot = models.ForeignKey(DeliverySlot, models.PROTECT, related_name="+", verbose_name=_("slot"))
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.SCHEDULED)
    sequence = models.PositiveIntegerField(_("stop"), null=True, blank=True)
    assigned_at = models.DateTimeField(_("assigned at"), null=True, blank=True)
    picked_up_at = models.DateTimeField(_("picked up at"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    failed_at = models.DateTimeField(_("failed at"), null=True, blank=True)
    failure_reason = models.CharField(_("failure reason"), max_length=16, choices=FailureReason.choices, blank=True)
    cash_collected = MoneyField(_("cash collected"), default=0)
    tracking_token = models.CharField(max_length=32, unique=True, default=new_tracking_token, editable=False)
    created_at = models.DateTimeField(_("created at"))

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["delivery_date", "sequence", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(cash_collected__gte=0), name="delivery_cash_not_negative"),
            models.CheckConstraint(
                condition=Q(driver__isnull=False) | Q(status__in=["SCHEDULED", "CANCELLED"]),
                name="delivery_under_way_has_driver",
            ),
        ]
        indexes = [
            models.Index(fields=["driver", "delivery_date"], name="delivery_by_driver"),
            models.Index(fields=["hub", "delivery_date", "slot"], name="delivery_by_hub"),
        ]

    def __str__(self) -> str:
        return f"{self.order.number}: {self.get_status_display()}"

    @property
    def currency(self) -> str:
        return self.order.currency
