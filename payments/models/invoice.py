"""Invoices and credit notes, who issues them, and the counters that number them."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import connection, models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Concat
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from milkdelivery.core import clock
from milkdelivery.core.fields import ChangedAtField, MoneyField
from milkdelivery.core.models import Region
from orders.models import Order
from payments.models.ledger import LedgerTransfer
from payments.models.refund import Refund
from payments.rules.invoices import LONGEST_NUMBER, LONGEST_SERIES
from payments.rules.ledger import TransferKind
from vendors.models import valid_gstin

INDIA = "IN"
APRIL = 4

_TAKE = """
INSERT INTO payments_invoicecounter AS counter (series, year, last) VALUES (%(series)s, %(year)s, %(count)s)
ON CONFLICT (series, year) DO UPDATE SET last = counter.last + %(count)s
RETURNING last
"""

valid_series = RegexValidator(r"^[A-Z0-9]+$", _("Capital letters and digits only."))
valid_licence = RegexValidator(r"^[0-9]{14}$", _("Fourteen digits."))


def first_day() -> date:
    """Today, where nobody chooses another day."""
    return clock.now().date()


class Seller(models.Model):
    """Who sells in a region, as its invoices name them, and how these are numbered."""

    region = models.OneToOneField(Region, models.PROTECT, related_name="+", verbose_name=_("region"))
    name = models.CharField(_("legal name"), max_length=120)
    address = models.CharField(_("address"), max_length=255)
    tax_number = models.CharField(
        _("tax number"), max_length=20, blank=True, help_text=_("In India the GSTIN; without one no GST is named")
    )
    food_licence = models.CharField(_("FSSAI licence"), max_length=14, blank=True, validators=[valid_licence])
    invoice_series = models.CharField(
        _("series of invoices"), max_length=LONGEST_SERIES, unique=True, validators=[valid_series]
    )
    credit_series = models.CharField(
        _("series of credit notes"), max_length=LONGEST_SERIES, unique=True, validators=[valid_series]
    )
    year_starts_in = models.PositiveSmallIntegerField(
        _("financial year starts in month"), default=APRIL, validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    invoices_from = models.DateField(
        _("invoices deliveries from"),
        default=first_day,
        help_text=_("What was delivered before is not invoiced. An invoice can't be changed or taken back."),
    )
    updated_at = ChangedAtField(_("updated at"))

    class Meta:
        verbose_name = _("seller")
        verbose_name_plural = _("sellers")
        ordering = ["region"]
        constraints = [
            models.CheckConstraint(condition=~Q(invoice_series=models.F("credit_series")), name="seller_two_series"),
            models.CheckConstraint(condition=Q(year_starts_in__range=(1, 12)), name="seller_year_starts_in_month"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.region_id and self.region.country == INDIA and self.tax_number:
            try:
                valid_gstin(self.tax_number)
            except ValidationError as wrong:
                raise ValidationError({"tax_number": wrong}) from wrong
        others = Seller.objects.exclude(pk=self.pk)
        for field, other in (("invoice_series", "credit_series"), ("credit_series", "invoice_series")):
            mine = getattr(self, field)
            if mine == getattr(self, other) or others.filter(**{other: mine}).exists():
                raise ValidationError({field: gettext("Another kind of document has this series. Choose a new one.")})

    @property
    def is_gst(self) -> bool:
        """Whether its invoices are those of Indian law."""
        return self.region.country == INDIA and bool(self.tax_number)


class InvoiceCounterQuerySet(models.QuerySet["InvoiceCounter"]):
    def take(self, series: str, year: str, count: int = 1) -> int:
        """The first of `count` numbers that follow each other. Locks the counter until the transaction ends: the rows
        that bear the numbers are written in it, and where it does not commit nobody has had them."""
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, {"series": series, "year": year, "count": count})
            (last,) = cursor.fetchone()
        return int(last) - count + 1


class InvoiceCounter(models.Model):
    """The last number that was taken in a series of a financial year."""

    series = models.CharField(_("series"), max_length=LONGEST_SERIES)
    year = models.CharField(_("financial year"), max_length=7)
    last = models.PositiveIntegerField(_("last number"), default=0)

    objects = InvoiceCounterQuerySet.as_manager()

    class Meta:
        verbose_name = _("counter of invoices")
        verbose_name_plural = _("counters of invoices")
        ordering = ["series", "year"]
        constraints = [models.UniqueConstraint(fields=["series", "year"], name="invoice_counter_once")]

    def __str__(self) -> str:
        return f"{self.series} {self.year}: {self.last}"


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def of_orders(self, order_ids: Any) -> "InvoiceQuerySet":
        """Invoices and credit notes of orders, oldest first."""
        return self.filter(order_id__in=list(order_ids)).order_by("pk")

    def invoices(self) -> "InvoiceQuerySet":
        return self.filter(kind=Invoice.Kind.INVOICE)

    def notes_of(self, order_id: int) -> "InvoiceQuerySet":
        return self.filter(order_id=order_id, kind=Invoice.Kind.CREDIT_NOTE).order_by("pk")


class Invoice(models.Model):
    """What was told a household about a sale, or about money of it that went back. Append-only.

    `document` is all that it says, amounts in minor units (`payments.rules.invoices`, `payments.actions.invoicing`):
    later changes of names, prices and rules change nothing of it. Numbers of a series follow each other without gaps.
    """

    class Kind(models.TextChoices):
        INVOICE = "INVOICE", _("Invoice")
        CREDIT_NOTE = "CREDIT_NOTE", _("Credit note")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    order = models.ForeignKey(Order, models.PROTECT, related_name="+", verbose_name=_("order"))
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name=_("region"))
    refund = models.OneToOneField(
        Refund, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("refund")
    )
    number = models.CharField(_("number"), max_length=LONGEST_NUMBER, unique=True)
    series = models.CharField(_("series"), max_length=LONGEST_SERIES)
    year = models.CharField(_("financial year"), max_length=7)
    serial = models.PositiveIntegerField(_("serial number"))
    currency = models.CharField(_("currency"), max_length=3)
    tax = MoneyField(_("tax"))
    total = MoneyField(_("total"))
    document = models.JSONField(_("what it says"))
    issued_on = models.DateField(_("date"))
    issued_at = models.DateTimeField(_("issued at"))

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices and credit notes")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["series", "year", "serial"], name="invoice_numbered_once"),
            models.UniqueConstraint(fields=["order"], condition=Q(kind="INVOICE"), name="invoice_one_for_order"),
            models.CheckConstraint(
                condition=Q(kind="INVOICE", refund__isnull=True) | Q(kind="CREDIT_NOTE", refund__isnull=False),
                name="invoice_note_for_refund",
            ),
            models.CheckConstraint(condition=Q(total__gte=0, tax__gte=0), name="invoice_not_negative"),
        ]
        indexes = [
            models.Index(fields=["order"], name="invoice_by_order"),
            models.Index(fields=["region", "year", "kind", "serial"], name="invoice_by_year"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_note(self) -> bool:
        return self.kind == self.Kind.CREDIT_NOTE

    @property
    def file_name(self) -> str:
        return f"{self.number.replace('/', '-')}.pdf"


def uninvoiced_orders() -> "models.QuerySet[Order]":
    """Orders whose sale stands in the books and that have no invoice yet, oldest first.

    None where nobody has said yet who sells there: what an invoice says of its seller stays for good.
    """
    sale = LedgerTransfer.objects.filter(key=Concat(OuterRef("number"), models.Value("-sale")))
    invoice = Invoice.objects.invoices().filter(order_id=OuterRef("pk"))
    delivered = Order.objects.filter(status__in=[Order.Status.DELIVERED, Order.Status.RETURNED])
    seller = Seller.objects.filter(region=OuterRef("region"), invoices_from__lte=OuterRef("delivery_date"))
    sold_again = LedgerTransfer.objects.filter(
        reference=OuterRef("reference"), key__endswith="-sale", pk__gt=OuterRef("pk")
    )
    taken_back = LedgerTransfer.objects.filter(reference=OuterRef("number"), kind=TransferKind.UNSALE)
    is_taken_back = Exists(taken_back.filter(~Exists(sold_again)))
    return delivered.filter(Exists(sale), Exists(seller), ~Exists(invoice), ~is_taken_back).order_by("pk")
