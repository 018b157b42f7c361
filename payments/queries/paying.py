"""Reads of payments that pages, API and the checkout share."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.utils.translation import gettext as _

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import NotFound
from milkdelivery.core.money import Money
from orders.models import Order, OrderLine
from payments.models import Payment, Refund, RefundMovement, SavedMethod
from payments.rules.attempts import Standing, attempts_left, pay_until, standing
from payments.rules.refunds import Sold


def standing_of(order_id: int) -> Standing:
    """Where the payment of an order stands. One query."""
    return standing(list(Payment.objects.filter(order_id=order_id).order_by("pk")), clock.now())


def overdue_orders(order_ids: Collection[int]) -> list[int]:
    """Those of the orders whose time to pay is over. One query, none without orders."""
    if not order_ids:
        return []
    overdue = Payment.objects.of_orders(order_ids).filter(expires_at__lte=clock.now())
    return sorted(set(overdue.values_list("order_id", flat=True)))


@dataclass(frozen=True, slots=True)
class Paying:
    """What is to be done about an order's payment."""

    order: Order
    attempts: tuple[Payment, ...]
    standing: Standing

    @property
    def payment(self) -> Payment | None:
        """The attempt that counts, or the last one."""
        live = [p for p in self.attempts if not p.is_surplus and p.status != Payment.Status.FAILED]
        return next(iter(live), self.attempts[-1] if self.attempts else None)

    @property
    def is_open(self) -> bool:
        """Whether the household has something to do, or to wait for, before the order goes on."""
        payment = self.payment
        return (
            self.order.status == Order.Status.CREATED
            and self.standing in (Standing.PENDING, Standing.OPEN)
            and payment is not None
            and not (payment.status == Payment.Status.PENDING and payment.expires_at is None)
        )

    @property
    def attempts_left(self) -> int:
        """How many the household still has, with the one under way."""
        live = self.standing == Standing.PENDING
        return attempts_left([p for p in self.attempts if not p.is_surplus]) + live

    @property
    def until(self) -> datetime | None:
        return pay_until(self.attempts)

    @property
    def seconds_left(self) -> int:
        until = self.until
        return max(0, int((until - clock.now()).total_seconds())) if until else 0


def paying(order: Order) -> Paying:
    """One query."""
    attempts = tuple(Payment.objects.filter(order=order).select_related("saved_method").order_by("pk"))
    return paying_by(order, attempts)


def paying_by(order: Order, attempts: Sequence[Payment]) -> Paying:
    """The same for attempts that were read already, oldest first. No query."""
    return Paying(order, tuple(attempts), standing(attempts, clock.now()))


def payments_of(user_id: int) -> QuerySet[Payment]:
    """A person's payments, newest first, with orders and what went back. Three queries for a page of them."""
    return _whole(Payment.objects.filter(user_id=user_id))


def payments_seen_by(by: Actor) -> QuerySet[Payment]:
    """Everybody's for staff, their own for anybody else, newest first."""
    return _whole(Payment.objects.all()) if by.is_staff else payments_of(by.user_id or 0)


def payment_seen_by(by: Actor, payment_id: int) -> Payment:
    """Raises NotFound where there is none, or not for them."""
    found = payments_seen_by(by).filter(pk=payment_id).first()
    if found is None:
        raise NotFound(_("There is no such payment."))
    return found


def payment_of_order(order_id: int, payment_id: int, *, customer_id: int) -> Payment:
    """A payment of an order that somebody may see, while it belongs to the same person. Raises NotFound."""
    found = Payment.objects.filter(pk=payment_id, order_id=order_id, order__customer_id=customer_id).first()
    if found is None:
        raise NotFound(_("There is no such payment."))
    return found


def _whole(payments: QuerySet[Payment]) -> QuerySet[Payment]:
    moves = Prefetch("movements", RefundMovement.objects.order_by("pk"))
    refunds = Prefetch("refunds", Refund.objects.standing().order_by("pk").prefetch_related(moves))
    related = payments.select_related("order__region", "saved_method")
    return related.prefetch_related(refunds).order_by("-id")


def saved_methods_of(user_id: int) -> list[SavedMethod]:
    """A person's saved ways to pay, the last used first, without those that are past their date. One query."""
    today = clock.now().date()
    return [saved for saved in SavedMethod.objects.of(user_id) if saved.expires_on is None or saved.expires_on >= today]


def refundable_lines(payment: Payment) -> list[Sold]:
    """The lines of a payment's order that come, with what all their pieces cost, tax and deposit too. One query."""
    order = payment.order
    if order is None:
        return []
    lines = OrderLine.objects.filter(order=order).exclude(status=OrderLine.Status.SHORT).select_related("order")
    nothing, inclusive = Money.zero(order.currency), order.region.tax_inclusive
    return [
        Sold(
            line.pk,
            line.quantity,
            line.total + line.deposit + (nothing if inclusive else line.tax),
            str(line),
            line.deposit,
        )
        for line in lines.order_by("pk")
    ]


def stuck_refunds() -> QuerySet[Refund]:
    """Decided refunds whose money does not move: the gateway refused for good, and nobody has sent it another way."""
    moving = RefundMovement.objects.filter(refund=OuterRef("pk")).exclude(status=RefundMovement.Status.FAILED)
    return Refund.objects.filter(~Exists(moving))


def refunds_of(payments: Sequence[Payment]) -> list[tuple[Refund, RefundMovement | None]]:
    """What goes back of these payments, with the last movement of each. Two queries; none where nothing goes back."""
    ids = [payment.pk for payment in payments if payment.refunded]
    if not ids:
        return []
    moves = Prefetch("movements", RefundMovement.objects.order_by("pk"))
    return movements_of(Refund.objects.standing().filter(payment__in=ids).order_by("pk").prefetch_related(moves))


def movements_of(refunds: Iterable[Refund]) -> list[tuple[Refund, RefundMovement | None]]:
    """Refunds with the last movement of each. Reads `movements`, prefetched where there are many."""
    return [(refund, max(refund.movements.all(), key=lambda movement: movement.pk, default=None)) for refund in refunds]


def moved_back(refunds: Sequence[Refund], currency: str) -> Money:
    """What of the refunds has arrived. Reads `movements`, prefetched where there are many."""
    done = [r.amount for r in refunds if any(m.status == RefundMovement.Status.DONE for m in r.movements.all())]
    return Money.total(done, currency)
