"""Ways to pay that a household keeps for later: what a gateway calls them, and what people know them by."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SavedMethodQuerySet(models.QuerySet["SavedMethod"]):
    def of(self, user_id: int) -> "SavedMethodQuerySet":
        """A person's, the last used first."""
        return self.filter(user_id=user_id, removed_at=None).order_by("-last_used_at", "-pk")

    def locked(self, pk: int) -> "SavedMethod":
        return self.select_for_update().get(pk=pk)


class SavedMethod(models.Model):
    """A card or the like at a gateway, by the gateway's token. No number is kept: brand and last digits at most."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("customer"))
    gateway = models.CharField(_("gateway"), max_length=20)
    token = models.CharField(_("token at the gateway"), max_length=120)
    method = models.CharField(_("method"), max_length=12)
    brand = models.CharField(_("brand"), max_length=30, blank=True)
    last4 = models.CharField(_("last digits"), max_length=4, blank=True)
    label = models.CharField(_("label"), max_length=80, blank=True, help_text=_("A UPI id, shortened"))
    expires_on = models.DateField(_("good until"), null=True, blank=True)
    created_at = models.DateTimeField(_("saved at"))
    last_used_at = models.DateTimeField(_("last used at"))
    removed_at = models.DateTimeField(_("removed at"), null=True, blank=True)

    objects = SavedMethodQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved way to pay")
        verbose_name_plural = _("saved ways to pay")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "gateway", "token"], condition=Q(removed_at=None), name="saved_method_once"
            )
        ]

    def __str__(self) -> str:
        return self.label or f"{self.brand} ···· {self.last4}".strip()
