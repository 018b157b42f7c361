"""A shelf: what stands on it, what of it is promised for which day, and every change."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import connection, models
from django.db.models import F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy as _

from catalog.models import Variant
from inventory.models.supply import DailySupply
from inventory.rules.reasons import reason_words
from vendors.models import Vendor


class Promisable(models.Func):
    """`rules.promisable` as PostgreSQL counts it: of (stock id, on hand, delivery day), what can still be promised.

    A test holds the two together. It falls below zero only where stock has drifted.
    """

    template = """(
        SELECT min(
            shelf.on_hand
            - coalesce((SELECT sum(remaining) FROM inventory_batch
                WHERE stock_id = shelf.id AND remaining > 0 AND expires_on < tight.day), 0)
            - coalesce((SELECT sum(quantity) FROM inventory_promise
                WHERE stock_id = shelf.id AND quantity > 0 AND delivery_date >= tight.day), 0)
        )
        FROM (SELECT %(expressions)s) AS shelf (id, on_hand, day)
        CROSS JOIN LATERAL (
            SELECT shelf.day
            UNION ALL
            SELECT delivery_date FROM inventory_promise
            WHERE stock_id = shelf.id AND quantity > 0 AND delivery_date < shelf.day
        ) AS tight (day)
    )"""
    output_field = models.IntegerField()


class StockQuerySet(models.QuerySet["Stock"]):
    def locked(self, pairs: Iterable[tuple[int, int]]) -> list["Stock"]:
        """The stock rows of these (vendor, variant) pairs, locked in primary key order: so no two callers deadlock.

        The lock covers all that belongs to the pair: its promises, batches and daily supplies change under it only.
        """
        wanted = Q()
        for vendor_id, variant_id in sorted(set(pairs)):
            wanted |= Q(vendor_id=vendor_id, variant_id=variant_id)
        return list(self.select_for_update(of=("self",)).filter(wanted).order_by("pk")) if wanted else []

    def locked_rows(self, ids: Iterable[int]) -> dict[int, "Stock"]:
        """Stock rows by primary key, locked in its order."""
        wanted = set(ids)
        rows = self.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk") if wanted else ()
        return {stock.pk: stock for stock in rows}

    def with_left(self, *, on: date) -> Any:
        """Annotate `left`: pieces that can still be promised for a delivery on that day, never below none.

        They come from the day's supply where one is given and not received yet (`supply_id`), else from the shelf.
        """
        open_supply = _open_supply(on)
        shelf = Promisable(F("pk"), F("on_hand"), Value(on, output_field=models.DateField()))
        coming = Subquery(open_supply.values_list(F("quantity") - F("promised")))
        return self.annotate(
            supply_id=Subquery(open_supply.values("pk")), left=Greatest(Value(0), Coalesce(coming, shelf))
        )

    def with_about_left(self, *, on: date) -> Any:
        """Annotate `about_left`: the same without asking for which days what is on the shelf is good.

        Cheaper (docs/PERFORMANCE.md), and wrong only where a batch runs out before the day: good enough to sort by.
        """
        coming = Subquery(_open_supply(on).values_list(F("quantity") - F("promised")))
        return self.annotate(about_left=Coalesce(coming, F("on_hand") - F("reserved")))


def _open_supply(on: date) -> models.QuerySet[DailySupply]:
    """Of a stock that another query looks at: what is still to come on that day."""
    return DailySupply.objects.open().filter(stock=OuterRef("pk"), date=on).order_by()  # one at most


class Stock(models.Model):
    """Pieces of a variant at a vendor. Equals the sums of its movements at all times."""

    vendor = models.ForeignKey(Vendor, models.PROTECT, related_name="+", verbose_name=_("vendor"))
    variant = models.ForeignKey(Variant, models.PROTECT, related_name="+", verbose_name=_("variant"))
    on_hand = models.IntegerField(_("on hand"), default=0)
    reserved = models.IntegerField(_("reserved"), default=0)
    batched = models.IntegerField(_("in batches"), default=0, db_default=0)
    low_threshold = models.PositiveIntegerField(_("low below"), default=10)

    objects = StockQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock")
        verbose_name_plural = _("stock")
        ordering = ["vendor", "variant"]
        constraints = [
            models.UniqueConstraint(fields=["vendor", "variant"], name="stock_once"),
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="stock_on_hand_not_negative"),
            models.CheckConstraint(
                condition=Q(reserved__gte=0) & Q(reserved__lte=F("on_hand")), name="stock_reserved_within_on_hand"
            ),
            models.CheckConstraint(
                condition=Q(batched__gte=0) & Q(batched__lte=F("on_hand")), name="stock_batched_within_on_hand"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vendor}: {self.variant}"

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved

    @property
    def unbatched(self) -> int:
        """Pieces on hand in no batch, from before every piece had one. The next night puts them into one."""
        return self.on_hand - self.batched


class PromiseQuerySet(models.QuerySet["Promise"]):
    def add(self, changes: Mapping[tuple[int, date], int]) -> None:
        """Count pieces to (stock id, delivery day), or off it below zero. The caller has locked the stock rows.

        What is counted off was counted on before, so its row is there. One statement for each of the two.
        """
        for more in (True, False):
            rows = sorted((*key, count) for key, count in changes.items() if count and (count > 0) == more)
            if rows:
                columns = [list(column) for column in zip(*rows, strict=True)]
                with connection.cursor() as cursor:
                    cursor.execute(_PROMISE_MORE if more else _PROMISE_LESS, columns)


_PROMISE_MORE = """
INSERT INTO inventory_promise AS held (stock_id, delivery_date, quantity)
SELECT * FROM unnest(%s::bigint[], %s::date[], %s::int[])
ON CONFLICT (stock_id, delivery_date) DO UPDATE SET quantity = held.quantity + EXCLUDED.quantity
"""

_PROMISE_LESS = """
UPDATE inventory_promise AS held SET quantity = held.quantity + change.pieces
FROM unnest(%s::bigint[], %s::date[], %s::int[]) AS change (stock_id, delivery_date, pieces)
WHERE held.stock_id = change.stock_id AND held.delivery_date = change.delivery_date
"""


class Promise(models.Model):
    """Pieces of a shelf that are promised for one delivery day. A shelf's promises add up to its `reserved`."""

    stock = models.ForeignKey(Stock, models.CASCADE, related_name="promises", verbose_name=_("stock"), db_index=False)
    delivery_date = models.DateField(_("delivery date"))
    quantity = models.IntegerField(_("pieces"))

    objects = PromiseQuerySet.as_manager()

    class Meta:
        verbose_name = _("promise")
        verbose_name_plural = _("promises")
        ordering = ["delivery_date"]
        constraints = [
            models.UniqueConstraint(fields=["stock", "delivery_date"], name="promise_once_per_day"),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="promise_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_date}: {self.quantity}"


class StockMovement(models.Model):
    """One change of a stock row. Append-only.

    `delivery_date` is the day that what is reserved is for; `batch` the batch that the goods came to or went from.
    """

    class Kind(models.TextChoices):
        RECEIVE = "RECEIVE", _("Received")
        SELL = "SELL", _("Sold")
        RESERVE = "RESERVE", _("Reserved")
        RELEASE = "RELEASE", _("Released")
        ADJUST = "ADJUST", _("Adjusted")
        SET = "SET", _("Counted")
        SPOIL = "SPOIL", _("Spoiled")
        RETURN = "RETURN", _("Returned")

    stock = models.ForeignKey(Stock, models.PROTECT, related_name="movements", verbose_name=_("stock"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    on_hand_change = models.IntegerField(_("change on hand"))
    reserved_change = models.IntegerField(_("change of reserved"))
    reference = models.CharField(_("order number"), max_length=20, blank=True, db_index=True)
    delivery_date = models.DateField(_("delivery date"), null=True, blank=True)
    batch = models.ForeignKey(
        "inventory.Batch",
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="movements",
        verbose_name=_("batch"),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    actor = models.CharField(_("who"), max_length=40)
    occurred_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        ordering = ["-id"]
        indexes = [models.Index(fields=["batch"], condition=Q(batch__isnull=False), name="movement_by_batch")]

    def __str__(self) -> str:
        return f"{self.kind} {self.on_hand_change:+d}/{self.reserved_change:+d}"

    @property
    def why(self) -> str:
        """The reason in words."""
        return reason_words(self.reason)
