"""Files of counts and receipts: what was in them, line by line, and what became of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class StockImportQuerySet(models.QuerySet["StockImport"]):
    def locked(self, pk: int) -> "StockImport":
        return self.select_for_update(of=("self",)).get(pk=pk)


class StockImport(models.Model):
    """One uploaded file. The same bytes are taken once a day; a line takes effect once, whatever is repeated."""

    class State(models.TextChoices):
        UPLOADED = "UPLOADED", _("Being read")
        CHECKED = "CHECKED", _("Waits for you")
        RUNNING = "RUNNING", _("Being taken over")
        DONE = "DONE", _("Done")
        REFUSED = "REFUSED", _("Not readable")

    name = models.CharField(_("file"), max_length=120)
    digest = models.CharField(max_length=64)
    day = models.DateField(_("day"))
    content = models.BinaryField(help_text=_("Until it was read"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.UPLOADED)
    problem = models.CharField(_("what is wrong"), max_length=255, blank=True)
    actor = models.CharField(_("who"), max_length=40)
    role = models.CharField(_("in the role of"), max_length=10, blank=True)
    created_at = models.DateTimeField(_("uploaded at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = StockImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock file")
        verbose_name_plural = _("stock files")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["digest", "day"], name="stock_file_once_a_day")]

    def __str__(self) -> str:
        return self.name


class StockImportRowQuerySet(models.QuerySet["StockImportRow"]):
    def next_locked(self, import_id: int) -> "StockImportRow | None":
        """The first line that waits, locked; one that another worker has is passed over."""
        rows = self.select_for_update(skip_locked=True, of=("self",)).select_related("stock_import")
        rows = rows.filter(stock_import_id=import_id)
        return rows.filter(state=StockImportRow.State.READY).order_by("line").first()


class StockImportRow(models.Model):
    """A line of a file as it was understood."""

    class State(models.TextChoices):
        READY = "READY", _("Ready")
        BAD = "BAD", _("Wrong")
        DONE = "DONE", _("Done")
        FAILED = "FAILED", _("Refused")

    stock_import = models.ForeignKey(
        StockImport, models.CASCADE, related_name="rows", verbose_name=_("stock file"), db_index=False
    )
    line = models.PositiveIntegerField(_("line"))
    vendor = models.CharField(_("dairy"), max_length=120, blank=True)
    sku = models.CharField(_("SKU"), max_length=64, blank=True)
    quantity = models.IntegerField(_("pieces"), null=True, blank=True)
    kind = models.CharField(_("kind"), max_length=16, blank=True)
    batch_code = models.CharField(_("batch code"), max_length=40, blank=True)
    produced_on = models.DateField(_("produced on"), null=True, blank=True)
    expires_on = models.DateField(_("expires on"), null=True, blank=True)
    vendor_key = models.BigIntegerField(null=True, blank=True)
    variant_key = models.BigIntegerField(null=True, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State.choices)
    problem = models.CharField(_("what is wrong"), max_length=255, blank=True)

    objects = StockImportRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("line of a stock file")
        verbose_name_plural = _("lines of stock files")
        ordering = ["line"]
        constraints = [models.UniqueConstraint(fields=["stock_import", "line"], name="stock_file_line_once")]
        indexes = [models.Index(fields=["stock_import", "state", "line"], name="stock_file_line_by_state")]

    def __str__(self) -> str:
        return f"{self.line}"
