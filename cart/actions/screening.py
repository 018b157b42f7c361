"""What the screening looks at: an order, whoever placed it, and what came from the same browser and network of late."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Subquery

from accounts.models import Device
from catalog.models import PromoRedemption
from milkdelivery.core import clock
from milkdelivery.core.money import Money
from orders.models import Order
from orders.rules.fraud import (
    FAILED_WITHIN,
    NEW_DEVICE_FOR,
    ORDERED_WITHIN,
    SHARED_WITHIN,
    FraudFacts,
    Limits,
)
from payments.models import Payment
from payments.rules.attempts import NOT_DECLINED


def fraud_limits() -> Limits:
    """What this dairy takes for suspicious, by its settings."""
    amounts = settings.FRAUD_NEW_ACCOUNT_AMOUNTS.items()
    return Limits(
        threshold=settings.FRAUD_THRESHOLD,
        new_for=timedelta(days=settings.FRAUD_NEW_ACCOUNT_DAYS),
        amounts={currency: Money.from_decimal(amount, currency) for currency, amount in amounts},
        declined_payments=settings.FRAUD_DECLINED_PAYMENTS,
        orders_per_hour=settings.FRAUD_ORDERS_PER_HOUR,
        people_per_offer=settings.FRAUD_PEOPLE_PER_OFFER,
    )


def fraud_facts(order: Order) -> FraudFacts:
    """What is known of an order that was read with its customer and region. One query, whose counts each have an index.

    A guest is a new person with every order; their browser is known again by its key. A card is not known yet: the
    screening comes before the payment, and no gateway here tells its fingerprint.
    """
    now = clock.now()
    keys = Device.objects.filter(pk__in=[order.device_id]).values("key")
    browser = Device.objects.filter(key__in=keys).values("pk")
    ordered = Order.objects.filter(placed_at__gt=now - ORDERED_WITHIN)
    others = ordered.exclude(customer_id=order.customer_id)  # one's own are counted once, as one's own
    declined = Payment.objects.filter(created_at__gt=now - FAILED_WITHIN, status=Payment.Status.FAILED)
    # A wallet that does not reach was declined by no bank.
    declined = declined.exclude(failure_code__in=NOT_DECLINED).exclude(method=Payment.Method.WALLET)
    counts = {
        "of_person": ordered.filter(customer_id=order.customer_id),
        "of_device": ordered.filter(device__in=browser) if order.device_id else ordered.none(),
        "of_network": ordered.filter(ip=order.ip) if order.ip else ordered.none(),
        "of_door": others.filter(door=order.door) if order.door else ordered.none(),
        "new_device": Device.objects.filter(
            pk__in=[order.device_id], first_seen_at__gt=clock.real_now() - NEW_DEVICE_FOR
        ),
        "declined_by_person": declined.filter(user_id=order.customer_id),
        "declined_on_device": declined.filter(order__device__in=browser) if order.device_id else declined.none(),
    }
    looked = {name: _count(rows) for name, rows in counts.items()}
    if order.promotion_name:
        looked["of_offer"] = _count(_with_same_offer(order, browser, since=now - SHARED_WITHIN), of="customer_id")
    found = Order.objects.filter(pk=order.pk).values(**looked).get()
    numbers: dict[str, Any] = {name: count or 0 for name, count in found.items()}
    return FraudFacts(
        total=order.grand_total,
        account_age=now - order.customer.created_at,
        delivered_orders=order.customer.order_count,
        declined_payments=max(numbers["declined_by_person"], numbers["declined_on_device"]),
        orders_of_person=numbers["of_person"],
        orders_of_device=numbers["of_device"],
        orders_of_network=numbers["of_network"],
        orders_of_door=numbers["of_door"] + 1,
        people_of_offer=numbers.get("of_offer", 0),
        is_new_device=bool(numbers["new_device"]),
        place=order.place,
        home=order.region.country,
    )


def _with_same_offer(order: Order, browser: QuerySet[Any], *, since: datetime) -> QuerySet[Order]:
    """Orders from the same door or browser that used the same promotion, where it is for a first order or limited for
    each person; this order is one of them."""
    limited = Q(promotion__is_first_order_only=True) | Q(promotion__per_user_limit__isnull=False)
    its = PromoRedemption.objects.counting().filter(limited, reference=order.number)
    same = PromoRedemption.objects.counting().filter(
        reference=OuterRef("number"), promotion__in=its.values("promotion")
    )
    near = Q(device__in=browser) if order.device_id else Q(pk=order.pk)
    if order.door:
        near |= Q(door=order.door)
    return Order.objects.filter(near, Exists(same), placed_at__gt=since)


def _count(rows: QuerySet[Any], *, of: str = "pk") -> Subquery:
    """How many rows, or how many different values of a field, within a larger query."""
    distinct = "%(function)s(DISTINCT %(expressions)s)"
    how_many = Func(F(of), function="COUNT", template=distinct, output_field=IntegerField())
    return Subquery(rows.order_by().annotate(how_many=how_many).values("how_many"))
