"""What a household is about to buy, and the workflow that turns it into an order."""

import uuid
from datetime import datetime

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models import PromoCode, Variant
from milkdelivery.core import clock
from milkdelivery.core.fields import ChangedAtField, MoneyField
from milkdelivery.core.rules import MAX_QUANTITY
from orders.models import Order, OrderLine


class CartQuerySet(models.QuerySet["Cart"]):
    def open(self) -> "CartQuerySet":
        return self.filter(status=Cart.Status.OPEN)

    def locked(self, pk: int) -> "Cart":
        return self.select_for_update(of=("self",)).get(pk=pk)

    def locked_guest(self, token: uuid.UUID) -> "Cart | None":
        return self.open().select_for_update().filter(token=token, customer=None).first()

    def locked_all_of(self, customer_id: int) -> "list[Cart]":
        """All carts of a person, locked in primary key order."""
        return list(self.select_for_update(of=("self",)).filter(customer_id=customer_id).order_by("pk"))

    def locked_open_of(self, customer_id: int | None) -> "Cart | None":
        return self.open().select_for_update(of=("self",)).filter(customer_id=customer_id).first()


class Cart(models.Model):
    """One open cart per customer, one per guest token."""

    class Status(models.TextChoices):
        OPEN = "OPEN", _("Open")
        ORDERED = "ORDERED", _("Ordered")
        MERGED = "MERGED", _("Merged")

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("customer")
    )
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.OPEN)
    promo_code = models.ForeignKey(
        PromoCode, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("promo code")
    )
    notes = models.JSONField(
        _("still to be told"), default=list, db_default=[], blank=True, help_text=_("See cart.rules.Note")
    )
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)
    updated_at = ChangedAtField(_("updated at"))

    objects = CartQuerySet.as_manager()

    class Meta:
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["customer"], condition=Q(status="OPEN"), name="cart_one_open_per_customer")
        ]

    def __str__(self) -> str:
        return str(self.token)


class CartLine(models.Model):
    cart = models.ForeignKey(Cart, models.CASCADE, related_name="lines", verbose_name=_("cart"))
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="+", verbose_name=_("variant"))
    quantity = models.PositiveSmallIntegerField(
        _("quantity"), validators=[MinValueValidator(1), MaxValueValidator(MAX_QUANTITY)]
    )
    if_short = models.CharField(
        _("if there is not enough"),
        max_length=16,
        choices=OrderLine.IfShort.choices,
        default=OrderLine.IfShort.SEND_AVAILABLE,
        db_default=OrderLine.IfShort.SEND_AVAILABLE,
    )
    told_price = MoneyField(
        _("price told"), null=True, blank=True, help_text=_("Of a piece, as the household saw it last")
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True, default="", db_default="")
    told_gone = models.BooleanField(
        _("told that it is gone"),
        default=False,
        db_default=False,
        help_text=_("It comes back by itself with the goods"),
    )

    class Meta:
        verbose_name = _("cart line")
        verbose_name_plural = _("cart lines")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["cart", "variant"], name="cart_line_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1, quantity__lte=MAX_QUANTITY), name="cart_line_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.variant}"


class CheckoutQuerySet(models.QuerySet["Checkout"]):
    def locked_stalled(self, before: datetime, limit: int) -> list[int]:
        """Unfinished checkouts whose lease ran out before that (real) instant, leaving out those being claimed."""
        stalled = self.select_for_update(skip_locked=True).filter(
            state__in=[Checkout.State.RUNNING, Checkout.State.COMPENSATING], next_attempt_at__lte=before
        )
        return list(stalled.order_by("next_attempt_at").values_list("pk", flat=True)[:limit])

    def whole(self) -> "CheckoutQuerySet":
        """With what its steps look at."""
        return self.select_related("order__region", "order__slot", "order__customer")

    def get_whole(self, pk: int) -> "Checkout":
        return self.whole().get(pk=pk)

    def locked(self, pk: int) -> "Checkout":
        """Checkout and order, both locked: nobody cancels the order while a step works on it."""
        return self.whole().select_for_update(of=("self", "order")).get(pk=pk)

    def locked_of_order(self, order_id: int) -> "Checkout | None":
        return self.whole().select_for_update(of=("self", "order")).filter(order_id=order_id).first()


class Checkout(models.Model):
    """The run of the checkout workflow for one order: where it stands, and what it waits for."""

    class State(models.TextChoices):
        RUNNING = "RUNNING", _("Running")
        WAITING = "WAITING", _("Waiting")
        COMPENSATING = "COMPENSATING", _("Being undone")
        DONE = "DONE", _("Done")
        FAILED = "FAILED", _("Undone")

    order = models.OneToOneField(Order, models.PROTECT, related_name="+", verbose_name=_("order"))
    cart = models.OneToOneField(Cart, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("cart"))
    payment_method = models.CharField(_("payment method"), max_length=12)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.RUNNING)
    next_step = models.CharField(_("next step"), max_length=30, blank=True)
    waiting_for = models.CharField(_("waiting for"), max_length=60, blank=True)
    failure_code = models.CharField(_("failure code"), max_length=60, blank=True)
    failure_message = models.CharField(_("failure"), max_length=255, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts of the next step"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True, blank=True)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = CheckoutQuerySet.as_manager()

    class Meta:
        verbose_name = _("checkout")
        verbose_name_plural = _("checkouts")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=["RUNNING", "COMPENSATING"]),
                name="checkout_unfinished",
            )
        ]

    def __str__(self) -> str:
        return f"{self.order.number}: {self.get_state_display()}"


class CheckoutStep(models.Model):
    """One attempt at one step, forward or back. Append-only."""

    class Outcome(models.TextChoices):
        DONE = "DONE", _("Done")
        WAITING = "WAITING", _("Waiting")
        REFUSED = "REFUSED", _("Refused")
        ERROR = "ERROR", _("Error")
        UNDONE = "UNDONE", _("Undone")

    checkout = models.ForeignKey(Checkout, models.CASCADE, related_name="steps", verbose_name=_("checkout"))
    name = models.CharField(_("step"), max_length=30)
    attempt = models.PositiveSmallIntegerField(_("attempt"))
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome.choices)
    detail = models.CharField(_("detail"), max_length=255, blank=True)
    occurred_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("checkout step")
        verbose_name_plural = _("checkout steps")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["checkout", "name", "attempt", "outcome"], name="checkout_step_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.attempt}: {self.outcome}"
