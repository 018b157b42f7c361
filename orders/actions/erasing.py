"""What orders forget with their household: who they went to and what was said. What was bought, when, for how much and
in which area stays, since sales, stock and tax are counted by it."""

from django.db.models import Q

from inventory.actions.erasing import forget_reasons
from milkdelivery.core.erasing import Leaving
from milkdelivery.core.jobs import enqueue
from milkdelivery.core.models.erasing import empty_words, forget_errors, forget_origins
from milkdelivery.core.outside import ensure_in_transaction
from orders.models import Claim, Hold, Order, OrderStatusChange, VendorAnswer

PLACE = ("city", "state", "pincode", "country")
"""What stays of an address: whole districts have it in common, and tax depends on it."""

AT_ONCE = 1_000
FORGET_PHOTO = "orders.tasks.forget_claim_photo"


def forget_orders(leaving: Leaving) -> None:
    """Empty a household's orders and claims; the photos follow the commit. Part of the transaction that erases them,
    which holds their orders."""
    ensure_in_transaction("forget_orders()")
    orders = list(Order.objects.of(leaving.user_id).only("pk", "number", "address"))
    for order in orders:
        order.address = {part: word for part, word in order.address.items() if part in PLACE}
    Order.objects.bulk_update(orders, ["address"], batch_size=AT_ONCE)
    Order.objects.of(leaving.user_id).update(special_instructions="", device=None, ip=None, place="", door="")
    _forget_claims(leaving.user_id)
    mine = {"order__customer_id": leaving.user_id}
    Hold.objects.filter(**mine).update(reason="", decision_reason="", findings=[])
    VendorAnswer.objects.filter(**mine).update(note="")
    by_people = Q(actor__startswith="user:") | Q(actor="guest")
    OrderStatusChange.objects.filter(by_people, **mine).update(reason="")
    forget_reasons([order.number for order in orders])
    subjects = [f"order:{order.pk}" for order in orders]
    empty_words(subjects, user_id=leaving.user_id)
    forget_origins(subjects, user_id=leaving.user_id)
    forget_errors(subjects)


def _forget_claims(user_id: int) -> None:
    claims = Claim.objects.of_person(user_id)
    for stem in claims.exclude(photo="").values_list("photo", flat=True):
        enqueue(FORGET_PHOTO, stem)
    claims.update(words="", decision_reason="", photo="", photo_width=0, photo_height=0)
