"""Letters about money: to households about their wallet, to staff about books that do not add up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.utils import translation

from accounts.models import User
from milkdelivery.core.actors import Role
from milkdelivery.core.eventlog import Envelope
from milkdelivery.core.money import Money
from notifications.channels import Message
from notifications.links import site_link
from notifications.models import Notification
from notifications.queries import languages_of
from notifications.rules import Kind
from payments.events import LedgerRecounted, WalletLow, WalletToppedUp
from payments.models import LedgerAccount

KINDS = frozenset({Kind.LEDGER_DRIFT, Kind.WALLET_LOW, Kind.WALLET_TOPPED_UP})
Render = Callable[[Notification, dict[str, Any]], Message]
Channel = Notification.Channel


def drift(envelopes: Iterable[Envelope[LedgerRecounted]]) -> Iterator[Notification]:
    """A mail to staff for each recount that found something."""
    for told in envelopes:
        if told.event.drift_count:
            yield Notification(
                role=Role.ADMIN,
                kind=Kind.LEDGER_DRIFT,
                channel=Channel.EMAIL,
                address=settings.ADMIN_EMAIL,
                data={"currency": told.event.currency, "drift_count": told.event.drift_count},
                dedupe_key=f"{Kind.LEDGER_DRIFT}:{told.id}",
                event_id=told.id,
            )


def to_households(kind: Kind, envelopes: Sequence[Envelope[WalletLow | WalletToppedUp]]) -> Iterator[Notification]:
    """By mail, or as a text message where only a phone is known."""
    people = User.objects.in_bulk({told.event.user_id for told in envelopes})
    languages = languages_of(people.keys())
    for told in envelopes:
        person = people[told.event.user_id]
        address = person.mail_address or person.phone_number
        if not address:
            continue
        amount = told.event.amount if isinstance(told.event, WalletToppedUp) else told.event.balance
        yield Notification(
            recipient=person,
            role=Role.CUSTOMER,
            kind=kind,
            channel=Channel.EMAIL if person.mail_address else Channel.SMS,
            language=languages.get(person.pk, "en"),
            address=address,
            data={"wallet_id": told.event.wallet_id, "amount": amount.minor},
            dedupe_key=f"{kind}:{told.id}",
            event_id=told.id,
        )


def write(notification: Notification, render: Render) -> Message | None:
    """The letter from the wallet as it is now; None where it is not low any more."""
    context: dict[str, Any] = {"BRAND_NAME": settings.BRAND_NAME, "site_url": settings.SITE_URL}
    if notification.kind == Kind.LEDGER_DRIFT:
        context |= notification.data | {"link": site_link("admin:payments_ledgerrecount_changelist")}
    else:
        wallet = LedgerAccount.objects.select_related("owner").get(pk=notification.data["wallet_id"])
        if notification.kind == Kind.WALLET_LOW and wallet.balance >= wallet.low_below:
            return None
        context |= {
            "wallet": wallet,
            "amount": Money(notification.data["amount"], wallet.currency),
            "link": site_link("payments:wallet"),
        }
    with translation.override(notification.language):
        return render(notification, context)
