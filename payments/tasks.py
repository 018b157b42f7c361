"""What the worker does for payments. Each is safe to run twice: it looks for what is due by state."""

from zoneinfo import ZoneInfo

from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.jobs import one_by_one
from milkdelivery.core.models import Region
from orders.queries import was_just_delivered_again
from payments import actions
from payments.gateways.demo import bank
from payments.models import LedgerRecount
from payments.queries.invoices import uncredited_refunds

_SELF = Actor.system("payments")


NIGHT_HOUR = 1
"""From one o'clock at night, where the currency is at home, the books are recounted."""


def void_payments(order_id: int) -> None:
    """Call off what a cancelled order still owes."""
    actions.void_payments(order_id, by=_SELF)


def ask_gateways() -> int:
    """Ask about payments that never answered; how many."""
    return one_by_one(actions.claim_to_look_at(), lambda payment_id: actions.look_at_payment(payment_id, by=_SELF))


def process_webhooks() -> int:
    """Act on what gateways told; how many words."""
    return one_by_one(actions.claim_webhooks(), actions.process_webhook)


def move_refunds() -> int:
    """Move the money of refunds that were decided; how many."""
    return one_by_one(actions.claim_movements(), lambda movement_id: actions.move_refund(movement_id, by=_SELF))


def write_demo_letters() -> int:
    """What the pretend bank does by the clock: settle, and tell us through the same door as any gateway."""
    bank.settle_due()
    letters = bank.letters_due()
    for headers, body in letters:
        actions.receive_webhook("demo", headers, body)
    return len(letters)


def issue_invoice(order_id: int) -> None:
    """Invoice an order that was delivered. One that was taken back and delivered again has a call of its own."""
    if not was_just_delivered_again(order_id):
        actions.issue_invoices([order_id])


def issue_credit_note(refund_id: int) -> None:
    """Tell what went back of an invoiced order."""
    actions.issue_credit_note(refund_id)


def issue_credit_notes_of(order_id: int) -> int:
    """The notes for what went back of an order before it had its invoice; how many."""
    due = uncredited_refunds().filter(payment__order=order_id).order_by("pk").values_list("pk", flat=True)
    return sum(actions.issue_credit_note(refund_id) is not None for refund_id in list(due))


def keep_books() -> int:
    """Each currency's night: recount its books, once a day; how many were done. Its day is its first region's.

    Invoices and credit notes that nobody wrote are written first.
    """
    done = 0
    homes = {region.currency: region for region in Region.objects.order_by("-pk")}
    for currency, region in sorted(homes.items()):
        today = clock.today(region)
        is_night_over = clock.now().astimezone(ZoneInfo(region.time_zone)).hour >= NIGHT_HOUR
        if is_night_over and not LedgerRecount.objects.filter(currency=currency, date=today).exists():
            actions.issue_what_is_missing()
            actions.recount_books(currency, on=today)
            done += 1
    return done


def forget_method(gateway: str, token: str) -> None:
    """Have a gateway forget a card whose person was erased."""
    actions.forget_method(gateway, token)
