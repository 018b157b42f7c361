"""What the screening looks at: an order, whoever placed it, and what came from the same browser and network of late."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Func, IntegerField, QuerySet, Subquery

from accounts.models import Device
from milkdelivery.core import clock
from milkdelivery.core.money import Money
from orders.models import Order
from orders.rules.fraud import FAILED_WITHIN, ORDERED_WITHIN, FraudFacts, Limits
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
    )


def fraud_facts(order: Order) -> FraudFacts:
    """What is known of an order that was read with its customer. One query, whose counts each have an index.

    A guest is a new person with every order; their browser is known again by its key.
    """
    now = clock.now()
    keys = Device.objects.filter(pk__in=[order.device_id]).values("key")
    browser = Device.objects.filter(key__in=keys).values("pk")
    ordered = Order.objects.filter(placed_at__gt=now - ORDERED_WITHIN)
    declined = Payment.objects.filter(created_at__gt=now - FAILED_WITHIN, status=Payment.Status.FAILED)
    declined = declined.exclude(failure_code__in=NOT_DECLINED)
    counts = {
        "of_person": ordered.filter(customer_id=order.customer_id),
        "of_device": ordered.filter(device__in=browser) if order.device_id else ordered.none(),
        "of_network": ordered.filter(ip=order.ip) if order.ip else ordered.none(),
        "declined_by_person": declined.filter(user_id=order.customer_id),
        "declined_on_device": declined.filter(order__device__in=browser) if order.device_id else declined.none(),
    }
    found = Order.objects.filter(pk=order.pk).values(**{name: _count(rows) for name, rows in counts.items()}).get()
    numbers: dict[str, Any] = {name: count or 0 for name, count in found.items()}
    return FraudFacts(
        total=order.grand_total,
        account_age=now - order.customer.created_at,
        delivered_orders=order.customer.order_count,
        declined_payments=max(numbers["declined_by_person"], numbers["declined_on_device"]),
        orders_of_person=numbers["of_person"],
        orders_of_device=numbers["of_device"],
        orders_of_network=numbers["of_network"],
    )


def _count(rows: QuerySet[Any]) -> Subquery:
    """How many rows, within a larger query."""
    how_many = Func(F("pk"), function="COUNT", output_field=IntegerField())
    return Subquery(rows.order_by().annotate(how_many=how_many).values("how_many"))
