"""People and what belongs to them."""

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MinLengthValidator
from django.db import connections, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.functional import cached_property
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.rules import access_level_of, highest_role, normal_email
from accounts.rules.erasing import PersonErased
from milkdelivery.core import clock
from milkdelivery.core.actors import AccessLevel, Role
from milkdelivery.core.fields import ChangedAtField
from milkdelivery.core.finding import Backwards, Parts, Whole, Words, matches
from milkdelivery.core.models import E164, DeliverySlot
from milkdelivery.core.text import seen

WORDS_OF_A_PERSON = Words(
    Parts("name"), *map(Whole, ("email", "contact_email", "phone", "contact_phone")),
    Backwards("phone"), Backwards("contact_phone"),
)  # fmt: skip
"""What staff find a person by, as the index has it: see `accounts.queries.people_like`."""

ERASED = _("This account was closed for good.")

WORDS_OF_A_DOOR = Words(
    *map(Parts, ("society", "tower", "flat", "line1", "line2", "landmark", "city", "label")), Whole("pincode")
)
"""What staff find an address by, as the index has it."""


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str | None = None, password: str | None = None, **fields: Any) -> "User":
        """A person whose e-mail or phone is already proven (commands, demo data). Others sign up."""
        user = self.model(email=normal_email(email) if email else None, **fields)
        user.set_password(password)
        with transaction.atomic(using=self._db):
            user.save(using=self._db)
            if user.email:
                user.emailaddress_set.create(email=user.email, verified=True, primary=True)
        return user

    def create_superuser(self, email: str | None = None, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)

    def matching(self, query: str) -> models.QuerySet["User"]:
        """By the beginnings of words, see `core.finding`."""
        return self.filter(matches(WORDS_OF_A_PERSON, query))

    def locked(self, pk: int) -> "User":
        """Raises PersonErased."""
        user = self.locked_or_erased(pk)
        if user.erased_at is not None:
            raise PersonErased(ERASED)
        return user

    def locked_or_erased(self, pk: int) -> "User":
        return self.select_for_update(of=("self",)).get(pk=pk)

    def keep(self, pk: int) -> None:
        """Keep the person from being erased until the transaction ends, and from nothing else: it is the lock that a
        new row which points at them takes anyhow, taken before anybody looks. Raises PersonErased."""
        with connections[self.db].cursor() as cursor:
            cursor.execute("SELECT erased_at IS NULL FROM accounts_user WHERE id = %s FOR KEY SHARE", [pk])
            row = cursor.fetchone()
        if row is None or not row[0]:
            raise PersonErased(ERASED)

    def held_to_count(self, pk: int) -> bool:
        """Lock the person against others who count for them, and against nobody who only points at them, such as a new
        order. False where there is no such person, or nobody any more."""
        held = self.select_for_update(of=("self",), no_key=True).filter(pk=pk, erased_at=None)
        return held.values_list("pk", flat=True).first() is not None

    def locked_admins(self) -> list["User"]:
        """Everybody who may let people in, locked in the order of their keys and read again after any wait: a role
        is no column of the locked row, so the lock itself would not notice that one has lost it."""
        admins = self.filter(Q(is_superuser=True) | Q(pk__in=self.filter(groups__name=Role.ADMIN)), is_active=True)
        admins = admins.order_by("pk")
        list(admins.select_for_update(of=("self",)))
        return list(admins)

    def lock_contact(self, contact: str) -> None:
        """One proof of a contact at a time, whoever's it is. Held until the transaction ends."""
        with connections[self.db].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"contact:{contact}"])

    def someone_else_proved(self, *, email: str, user_id: int) -> bool:
        others = self.exclude(pk=user_id)
        return others.filter(Q(email=email) | Q(emailaddress__email=email, emailaddress__verified=True)).exists()

    def unproven_by_email(self, email: str) -> models.QuerySet["User"]:
        """People who signed up with this address and have proven nothing yet, the one seen last first."""
        return self.filter(
            emailaddress__email=email, emailaddress__verified=False, email=None, phone=None, is_active=True
        ).order_by(F("last_active_at").desc(nulls_last=True), "-pk")

    def unproven_by_phone(self, phone: str) -> models.QuerySet["User"]:
        """People who signed up with this number and have proven nothing yet, the one seen last first."""
        return self.filter(contact_phone=phone, emailaddress=None, email=None, phone=None, is_active=True).order_by(
            F("last_active_at").desc(nulls_last=True), "-pk"
        )


class User(AbstractBaseUser, PermissionsMixin):
    """A person. `email` and `phone` hold only what was proven; `contact_*` is what was typed and not proven yet."""

    email = models.EmailField(_("e-mail"), null=True, blank=True, unique=True)
    phone = models.CharField(_("phone"), max_length=16, null=True, blank=True, unique=True, validators=[E164])
    contact_email = models.EmailField(_("contact e-mail"), blank=True)
    contact_phone = models.CharField(_("contact phone"), max_length=16, blank=True, validators=[E164])
    name = models.CharField(_("name"), max_length=120, blank=True, validators=[MinLengthValidator(2)])
    is_active = models.BooleanField(_("active"), default=True)
    profile_completion_prompted_at = models.DateTimeField(_("asked to complete the profile at"), null=True, blank=True)
    last_selected_address = models.ForeignKey(
        "accounts.Address", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("last address")
    )
    order_count = models.PositiveIntegerField(_("delivered orders"), default=0, editable=False)
    unread_count = models.PositiveIntegerField(
        _("unread notifications"), default=0, db_default=0, editable=False
    )  # counted here, so that the bell costs no page a query
    last_active_at = models.DateTimeField(_("last active at"), null=True, blank=True, editable=False)
    erased_at = models.DateTimeField(
        _("erased at"), null=True, blank=True, editable=False, help_text=_("Nobody is behind it any more")
    )
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)
    updated_at = ChangedAtField(_("updated at"))

    objects: ClassVar[UserManager] = UserManager()
    history = HistoricalRecords(
        excluded_fields=["password", "last_login", "last_active_at", "order_count", "unread_count", "erased_at"]
    )

    if TYPE_CHECKING:  # allauth's records and simple_history's switch, whose types are not known
        emailaddress_set: Any
        usersession_set: Any
        skip_history_when_saving: bool

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["id"]
        permissions = [("erase_user", "Can erase people who asked for it")]
        constraints = [
            # Kept in lower case, so that unique means unique without regard to case.
            models.CheckConstraint(condition=Q(email__isnull=True) | Q(email=Lower("email")), name="user_email_lower"),
            models.CheckConstraint(
                condition=Q(email__isnull=False)
                | Q(phone__isnull=False)
                | ~Q(contact_email="")
                | ~Q(contact_phone="")
                | Q(erased_at__isnull=False),
                name="user_has_a_contact_or_is_erased",
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True)
                | Q(
                    is_active=False, email__isnull=True, phone__isnull=True, contact_email="", contact_phone="", name=""
                ),
                name="user_erased_is_nobody",
            ),
            models.CheckConstraint(condition=~Q(email="") & ~Q(phone=""), name="user_contact_null_not_empty"),
        ]
        indexes = [
            models.Index(Lower("contact_email"), name="user_contact_email"),
            models.Index(fields=["contact_phone"], name="user_contact_phone"),
            GinIndex(WORDS_OF_A_PERSON, name="user_by_words"),
        ]

    def __str__(self) -> str:
        if self.erased_at is not None:
            return gettext("Erased household %(number)d") % {"number": self.pk}
        return self.name or self.contact

    @property
    def contact(self) -> str:
        """Where this person is reached: the proven first."""
        return self.email or self.phone or self.contact_email or self.contact_phone

    @property
    def mail_address(self) -> str:
        return self.email or self.contact_email

    @property
    def phone_number(self) -> str:
        return self.phone or self.contact_phone

    @cached_property
    def role(self) -> Role:
        """The highest of the person's groups; a person without one is a customer."""
        if self.is_superuser:
            return Role.ADMIN
        return highest_role(group.name for group in self.groups.all())

    @property
    def access_level(self) -> AccessLevel:
        return access_level_of(self.role)

    @property
    def is_staff(self) -> bool:
        """May enter the back office."""
        return self.access_level >= AccessLevel.MANAGER

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]


class AddressQuerySet(models.QuerySet["Address"]):
    def of(self, user_id: int) -> "AddressQuerySet":
        return self.filter(user_id=user_id, is_deleted=False)

    def matching(self, query: str) -> "AddressQuerySet":
        """By the beginnings of words, see `core.finding`."""
        return self.filter(matches(WORDS_OF_A_DOOR, query))

    def locked(self, pk: int) -> "Address":
        return self.select_for_update(of=("self",)).get(pk=pk)


class Address(models.Model):
    """A door. Orders keep a snapshot, so an address may change or go."""

    OF_A_DOOR = ("label", "society", "tower", "floor", "flat", "line1", "line2", "landmark", "instructions")
    """What says where exactly somebody lives."""

    user = models.ForeignKey(User, models.CASCADE, related_name="addresses", verbose_name=_("person"))
    label = models.CharField(_("label"), max_length=40, blank=True, help_text=_("Home, parents, office"))
    society = models.CharField(_("society or building"), max_length=120, blank=True)
    tower = models.CharField(_("tower or block"), max_length=40, blank=True)
    floor = models.CharField(_("floor"), max_length=20, blank=True)
    flat = models.CharField(_("flat or house number"), max_length=40, blank=True)
    line1 = models.CharField(_("street"), max_length=200)
    line2 = models.CharField(_("area"), max_length=200, blank=True)
    landmark = models.CharField(_("landmark"), max_length=120, blank=True)
    city = models.CharField(_("city"), max_length=80)
    state = models.CharField(pgettext_lazy("address", "state"), max_length=80, blank=True)
    pincode = models.CharField(_("pincode"), max_length=12)
    country = models.CharField(_("country"), max_length=2, default="IN")
    latitude = models.DecimalField(_("latitude"), max_digits=8, decimal_places=5, null=True, blank=True)
    longitude = models.DecimalField(_("longitude"), max_digits=8, decimal_places=5, null=True, blank=True)
    instructions = models.CharField(
        _("delivery instructions"), max_length=255, blank=True, help_text=_("Leave at the door, don't ring")
    )
    is_default = models.BooleanField(_("default"), default=False)
    is_deleted = models.BooleanField(_("deleted"), default=False, editable=False)
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)
    updated_at = ChangedAtField(_("updated at"))

    objects = AddressQuerySet.as_manager()

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        ordering = ["-is_default", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(is_default=True, is_deleted=False), name="address_one_default"
            )
        ]
        indexes = [GinIndex(WORDS_OF_A_DOOR, name="address_by_words")]

    def __str__(self) -> str:
        return ", ".join(self.lines())

    def tidy(self) -> None:
        """Take out what nobody sees, from every part that somebody typed: drivers read it at the door."""
        for field in self._meta.concrete_fields:
            if isinstance(field, models.CharField):
                setattr(self, field.attname, seen(getattr(self, field.attname)).strip())

    def erase(self) -> None:
        """Forget the door: of an address that its person deleted only the place is left, and that there was one."""
        for name in self.OF_A_DOOR:
            setattr(self, name, "")
        self.latitude = self.longitude = None
        self.is_deleted, self.is_default = True, False

    def lines(self) -> list[str]:
        """The address as it is written on a parcel, empty parts left out."""
        door = " ".join(part for part in (self.flat, self.floor, self.tower) if part)
        parts = [door, self.society, self.line1, self.line2, self.landmark, f"{self.city} {self.pincode}"]
        return [part for part in parts if part]


class Preferences(models.Model):
    """What a person chose once and should not be asked again."""

    class PaymentMethod(models.TextChoices):
        CARD = "CARD", _("Card")
        UPI = "UPI", _("UPI")
        NETBANKING = "NETBANKING", _("Netbanking")
        WALLET = "WALLET", _("Wallet")
        COD = "COD", _("Cash on delivery")

    user = models.OneToOneField(User, models.CASCADE, related_name="preferences", verbose_name=_("person"))
    slot = models.CharField(
        _("delivery slot"), max_length=10, choices=DeliverySlot.Code.choices, default=DeliverySlot.Code.MORNING
    )
    payment_method = models.CharField(
        _("payment method"), max_length=12, choices=PaymentMethod.choices, default=PaymentMethod.COD
    )
    newsletter = models.BooleanField(_("offers and news"), default=False)
    newsletter_at = models.DateTimeField(
        _("agreed to offers and news at"), null=True, blank=True, help_text=_("Or took it back")
    )
    channels = models.JSONField(
        _("channels"), default=dict, blank=True, help_text=_("Group of messages to a list of channels")
    )
    language = models.CharField(_("language"), max_length=8, default="en")
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)

    class Meta:
        verbose_name = _("preferences")
        verbose_name_plural = _("preferences")

    def __str__(self) -> str:
        return str(self.user_id)


class Device(models.Model):
    """One browser or app install on which a person signed in. Its key lives in a signed cookie or the app."""

    key = models.UUIDField(default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="devices", verbose_name=_("person"))
    os = models.CharField(_("system"), max_length=40, blank=True)
    browser = models.CharField(_("browser"), max_length=40, blank=True)
    ip = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    place = models.CharField(_("place"), max_length=80, blank=True)
    is_trusted = models.BooleanField(_("trusted"), default=False)
    first_seen_at = models.DateTimeField(_("first seen at"))
    last_seen_at = models.DateTimeField(_("last seen at"))
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        ordering = ["-last_seen_at"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="device_once_per_person")]
        indexes = [models.Index(fields=["key"], name="device_by_key")]

    def __str__(self) -> str:
        return f"{self.browser} {self.os}".strip() or gettext("Unknown device")


class StaffNoteQuerySet(models.QuerySet["StaffNote"]):
    def of(self, user_id: int) -> "StaffNoteQuerySet":
        """Newest first."""
        return self.filter(user_id=user_id).order_by("-pk")

    def locked(self, pk: int) -> "StaffNote":
        return self.select_for_update(of=("self",)).get(pk=pk)


class StaffNote(models.Model):
    """What a colleague should know of a household. Append-only: it can be struck out, never changed or taken away.

    It is about the person: they may ask for a copy of it with all else that is kept about them, and it is erased with
    them, so whatever exports or erases a person takes these along.
    """

    LONGEST = 1000

    user = models.ForeignKey(User, models.CASCADE, db_index=False, related_name="staff_notes", verbose_name=_("person"))
    key = models.UUIDField(_("key"), unique=True, editable=False, help_text=_("One press, however often it is sent"))
    text = models.CharField(_("note"), max_length=LONGEST)
    actor = models.CharField(_("who"), max_length=40)
    written_at = models.DateTimeField(_("when"))
    struck_at = models.DateTimeField(_("struck out at"), null=True, blank=True)
    struck_by = models.CharField(_("struck out by"), max_length=40, blank=True, default="", db_default="")

    objects = StaffNoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("staff note")
        verbose_name_plural = _("staff notes")
        ordering = ["-id"]
        indexes = [models.Index(fields=["user", "-id"], name="staff_note_by_person")]

    def __str__(self) -> str:
        return self.text[:60]
