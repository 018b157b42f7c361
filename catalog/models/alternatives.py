"""Products that stand beside a product: in its place, or with it."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.models.products import Product


class AlternativeQuerySet(models.QuerySet["Alternative"]):
    def of(self, kind: str, product_ids: list[int]) -> "AlternativeQuerySet":
        """What is stored for these products, what staff chose first."""
        return self.filter(product_id__in=product_ids).best_first(kind)

    def best_first(self, kind: str) -> "AlternativeQuerySet":
        return self.filter(kind=kind).order_by(
            models.Case(models.When(source=Alternative.Source.STAFF, then=0), default=1), "position", "pk"
        )


class Alternative(models.Model):
    """One product for another, in order. Staff's choice goes before what was computed from orders."""

    class Kind(models.TextChoices):
        INSTEAD = "INSTEAD", _("Instead of it")
        TOGETHER = "TOGETHER", _("Bought together with it")

    class Source(models.TextChoices):
        STAFF = "STAFF", _("Staff")
        COMPUTED = "COMPUTED", _("Computed from orders")

    product = models.ForeignKey(Product, models.CASCADE, related_name="alternatives", verbose_name=_("product"))
    other = models.ForeignKey(Product, models.CASCADE, related_name="+", verbose_name=_("other product"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.INSTEAD)
    source = models.CharField(_("source"), max_length=10, choices=Source.choices, default=Source.STAFF)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    objects = AlternativeQuerySet.as_manager()

    class Meta:
        verbose_name = _("alternative")
        verbose_name_plural = _("alternatives")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "other", "kind", "source"],
                name="alternative_once",
                violation_error_message=_("This product is chosen twice."),
            ),
            models.CheckConstraint(
                condition=~Q(product=F("other")),
                name="alternative_is_another",
                violation_error_message=_("A product can't stand in for itself."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.other)

    def clean(self) -> None:
        """A row inside its product's form leaves the product out of what constraints are checked with."""
        if self.product_id == self.other_id:
            raise ValidationError({"other": _("A product can't stand in for itself.")})
