"""What an order's money is in the books, from the hold to the door."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from milkdelivery.core.money import Money
from milkdelivery.core.outside import ensure_in_transaction
from orders.models import Order
from orders.rules.status import NotUndoable
from payments.actions.ledger import post
from payments.actions.transitions import reopen, succeed
from payments.actions.wallet import capture, release, take_over_wallets
from payments.events import PaymentLowered
from payments.models import Invoice, LedgerAccount, LedgerTransfer, Payment
from payments.queries.ledger import legs_of
from payments.rules.attempts import AT_THE_DOOR
from payments.rules.ledger import AccountKind, Figures, Place, TransferKind, sale_legs, undoing
from payments.rules.refunds import LESS_COMES

Method, Status = Payment.Method, Payment.Status


def settle_delivered(order_id: int, *, by: Actor) -> None:
    """The order is at the door: what was set aside in the wallet is taken, and the sale is in the books.

    The wallet pays what the order costs now, even where word of a shortage has not come through yet; the rest is free
    again. Cash was collected before (`collect_cash`); what a gateway took leaves the money that is paid ahead. An order
    that nobody pays for is no sale. Safe to repeat. Part of the delivery's transaction. Locks the order's payments, the
    wallet, the order. Emits PaymentSucceeded, WalletCaptured and WalletReleased. Raises NotHeld.
    """
    ensure_in_transaction("settle_delivered()")
    attempts = Payment.objects.locked_of(order_id)
    payment = _paying(attempts)
    if payment is None:
        return
    if payment.method == Method.WALLET:
        LedgerAccount.objects.locked_of([payment.user_id], payment.currency)
    order = Order.objects.locked(order_id)
    key = sale_key(order.number, undone=_times_undone(order))
    if payment.method == Method.WALLET:
        if payment.status != Status.PENDING:
            return
        _lower(payment, order, by=by)
        capture(payment.user_id, figures_of(order), key=key, reference=order.number, by=by)
        succeed(payment, attempts, by=by)
        return
    payer = Place(AccountKind.CASH if payment.method == Method.COD else AccountKind.PAID_AHEAD)
    legs = sale_legs(payer, figures_of(order))
    if legs and payment.status != Status.PENDING:
        post(key=key, kind=TransferKind.SALE, legs=legs, reference=order.number, by=by)


def unsettle_delivered(order_id: int, *, by: Actor) -> None:
    """It is not at the door after all: the sale leaves the books by the same entries the other way round, and what was
    paid at the door is to be paid there still; the wallet has it set aside again. Undoes `settle_delivered`.

    Part of the transaction that says so. Locks the order's payments, the wallet, the order. Emits PaymentReopened.
    Raises NotUndoable once the order is invoiced or something was given back for it.
    """
    ensure_in_transaction("unsettle_delivered()")
    attempts = Payment.objects.locked_of(order_id)
    payment = _paying(attempts)
    if payment is None:
        return
    if payment.method == Method.WALLET:
        LedgerAccount.objects.locked_of([payment.user_id], payment.currency)
    order = Order.objects.locked(order_id)
    if Invoice.objects.of_orders([order_id]).exists():
        raise NotUndoable(_("The invoice is written already. Ask the hub."))
    undone = _times_undone(order)
    sold_at = (
        LedgerTransfer.objects.filter(key=sale_key(order.number, undone=undone)).values_list("occurred_at").first()
    )
    since = [refund for refund in payment.refunds.all() if sold_at is None or refund.decided_at >= sold_at[0]]
    if since:
        raise NotUndoable(_("Money was given back for it already. Ask the hub."))
    legs = undoing(legs_of(sale_key(order.number, undone=undone)))
    if legs:
        key = f"{order.number}-{undone + 1}-unsale"
        post(key=key, kind=TransferKind.UNSALE, legs=legs, reference=order.number, by=by)
    if payment.method in AT_THE_DOOR and payment.status == Status.SUCCEEDED:
        reopen(payment, attempts, by=by)


def sale_key(number: str, *, undone: int) -> str:
    """Of the transfer that is an order's sale, after so many that were taken back."""
    return f"{number}-{undone + 1}-sale" if undone else f"{number}-sale"


def _times_undone(order: Order) -> int:
    """How often the delivery of a locked order was taken back."""
    return LedgerTransfer.objects.filter(reference=order.number, kind=TransferKind.UNSALE).count()


def lower_hold(order_id: int, *, by: Actor) -> Payment | None:
    """Give free what is set aside in the wallet beyond what the order costs now: something of it does not come.

    Safe to repeat. None where nothing is set aside for it. Locks the order's payments, the wallet, the order. Emits
    PaymentLowered and WalletReleased.
    """
    with transaction.atomic():
        payment = _paying(Payment.objects.locked_of(order_id))
        if payment is None or (payment.method, payment.status) != (Method.WALLET, Status.PENDING):
            return None
        LedgerAccount.objects.locked_of([payment.user_id], payment.currency)
        order = Order.objects.locked(order_id)
        less = _lower(payment, order, by=by)
        if less:
            key = f"{payment.idempotency_key}-to-{payment.amount.minor}"
            facts = {"currency": order.currency, "key": key, "reference": order.number, "reason": LESS_COMES}
            release(payment.user_id, less, by=by, **facts)
    return payment


def take_over_money(*, from_user_id: int, to_user_id: int, by: Actor) -> None:
    """Hand a person's payments and wallets to another: what comes back of an order comes to who has the order.

    Whether the taker may have it is for the caller to have proven. Part of the caller's transaction; safe to repeat.
    Locks the giver's payments, then the wallets of both. Emits WalletTakenOver where there is a wallet.
    """
    ensure_in_transaction("take_over_money()")
    payments = Payment.objects.locked_of_user(from_user_id)
    take_over_wallets(from_user_id=from_user_id, to_user_id=to_user_id, by=by)
    for payment in payments:
        payment.user_id = to_user_id
    Payment.objects.bulk_update(payments, ["user"])


def figures_of(order: Order) -> Figures:
    """What an order's total is made of."""
    return Figures(
        total=order.grand_total,
        discount=order.discount_total,
        tax=order.tax_total,
        deposit=order.deposit_total,
        delivery=order.delivery_total,
    )


def _paying(payments: Sequence[Payment]) -> Payment | None:
    """The payment that the order is paid with, or will be."""
    return next((payment for payment in payments if payment.status != Status.FAILED and not payment.is_surplus), None)


def _lower(payment: Payment, order: Order, *, by: Actor) -> Money:
    """Bring a locked payment to what its locked order costs, where that is less; by how much. Emits PaymentLowered."""
    less = payment.amount - order.grand_total
    if less.minor <= 0:
        return Money.zero(order.currency)
    payment.amount = order.grand_total
    payment.save(update_fields=["amount"])
    emit(PaymentLowered(payment.pk, order.pk, payment.amount), actor=by)
    return less
