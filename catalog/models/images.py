"""Pictures of products."""

from typing import Any

from django.db import connection, models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from catalog.rules.pictures import Picture


class ProductImageQuerySet(models.QuerySet["ProductImage"]):
    def first_of(self, product: str) -> Subquery:
        """The first picture of the product that the outer query calls `product`, as JSON."""
        found = self.filter(product=OuterRef(product)).order_by("position", "pk")
        return Subquery(found.values(json=JSONObject(stem="stem", width="width", height="height", alt="alt"))[:1])

    def lock_stem(self, stem: str) -> None:
        """Hold whoever adds or forgets the files of this stem until the transaction ends."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('catalog.picture'), hashtext(%s))", [stem])


class ProductImage(models.Model):
    """A picture of a product. The first one stands for it on the shelf.

    The files are named by what is in them (`stem` is a hash) and the width; equal pictures share them.
    """

    product = models.ForeignKey("catalog.Product", models.CASCADE, related_name="images", verbose_name=_("product"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    alt = models.CharField(
        _("what it shows"), max_length=160, help_text=_("Read aloud to who can't see it: “A glass bottle of milk”")
    )
    stem = models.CharField(max_length=64, editable=False)
    width = models.PositiveIntegerField(_("width"), editable=False)
    height = models.PositiveIntegerField(_("height"), editable=False)

    objects = ProductImageQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["product", "stem"], name="picture_once_per_product"),
            models.CheckConstraint(condition=~Q(alt=""), name="picture_says_what_it_shows"),
            models.CheckConstraint(condition=Q(width__gt=0, height__gt=0), name="picture_has_a_size"),
        ]

    def __str__(self) -> str:
        return self.alt

    @property
    def picture(self) -> Picture:
        return Picture(self.stem, self.width, self.height, self.alt)


def picture_of(annotated: dict[str, Any] | None) -> Picture | None:
    """The picture that `first_of` annotated."""
    return Picture(**annotated) if annotated else None
