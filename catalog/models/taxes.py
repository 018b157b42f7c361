"""Packs that are not sold, because nobody has said what tax they bear."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.products import Variant
from milkdelivery.core import clock
from milkdelivery.core.models import Region


class UntaxedPack(models.Model):
    """A pack on sale that staff were told of: on `day` it can't be sold, because no tax rate covers it.

    There is a row for as long as that is so, which is why they are told once.
    """

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="+", verbose_name=_("pack"))
    region = models.ForeignKey(Region, models.CASCADE, related_name="+", verbose_name=_("region"))
    day = models.DateField(_("from"))
    told_at = models.DateTimeField(_("told at"), default=clock.now)

    class Meta:
        verbose_name = _("pack without a tax rate")
        verbose_name_plural = _("packs without a tax rate")
        constraints = [models.UniqueConstraint(fields=["variant", "region"], name="untaxed_pack_told_once")]

    def __str__(self) -> str:
        return f"{self.variant} ({self.region})"
