"""What households say of a delivery."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from deliveries.models.deliveries import Delivery

LONGEST_WORDS = 500


class Rating(models.Model):
    """One to five stars for a delivery and perhaps a word, by the household or whoever holds its link."""

    delivery = models.OneToOneField(Delivery, models.PROTECT, related_name="rating", verbose_name=_("delivery"))
    stars = models.PositiveSmallIntegerField(_("stars"))
    words = models.CharField(_("in their words"), max_length=LONGEST_WORDS, blank=True)
    actor = models.CharField(_("who"), max_length=40)
    rated_at = models.DateTimeField(_("rated at"))
    changed_at = models.DateTimeField(_("changed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("rating")
        verbose_name_plural = _("ratings")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(stars__gte=1, stars__lte=5), name="rating_one_to_five")]

    def __str__(self) -> str:
        return f"{self.delivery_id}: {self.stars}"
