"""The mail with the report of a day, to staff who want it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import translation

from analytics.actions import NIGHTLY
from analytics.events import DailyReportMade
from analytics.models import DailyReport
from analytics.queries import readers
from analytics.rules import MAILED_WITHIN_DAYS
from analytics.words import headline, revenue_of
from milkdelivery.core.actors import Role
from milkdelivery.core.eventlog import Envelope
from notifications.channels import Message
from notifications.links import site_link
from notifications.models import Notification
from notifications.queries import languages_of
from notifications.rules import Kind

KINDS = frozenset({Kind.DAILY_REPORT})
Render = Callable[[Notification, dict[str, Any]], Message]


def to_readers(envelopes: Iterable[Envelope[DailyReportMade]]) -> Iterator[Notification]:
    """One mail to each reader for each report of the night. What somebody makes by hand, or again, or what is made long
    afterwards, is no news."""
    news = [told for told in envelopes if _is_news(told)]
    people = readers() if news else []
    languages = languages_of({person.pk for person in people})
    for told in news:
        addresses = {settings.ADMIN_EMAIL.casefold()}
        yield _letter(told, address=settings.ADMIN_EMAIL, role=Role.ADMIN)
        for person in people:
            address = person.email
            if address and address.casefold() not in addresses:
                addresses.add(address.casefold())
                letter = _letter(told, address=address, role=person.role)
                letter.recipient, letter.language = person, languages.get(person.pk, "en")
                yield letter


def _is_news(told: Envelope[DailyReportMade]) -> bool:
    age = told.occurred_at.date() - told.event.date
    return told.actor == NIGHTLY and told.event.times_made == 1 and age <= timedelta(days=MAILED_WITHIN_DAYS)


def _letter(told: Envelope[DailyReportMade], *, address: str, role: Role) -> Notification:
    return Notification(
        role=role,
        kind=Kind.DAILY_REPORT,
        channel=Notification.Channel.EMAIL,
        address=address,
        data={"report_id": told.event.report_id},
        dedupe_key=f"{Kind.DAILY_REPORT}:{told.id}:{address}"[:120],
        event_id=told.id,
    )


def write(notification: Notification, render: Render) -> Message | None:
    """The letter from the report as it is kept; None where its reader is no longer one."""
    if notification.recipient_id is not None and notification.recipient_id not in {who.pk for who in readers()}:
        return None
    report = DailyReport.objects.select_related("region").get(pk=notification.data["report_id"])
    with translation.override(notification.language):
        context = {
            "report": report,
            "revenue": revenue_of(report),
            "count": report.figures["orders"]["count"],
            "facts": headline(report),
            "link": site_link("admin:analytics_dailyreport_change", report.pk),
            "is_reader": notification.recipient_id is not None,
            "BRAND_NAME": settings.BRAND_NAME,
            "site_url": settings.SITE_URL,
        }
        return render(notification, context)
