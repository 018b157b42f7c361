"""What a driver's phone brings along with "delivered": where it was, and a photo of what stands at the door."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from deliveries.models.deliveries import Delivery
from deliveries.models.people import Driver


class ProofQuerySet(models.QuerySet["Proof"]):
    def of_tap(self, driver_id: int, key: str) -> "ProofQuerySet":
        return self.filter(driver_id=driver_id, key=key)

    def old(self, *, before: datetime) -> "ProofQuerySet":
        """Those that are kept no longer, whatever they prove."""
        return self.filter(created_at__lt=before)


class Proof(models.Model):
    """Position and photo of one tap, under the tap's key: either may come first, and either may be missing.

    It proves its delivery while its tap stands. It goes when the tap is taken back, and after a time anyway.
    """

    driver = models.ForeignKey(Driver, models.PROTECT, related_name="+", verbose_name=_("driver"))
    key = models.CharField(_("key"), max_length=80)
    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="+", verbose_name=_("delivery"))
    proves = models.OneToOneField(
        Delivery, models.CASCADE, null=True, blank=True, related_name="proof", verbose_name=_("proves")
    )
    latitude = models.DecimalField(_("latitude"), max_digits=8, decimal_places=5, null=True, blank=True)
    longitude = models.DecimalField(_("longitude"), max_digits=8, decimal_places=5, null=True, blank=True)
    accuracy = models.PositiveIntegerField(_("give or take"), null=True, blank=True, help_text=_("In metres"))
    located_at = models.DateTimeField(_("located at"), null=True, blank=True)
    metres = models.PositiveIntegerField(
        _("metres from the door"), null=True, blank=True, help_text=_("Empty where nobody knows where the door is")
    )
    is_far = models.BooleanField(_("far from the door"), default=False)
    photo = models.CharField(_("photo"), max_length=32, blank=True, help_text=_("Where its file is kept"))
    photo_width = models.PositiveSmallIntegerField(_("width of the photo"), default=0)
    photo_height = models.PositiveSmallIntegerField(_("height of the photo"), default=0)
    created_at = models.DateTimeField(_("created at"))

    objects = ProofQuerySet.as_manager()

    class Meta:
        verbose_name = _("proof")
        verbose_name_plural = _("proofs")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["driver", "key"], name="proof_once"),
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None, accuracy=None, located_at=None)
                | Q(latitude__isnull=False, longitude__isnull=False, accuracy__isnull=False, located_at__isnull=False),
                name="proof_whole_position",
            ),
            models.CheckConstraint(condition=Q(is_far=False) | Q(metres__isnull=False), name="proof_far_from_a_door"),
        ]
        indexes = [
            models.Index(fields=["created_at"], name="proof_by_age"),
            models.Index(fields=["photo"], condition=~Q(photo=""), name="proof_by_photo"),
            models.Index(fields=["-id"], condition=Q(is_far=True), name="proof_far"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id}: {self.key}"

    @property
    def has_position(self) -> bool:
        return self.latitude is not None

    @property
    def has_photo(self) -> bool:
        return bool(self.photo)

    @property
    def distance(self) -> str:
        """How far from the door the phone was, for people; empty where nobody knows."""
        if self.metres is None:
            return ""
        if self.metres < 1_000:
            return _("%(count)s m") % {"count": self.metres}
        places = 1 if self.metres < 100_000 else 0
        return _("%(count)s km") % {"count": number_format(self.metres / 1_000, places, force_grouping=True)}

    @property
    def distance_words(self) -> str:
        """Where the phone was, for staff, if that was not at the door; else empty."""
        return _("%(distance)s from the door") % {"distance": self.distance} if self.is_far else ""


def proof_of(delivery: Delivery) -> Proof | None:
    """What proves a delivery, if anything does. Select `proof` along with many."""
    found: Proof | None = getattr(delivery, "proof", None)
    return found
