"""Dairies and distributors."""

import re
from datetime import date

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import connections, models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from catalog.models import Variant
from milkdelivery.core import clock
from milkdelivery.core.fields import ChangedAtField, MoneyField
from milkdelivery.core.languages import as_read
from milkdelivery.core.models import E164, Pincode, Region
from milkdelivery.core.money import BASIS_POINTS
from milkdelivery.core.text import spelled
from vendors.rules import MOST_STARS, is_gstin


def valid_gstin(text: str) -> None:
    if not is_gstin(text):
        raise ValidationError(
            _("This is no GSTIN: fifteen characters such as 27AAPFU0939F1ZV, the last one a check of the others."),
            code="gstin",
        )


LICENSING_COUNTRIES = ("IN",)
"""Where the law asks everybody who sells food for an FSSAI licence."""


def may_serve(vendor: str = "") -> Q:
    """Of vendors, or of rows with one called `vendor`: it is active and has the licence that the law of its market asks
    for. Nobody else gets orders; those that it has already stay with it."""
    at = f"{vendor}__" if vendor else ""
    unlicensed = Q(**{f"{at}region__country__in": LICENSING_COUNTRIES, f"{at}fssai_licence": ""})
    return Q(**{f"{at}is_active": True}) & ~unlicensed


BOUND_TO_MARKET = _(
    "What it delivers, offers and has orders for is in the market that it is in: add it as another dairy there."
)


def is_foreign(pincode: Pincode, market: Region) -> bool:
    """Whether a dairy of this market can't deliver there."""
    return pincode.region_id != market.pk


def foreign_words(code: str) -> str:
    return gettext("Pincode %(code)s is in another market.") % {"code": code}


class VendorQuerySet(models.QuerySet["Vendor"]):
    def locked(self, pk: int) -> "Vendor":
        return self.select_for_update(of=("self",)).get(pk=pk)

    def lock_identities(self) -> None:
        """One dairy at a time takes a name or a licence. Held until the transaction ends; taken after the dairy's own
        lock."""
        with connections[self.db].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('vendor.identity', 0))")

    def active(self) -> "VendorQuerySet":
        return self.filter(is_active=True)

    def serving(self) -> "VendorQuerySet":
        return self.filter(may_serve())


class Vendor(models.Model):
    """A dairy or distributor. Deleting one deactivates it."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    # The database fills it in too: a process of the release before saves dairies without it.
    name_hi = models.CharField(_("name in Hindi"), max_length=120, blank=True, default="", db_default="")
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name=_("region"))
    email = models.EmailField(_("e-mail"))
    phone = models.CharField(_("phone"), max_length=16, validators=[E164])
    address = models.CharField(_("address"), max_length=255)
    pincode = models.CharField(_("pincode"), max_length=12)
    latitude = models.DecimalField(_("latitude"), max_digits=8, decimal_places=5)
    longitude = models.DecimalField(_("longitude"), max_digits=8, decimal_places=5)
    rating = models.DecimalField(
        _("rating"),
        max_digits=3,
        decimal_places=2,
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(MOST_STARS)],
        help_text=_("0 until customers rate deliveries"),
    )
    rating_count = models.PositiveIntegerField(_("ratings"), default=0, db_default=0, editable=False)
    rating_stars = models.PositiveIntegerField(_("stars of all ratings"), default=0, db_default=0, editable=False)
    daily_order_limit = models.PositiveIntegerField(
        _("orders a day"), default=100, help_text=_("A single day may have another limit, see capacity.")
    )
    commission_basis_points = models.PositiveIntegerField(
        _("commission in basis points"), default=0, validators=[MaxValueValidator(BASIS_POINTS)]
    )
    gstin = models.CharField(_("GSTIN"), max_length=15, blank=True, validators=[valid_gstin])
    fssai_licence = models.CharField(
        _("FSSAI licence"),
        max_length=14,
        blank=True,
        validators=[RegexValidator(r"^\d{14}$", _("14 digits."))],
        help_text=_("A dairy in India gets no orders without one."),
    )
    bank_reference = models.CharField(_("bank reference"), max_length=60, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)
    updated_at = ChangedAtField(_("updated at"))

    objects = VendorQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("vendor")
        verbose_name_plural = _("vendors")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_licensed(self) -> bool:
        """It has the licence that the law of its market asks for."""
        return bool(self.fssai_licence) or self.region.country not in LICENSING_COUNTRIES

    @property
    def lacks_licence(self) -> bool:
        """Whether the law of its market keeps it from getting orders."""
        return not self.fssai_licence and self.region.country in LICENSING_COUNTRIES

    @property
    def local_name(self) -> str:
        """The name as whoever reads the page calls it. Orders and files name it by `name`."""
        return as_read(self.name, self.name_hi)

    @property
    def leaves_its_market(self) -> bool:
        """It would be in another market, with pincodes, offers or days of orders in the one that it is in."""
        stored = Vendor.objects.filter(pk=self.pk).values_list("region_id", flat=True).first()
        if stored is None or stored == self.region_id:
            return False
        return any(rows.objects.filter(vendor_id=self.pk).exists() for rows in (ServiceArea, Offer, CapacityUse))

    def clashes(self) -> dict[str, str]:
        """What it takes that another dairy has, in words by field. Two queries, three where its licence is new.

        A name is one dairy's, in whatever case and with whatever blanks it is written. A licence is given to one
        business at one place, so of those that work one has it. What clashed before this change may stay.
        """
        found = {}
        stored = Vendor.objects.filter(pk=self.pk).first()
        if stored is None or spelled(stored.name) != spelled(self.name):
            names = Vendor.objects.exclude(pk=self.pk).values_list("name", flat=True)
            namesake = next((name for name in names if spelled(name) == spelled(self.name)), None)
            if namesake is not None:
                found["name"] = gettext("Another dairy is called so: %(name)s.") % {"name": namesake}
        had_it = stored is not None and stored.is_active and stored.fssai_licence == self.fssai_licence
        if self.is_active and self.fssai_licence and not had_it:
            others = Vendor.objects.active().exclude(pk=self.pk).filter(fssai_licence=self.fssai_licence)
            holder = others.values_list("name", flat=True).first()
            if holder is not None:
                found["fssai_licence"] = gettext("%(name)s works with this licence: each dairy has its own.") % {
                    "name": holder
                }
        return found

    def clean(self) -> None:
        """Where it is, is a place on Earth and a postal code of its market; name and licence are its own."""
        problems: dict[str, list[ValidationError]] = {}
        for name, most in (("latitude", 90), ("longitude", 180)):
            try:
                for check in (MinValueValidator(-most), MaxValueValidator(most)):
                    check(getattr(self, name) or 0)
            except ValidationError as refusal:
                problems[name] = [refusal]
        if self.leaves_its_market:
            problems["region"] = [ValidationError(BOUND_TO_MARKET, code="bound")]
        elif self.region_id and not re.fullmatch(self.region.postal_code_pattern, self.pincode):
            problems["pincode"] = [ValidationError(_("A pincode has six digits, such as 560034."), code="malformed")]
        for field, words in self.clashes().items():
            problems[field] = [ValidationError(words, code="unique")]
        if problems:
            raise ValidationError(problems)


class VendorMember(models.Model):
    """A person who works for the vendor and sees its portal."""

    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="members", verbose_name=_("vendor"))
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("person"))

    class Meta:
        verbose_name = _("vendor member")
        verbose_name_plural = _("vendor members")

    def __str__(self) -> str:
        return f"{self.user} @ {self.vendor}"


class ServiceArea(models.Model):
    """A pincode that the vendor delivers to."""

    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="service_areas", verbose_name=_("vendor"))
    pincode = models.ForeignKey(Pincode, models.PROTECT, related_name="+", verbose_name=_("pincode"))

    class Meta:
        verbose_name = _("service area")
        verbose_name_plural = _("service areas")
        constraints = [models.UniqueConstraint(fields=["vendor", "pincode"], name="service_area_once")]

    def __str__(self) -> str:
        return str(self.pincode)

    def clean(self) -> None:
        """A dairy delivers in its own market."""
        if self.pincode_id and is_foreign(self.pincode, self.vendor.region):
            raise ValidationError({"pincode": foreign_words(self.pincode.code)})


class Offer(models.Model):
    """A variant that the vendor supplies, and what it costs us."""

    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="offers", verbose_name=_("vendor"))
    variant = models.ForeignKey(Variant, models.PROTECT, related_name="+", verbose_name=_("variant"))
    cost_price = MoneyField(_("cost price"), validators=[MinValueValidator(0)])
    lead_time_days = models.PositiveSmallIntegerField(_("lead time in days"), default=0)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints = [
            models.UniqueConstraint(fields=["vendor", "variant"], name="offer_once"),
            models.CheckConstraint(condition=Q(cost_price__gte=0), name="offer_cost_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.vendor}: {self.variant}"

    @property
    def currency(self) -> str:
        return self.vendor.region.currency


class CapacityUseQuerySet(models.QuerySet["CapacityUse"]):
    def locked(self, *, vendor_ids: list[int], date: date) -> "CapacityUseQuerySet":
        """With their vendors, which are not locked."""
        found = self.filter(vendor_id__in=vendor_ids, date=date).select_related("vendor")
        return found.select_for_update(of=("self",)).order_by("pk")

    def with_limit(self) -> "CapacityUseQuerySet":
        """With `limit`: the one set for the day, else the vendor's usual one."""
        return self.annotate(limit=Coalesce("order_limit", "vendor__daily_order_limit"))


class CapacityUse(models.Model):
    """A vendor's delivery day: how many distinct orders it has, and how many it takes where that is not the usual."""

    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="capacity_uses", verbose_name=_("vendor"))
    date = models.DateField(_("delivery date"))
    orders = models.PositiveIntegerField(_("orders"), default=0)
    order_limit = models.PositiveIntegerField(
        _("orders it takes"), null=True, blank=True, help_text=_("Empty: as many as on any other day")
    )
    note = models.CharField(
        _("why"), max_length=80, blank=True, default="", db_default="", help_text=_("Such as the festival or holiday")
    )

    objects = CapacityUseQuerySet.as_manager()

    class Meta:
        verbose_name = _("capacity use")
        verbose_name_plural = _("capacity use")
        ordering = ["-date", "vendor"]
        constraints = [models.UniqueConstraint(fields=["vendor", "date"], name="capacity_once_per_day")]

    def __str__(self) -> str:
        return f"{self.vendor} {self.date}: {self.orders}"


class WaitingQuerySet(models.QuerySet["Waiting"]):
    def open(self) -> "WaitingQuerySet":
        """Those who still wait for their area."""
        return self.filter(told_at=None)

    def next_locked(self, pincode: str, limit: int) -> list["Waiting"]:
        """The ones who have waited longest for the pincode, locked; those that somebody else tells are passed over."""
        waiting = self.select_for_update(skip_locked=True).open().filter(pincode=pincode)
        return list(waiting.order_by("pk")[:limit])


class Waiting(models.Model):
    """Somebody who wants to hear when we come to a pincode. Needs no account, and is asked for nothing else."""

    pincode = models.CharField(_("pincode"), max_length=12)
    contact = models.CharField(_("e-mail address or phone number"), max_length=254)
    language = models.CharField(_("language"), max_length=8, default="en")
    joined_at = models.DateTimeField(_("joined at"))
    told_at = models.DateTimeField(_("told at"), null=True, blank=True)

    objects = WaitingQuerySet.as_manager()

    class Meta:
        verbose_name = _("waiting household")
        verbose_name_plural = _("waiting households")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["pincode", "contact"], name="waiting_once_per_pincode")]
        indexes = [models.Index(fields=["pincode"], condition=Q(told_at=None), name="waiting_by_pincode")]

    def __str__(self) -> str:
        return f"{self.contact} · {self.pincode}"
