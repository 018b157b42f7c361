"""All about a person on one screen: who they are, what they have with us, what they were told, what staff noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Prefetch, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin.notes import NoteForm, may_strike
from accounts.models import Address, Device, Preferences, StaffNote, User
from accounts.queries import is_served
from deliveries.models import Delivery, Driver, FailedAttempt
from milkdelivery.backoffice.frame import list_url
from milkdelivery.backoffice.words import names_of
from milkdelivery.core import clock
from milkdelivery.core.models import Event
from milkdelivery.core.money import Money
from notifications.models import Notification
from notifications.rules import KIND_NAMES
from orders.models import Claim, Order
from orders.queries import next_order_of
from payments.models import LedgerAccount, Payment, Refund
from payments.queries import held_of_person, payments_of, statement
from payments.rules.ledger import AccountKind
from payments.views.statement import words_of
from payments.words import reason_words, refund_words
from vendors.models import VendorMember

FEW = 6
"""Rows of each kind that the page shows; their lists have the rest."""

MOST_DEVICES = 8
MOST_NOTES = 20

SIGN_INS = {
    "user.logged_in": gettext_lazy("Signed in"),
    "user.login_failed": gettext_lazy("Could not sign in"),
    "user.device_revoked": gettext_lazy("A device was signed out"),
    "user.device_distrusted": gettext_lazy("A device is trusted no more"),
    "user.deactivated": gettext_lazy("Deactivated"),
    "user.reactivated": gettext_lazy("Let in again"),
    "user.role_changed": gettext_lazy("Role changed"),
}


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to reach the person. `is_proven` says that they showed it to be theirs."""

    text: str
    link: str
    is_proven: bool


def person_page(person: User, request: HttpRequest) -> dict[str, Any]:
    """Everything that the page shows to this colleague, in a number of queries that grows with nothing."""
    may = request.user.has_perm
    context: dict[str, Any] = {
        "person": person,
        "contacts": contacts_of(person),
        "hats": _hats(person),
        "doors": [(door, is_served(door.pincode)) for door in Address.objects.of(person.pk)],
        "preferences": Preferences.objects.filter(user=person).first(),
    }
    if may("orders.view_order"):
        context |= _orders(person)
    if may("payments.view_ledgeraccount"):
        context["wallets"] = _wallets(person, request)
    if may("payments.view_payment"):
        context |= _payments(person)
    if may("accounts.view_device"):
        context |= _devices(person)
    if may("notifications.view_notification"):
        context |= _messages(person)
    if may("accounts.view_staffnote"):
        context |= _notes(person, request)
    return context


def contacts_of(person: User) -> list[Contact]:
    """Proven ones first; what was typed as well is told once."""
    found: dict[str, Contact] = {}
    for text, scheme, is_proven in (
        (person.phone, "tel", True),
        (person.email, "mailto", True),
        (person.contact_phone, "tel", False),
        (person.contact_email, "mailto", False),
    ):
        if text and text not in found:
            found[text] = Contact(text, f"{scheme}:{text}", is_proven)
    return list(found.values())


def _hats(person: User) -> list[tuple[str, str]]:
    """What else the person is here, each with the page of it: drives from a hub, works for a dairy. Two queries."""
    hats = []
    driver = Driver.objects.filter(user=person).select_related("hub").first()
    if driver is not None:
        words = _("Drives from %(hub)s") if driver.is_active else _("Drove from %(hub)s")
        hats.append((words % {"hub": driver.hub}, reverse("admin:deliveries_driver_change", args=(driver.pk,))))
    member = VendorMember.objects.filter(user=person).select_related("vendor").first()
    if member is not None:
        link = reverse("admin:vendors_vendor_change", args=(member.vendor_id,))
        hats.append((_("Works for %(dairy)s") % {"dairy": member.vendor}, link))
    return hats


def _orders(person: User) -> dict[str, Any]:
    """The last orders, how many there are, what comes next, what failed, what was claimed. Nine queries at most."""
    orders = Order.objects.of(person.pk).select_related("slot", "region").order_by("-id")
    coming = next_order_of(person.pk, since=(clock.now() - timedelta(days=1)).date())
    failed = FailedAttempt.objects.true().filter(delivery__order__customer_id=person.pk)
    return {
        "orders": list(orders[:FEW]),
        "order_counts": Order.objects.of(person.pk).aggregate(
            every=Count("pk"), cancelled=Count("pk", filter=Q(status=Order.Status.CANCELLED))
        ),
        "orders_url": list_url(Order, customer__id__exact=person.pk),
        "coming": coming,
        "coming_by": _delivery_of(coming),
        "failed": list(failed.select_related("delivery__order").order_by("-pk")[:FEW]),
        "claims": list(Claim.objects.of_person(person.pk).select_related("order").order_by("-pk")[:FEW]),
        "claims_url": list_url(Claim, order__customer__id__exact=person.pk),
    }


def _delivery_of(order: Order | None) -> Delivery | None:
    if order is None:
        return None
    return Delivery.objects.filter(order=order).select_related("stop__route__driver__user", "hub").first()


@dataclass(frozen=True, slots=True)
class Wallet:
    account: LedgerAccount
    held: Money
    lines: Sequence[tuple[Any, str, str]]
    correct_url: str


def _wallets(person: User, request: HttpRequest) -> list[Wallet]:
    """Each with its last entries; a person has as many as currencies. Four queries for each."""
    may_correct = request.user.has_perm("payments.correct_ledgeraccount")
    accounts = LedgerAccount.objects.of(person.pk).filter(kind=AccountKind.WALLET).order_by("currency")
    return [
        Wallet(
            account,
            held_of_person(person.pk, account.currency),
            [(line, words_of(line), reason_words(line.reason)) for line in statement(account, limit=FEW)],
            reverse("admin:payments_ledgeraccount_correct", args=(account.pk,)) if may_correct else "",
        )
        for account in accounts
    ]


def _payments(person: User) -> dict[str, Any]:
    """The last payments, and the last refunds with how far each got. Five queries."""
    movements = Prefetch("movements")
    refunds = (
        Refund.objects.standing()
        .filter(payment__user=person)
        .select_related("payment__order")
        .prefetch_related(movements)
    )
    shown = []
    for refund in refunds.order_by("-pk")[:FEW]:
        last = max(refund.movements.all(), key=lambda movement: movement.pk, default=None)
        shown.append((refund, refund_words(refund), last))
    return {
        "payments": list(payments_of(person.pk)[:FEW]),
        "payments_url": list_url(Payment, user__id__exact=person.pk),
        "refunds": shown,
    }


def _devices(person: User) -> dict[str, Any]:
    """Where they are and were signed in, and what happened there, newest first. Three queries."""
    events = Event.objects.filter(subject=f"user:{person.pk}", name__in=SIGN_INS).select_related("origin")
    devices = Device.objects.filter(user=person).order_by("revoked_at", "-last_seen_at")
    return {
        "devices": sorted(devices[:MOST_DEVICES], key=lambda device: device.revoked_at is not None),
        "devices_url": list_url(Device, user__id__exact=person.pk),
        "is_signed_in": Device.objects.filter(user=person, revoked_at=None).exists(),
        "sign_ins": [(event, SIGN_INS[event.name]) for event in events.order_by("-id")[:FEW]],
    }


def _messages(person: User) -> dict[str, Any]:
    """What they were told, without the words: those are on the message's own page. One query."""
    told = Notification.objects.filter(recipient=person).order_by("-id")[:FEW]
    return {
        "told": [(message, str(KIND_NAMES.get(message.kind, message.kind))) for message in told],
        "told_url": list_url(Notification, recipient__id__exact=person.pk),
    }


def _notes(person: User, request: HttpRequest) -> dict[str, Any]:
    """Two queries, one where nobody wrote anything."""
    notes = list(StaffNote.objects.of(person.pk)[:MOST_NOTES])
    names = names_of({who for note in notes for who in (note.actor, note.struck_by) if who})
    return {
        "notes": [
            (note, names[note.actor], names.get(note.struck_by, ""), may_strike(request, note)) for note in notes
        ],
        "note_form": NoteForm() if request.user.has_perm("accounts.add_staffnote") and not person.erased_at else None,
        "note_url": reverse("admin:accounts_user_note", args=(person.pk,)),
    }
