"""What a dairy can produce for a day, and who was promised some of it before it came in."""

from collections.abc import Iterable

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class DailySupplyQuerySet(models.QuerySet["DailySupply"]):
    def open(self) -> "DailySupplyQuerySet":
        """Not received yet: the day's milk is sold against these."""
        return self.filter(received_at=None)

    def locked(self, ids: Iterable[int]) -> list["DailySupply"]:
        """Supplies by primary key, locked in its order. The caller has locked their shelves, which covers them too:
        what this adds is that no other hand can touch the rows meanwhile."""
        return list(self.select_for_update(of=("self",)).filter(pk__in=list(ids)).order_by("pk"))


class DailySupply(models.Model):
    """Pieces that a vendor can bring of a variant on one day.

    Until it is received, milk for the day is sold against it and the shelf has no part in it; once received, the
    promises are reservations on the shelf and `promised` stays as it was at that moment.
    """

    stock = models.ForeignKey(
        "inventory.Stock", models.PROTECT, related_name="supplies", verbose_name=_("stock"), db_index=False
    )
    date = models.DateField(_("delivery date"))
    quantity = models.PositiveIntegerField(_("pieces"))
    promised = models.PositiveIntegerField(_("promised"), default=0)
    received_at = models.DateTimeField(_("received at"), null=True, blank=True)
    received_quantity = models.PositiveIntegerField(_("received"), null=True, blank=True)

    objects = DailySupplyQuerySet.as_manager()

    class Meta:
        verbose_name = _("daily supply")
        verbose_name_plural = _("daily supplies")
        ordering = ["date", "stock"]
        constraints = [
            models.UniqueConstraint(fields=["stock", "date"], name="supply_once_per_day"),
            models.CheckConstraint(condition=Q(promised__lte=F("quantity")), name="supply_promised_within_quantity"),
            models.CheckConstraint(
                condition=Q(received_at=None, received_quantity=None)
                | Q(received_at__isnull=False, received_quantity__isnull=False),
                name="supply_received_whole",
            ),
        ]
        indexes = [models.Index(fields=["date"], name="supply_by_day")]

    def __str__(self) -> str:
        return f"{self.date}: {self.quantity}"

    @property
    def left(self) -> int:
        """Pieces that can still be promised of it; none once it came in, be it short or whole: what is free of it then
        stands on the shelf and is sold from there."""
        return self.quantity - self.promised if self.received_at is None else 0


class SupplyPromise(models.Model):
    """What an order was promised of a day's supply. Kept after the milk came in, with what it then `got`."""

    supply = models.ForeignKey(
        DailySupply, models.CASCADE, related_name="promises", verbose_name=_("daily supply"), db_index=False
    )
    reference = models.CharField(_("order number"), max_length=20, db_index=True)
    quantity = models.PositiveIntegerField(_("pieces"))
    got = models.PositiveIntegerField(_("got"), null=True, blank=True)

    class Meta:
        verbose_name = _("promise of supply")
        verbose_name_plural = _("promises of supply")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["supply", "reference"], name="supply_promise_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="supply_promise_of_something"),
            models.CheckConstraint(condition=Q(got=None) | Q(got__lte=F("quantity")), name="supply_promise_got_within"),
        ]

    def __str__(self) -> str:
        return f"{self.reference}: {self.quantity}"
