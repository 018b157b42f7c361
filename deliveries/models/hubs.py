"""Depots, and what they serve."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from deliveries.rules import proof
from milkdelivery.core.models import Pincode, Region


class HubQuerySet(models.QuerySet["Hub"]):
    def locked(self, pk: int) -> "Hub":
        """One plan of a hub at a time; deliveries that point at it don't wait."""
        return self.select_for_update(no_key=True, of=("self",)).select_related("region").get(pk=pk)


class Hub(models.Model):
    """A depot that rounds start from. It serves its pincodes alone."""

    class DoorPhoto(models.TextChoices):
        OPTIONAL = proof.OPTIONAL, _("As the driver likes")
        UNATTENDED = proof.UNATTENDED, _("Needed where nobody pays at the door")
        ALWAYS = proof.ALWAYS, _("Needed at every door")

    name = models.CharField(_("name"), max_length=80, unique=True)
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name=_("region"))
    address = models.CharField(_("address"), max_length=255)
    latitude = models.DecimalField(_("latitude"), max_digits=8, decimal_places=5)
    longitude = models.DecimalField(_("longitude"), max_digits=8, decimal_places=5)
    door_photo = models.CharField(
        _("photo at the door"),
        max_length=10,
        choices=DoorPhoto.choices,
        default=DoorPhoto.OPTIONAL,
        db_default=DoorPhoto.OPTIONAL,
        help_text=_("Without one that is needed, a driver can’t say “delivered”"),
    )
    is_active = models.BooleanField(_("active"), default=True)

    objects = HubQuerySet.as_manager()

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
