"""Offers that households are told of: of which, who hears of it, and the letter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Address, User
from accounts.rules.messages import Channel
from catalog.models import PromoCode, Promotion
from catalog.promotions import uses_by
from catalog.rules.promotions import terms_in_words
from milkdelivery.core import clock
from milkdelivery.core.actors import Role
from milkdelivery.core.errors import DomainError
from milkdelivery.core.models import Pincode
from notifications.channels import Message
from notifications.links import site_link
from notifications.models import Notification
from notifications.queries import greeting_of
from notifications.rules import Kind
from orders.models import Order

KINDS = frozenset({Kind.PROMOTION})
Render = Callable[[Notification, dict[str, Any]], Message]

MOST_NAMED = 6
"""Products and categories that a letter names."""


class NotTellable(DomainError):
    code = "promotion_not_tellable"


@dataclass(frozen=True, slots=True)
class Reach:
    """How many households an offer would be told to now: by mail, or in the app alone; and those who were told."""

    by_mail: int
    in_app_only: int
    told: int

    @property
    def new(self) -> int:
        return self.by_mail + self.in_app_only


# -- of which --------------------------------------------------------------------------------------------------------


def open_codes(promotion: Promotion) -> QuerySet[PromoCode]:
    """Its codes that everybody may use, and nobody uses up for the others."""
    return promotion.codes.filter(is_active=True, total_limit=None).order_by("-pk")


def ensure_tellable(promotion_id: int, code_id: int | None) -> Promotion:
    """The promotion. Raises NotTellable where nobody could use it, or not with that code."""
    promotion = Promotion.objects.select_related("region").get(pk=promotion_id)
    why_not = _why_not(promotion)
    if why_not:
        raise NotTellable(why_not)
    if code_id is None and not promotion.is_automatic:
        raise NotTellable(_("Say which code they are to use."), field="code")
    if code_id is not None and not open_codes(promotion).filter(pk=code_id).exists():
        raise NotTellable(_("This code is not for everybody."), field="code")
    return promotion


def is_tellable(promotion_id: int, code_id: int | None) -> bool:
    try:
        ensure_tellable(promotion_id, code_id)
    except NotTellable:
        return False
    return True


def _why_not(promotion: Promotion) -> str:
    if not promotion.is_active:
        return _("It is off.")
    if promotion.ends_on is not None and promotion.ends_on < clock.today(promotion.region):
        return _("It is over.")
    if promotion.total_limit is not None and promotion.used >= promotion.total_limit:
        return _("It is used up.")
    if not promotion.is_automatic and not open_codes(promotion).exists():
        return _("Nobody could use it: add a promo code without a limit first, which everybody may use.")
    return ""


# -- who -------------------------------------------------------------------------------------------------------------


def readers_of(promotion_id: int) -> QuerySet[User]:
    """Households that are told of it next: they agreed to hear of offers, can use it, and were not told."""
    return _who_can_use(promotion_id).filter(~Exists(_told(promotion_id)))


def reach_of(promotion_id: int) -> Reach:
    """Three queries."""
    new = readers_of(promotion_id)
    by_mail = new.exclude(email=None).count()
    told = Notification.objects.filter(
        kind=Kind.PROMOTION, channel=Channel.IN_APP, data__promotion_id=promotion_id
    ).count()
    return Reach(by_mail, new.filter(email=None).count(), told)


def offer_row(promotion_id: int, code_id: int | None, person: User, language: str) -> Notification:
    """The message to one household. Not saved yet; its key makes it one for each person and promotion."""
    return Notification(
        recipient=person,
        role=Role.CUSTOMER,
        kind=Kind.PROMOTION,
        channel=Notification.Channel.EMAIL,
        language=language,
        data={"promotion_id": promotion_id, "code_id": code_id},
        dedupe_key=f"{Kind.PROMOTION}:{promotion_id}:{person.pk}",
    )


def _who_can_use(promotion_id: int) -> QuerySet[User]:
    """Whoever agreed, lives where it counts, and has not had it as often as one may. A door that we don't go to counts
    for nothing; who has none yet is of the home market."""
    promotion = Promotion.objects.select_related("region").get(pk=promotion_id)
    doors = Address.objects.filter(user=OuterRef("pk"), is_deleted=False)
    served = Pincode.objects.filter(region=promotion.region, is_served=True).values("code")
    lives_there = Q(Exists(doors.filter(pincode__in=served)))
    if promotion.region.code == settings.HOME_REGION:
        lives_there |= ~Q(Exists(doors))
    is_proven = Q(email__isnull=False) | Q(phone__isnull=False)
    found = User.objects.filter(is_proven, lives_there, is_active=True, preferences__newsletter=True)
    if promotion.is_first_order_only:
        placed = Order.objects.filter(customer=OuterRef("pk")).exclude(status=Order.Status.CANCELLED)
        found = found.filter(~Exists(placed))
    if promotion.per_user_limit is not None:
        found = found.annotate(promotion=Value(promotion_id), uses=uses_by(OuterRef("pk"), "promotion"))
        found = found.filter(uses__lt=promotion.per_user_limit)
    return found


def _told(promotion_id: int) -> QuerySet[Notification]:
    """What stands in the person's bell of it, by the key that `notifications.spreading` gives it there."""
    person = Cast(OuterRef("pk"), CharField())
    key = Concat(Value(f"{Channel.IN_APP}:"), person, Value(f":{Kind.PROMOTION}:{promotion_id}:"), person)
    return Notification.objects.filter(dedupe_key=key)


# -- the letter ------------------------------------------------------------------------------------------------------


def write(notification: Notification, render: Render) -> Message | None:
    """The letter, in the words of the promotion as it is now; None where it can't be used any more, not by this person,
    or they want to hear of no more offers."""
    promotion_id, code_id = notification.data["promotion_id"], notification.data["code_id"]
    person = notification.recipient
    if person is None or not is_tellable(promotion_id, code_id):
        return None
    if not _who_can_use(promotion_id).filter(pk=person.pk).exists():
        return None
    return letter_of(notification, render)


def letter_of(notification: Notification, render: Render) -> Message:
    """The letter, whether or not it should go out."""
    promotion_id, code_id = notification.data["promotion_id"], notification.data["code_id"]
    promotion = Promotion.objects.with_scope().get(pk=promotion_id)
    code = PromoCode.objects.filter(pk=code_id).first() if code_id else None
    with translation.override(notification.language):
        products, categories = list(promotion.products.all()), list(promotion.categories.all())
        names = [product.local_name for product in products] + [category.local_name for category in categories]
        today = clock.today(promotion.region)
        context = {
            "promotion": promotion,
            "terms": terms_in_words(promotion),
            "names": names[:MOST_NAMED],
            "is_more": len(names) > MOST_NAMED,
            "starts_on": promotion.starts_on if promotion.starts_on > today else None,
            "code": code.code if code else "",
            "first_name": greeting_of(notification.recipient) if notification.recipient else "",
            "link": _shelf_of(products, categories),
            "BRAND_NAME": settings.BRAND_NAME,
            "site_url": settings.SITE_URL,
        }
        return render(notification, context)


def _shelf_of(products: Sequence[Any], categories: Sequence[Any]) -> str:
    """Where the goods of the offer stand."""
    if len(products) == 1 and not categories:
        return site_link("catalog:product", products[0].slug)
    shelf = site_link("catalog:list")
    return f"{shelf}?category={categories[0].slug}" if len(categories) == 1 and not products else shelf
