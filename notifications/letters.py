"""From a row of the log to the words that are sent, in the reader's language and the region's time."""

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.rules import is_contact_only
from deliveries.models import Delivery
from deliveries.rules.status import MISSED
from milkdelivery.core.actors import Role
from notifications import (
    catalogue_letters,
    claim_letters,
    money_letters,
    offers,
    payment_letters,
    report_letters,
    stock_letters,
    work_letters,
)
from notifications.channels import Message
from notifications.links import link_to_order, link_to_tracking, site_link
from notifications.models import Notification
from notifications.queries import (
    contact_is_known,
    greeting_of,
    order_facts,
    place_of,
    vendor_facts,
    waiting_of,
    was_told_of_assignment,
)
from notifications.rules import KINDS, WAITS_FOR_UNDO, Kind, is_still_so
from notifications.tokens import stop_url
from orders.models import Order
from orders.queries import open_hold_of
from orders.rules.answers import LINE_MISSING, NOBODY_CAN_FILL
from orders.rules.fraud import read_findings
from orders.rules.holding import LAPSED
from orders.tokens import claims_link, take_over_url
from payments.links import pay_url
from payments.rules.attempts import pay_until
from vendors.links import leave_url

FOLDER = "mail"
STOP = f"{FOLDER}/parts/stop.txt"
SHORT = frozenset({Notification.Channel.IN_APP, Notification.Channel.PUSH})
LINKS = ("order_link", "account_link", "tracking_link", "link", "pay_link", "cart_link", "site_url")
"""Addresses in the context of a text message."""
UNPAID = frozenset({"payment_declined", "payment_expired"})
"""Why a checkout was undone whose household did not pay."""

_WHY_NOT = dict(Delivery.FailureReason.choices)
"""Why a driver could not hand something over."""

_ROOMS = (
    (stock_letters.KINDS, stock_letters.write, "the shelves are full again"),
    (catalogue_letters.KINDS, catalogue_letters.write, "a tax rate covers the packs by now"),
    (money_letters.KINDS, money_letters.write, "there is enough in the wallet again"),
    (payment_letters.KINDS, payment_letters.write, "the money has moved on, or another message says it"),
    (claim_letters.KINDS, claim_letters.write, "it was decided meanwhile"),
    (report_letters.KINDS, report_letters.write, "whoever it is for does not want it any more"),
    (offers.KINDS, offers.write, "the offer is over, or its reader can't use it or wants no offers any more"),
    (work_letters.KINDS, work_letters.write, "it is not so any more"),
)
"""Kinds with a file of their own, what writes them, and what it means where that finds nothing to say."""


class NoLongerSo(Exception):
    """What the message would say is not true any more, so it is not sent."""


def write(notification: Notification) -> Message:
    """Render the message from the books as they are now. Raises NoLongerSo."""
    if "waiting_id" in notification.data:
        with translation.override(notification.language):
            return _render(notification, {**_waiting_context(notification), **_brand()})
    if notification.kind == Kind.WELCOME:
        with translation.override(notification.language):
            return _render(notification, {**_welcome_context(notification), **_brand()})
    for kinds, write_one, why_not in _ROOMS:
        if notification.kind in kinds:
            letter = write_one(notification, _render)
            if letter is None:
                raise NoLongerSo(why_not)
            return letter
    context = _vendor_context(notification) if "vendor_id" in notification.data else _order_context(notification)
    order: Order = context["order"]
    if not is_still_so(notification.kind, order.status):
        raise NoLongerSo(f"the order is {order.status}")
    anew = WAITS_FOR_UNDO.get(notification.kind)
    if anew and order.status_changes.filter(to_status__in=anew, occurred_at__gt=notification.created_at).exists():
        raise NoLongerSo("it was taken back, and another message tells what came then")
    zone = ZoneInfo(order.region.time_zone)
    with translation.override(notification.language), timezone.override(zone):
        return _render(notification, {**context, **_brand()})


def sample_of(notification: Notification) -> Message:
    """The letter about an offer as anybody would get it: to look at before it goes out."""
    return offers.letter_of(notification, _render)


def _brand() -> dict[str, Any]:
    return {"BRAND_NAME": settings.BRAND_NAME, "site_url": settings.SITE_URL}


def _render(notification: Notification, context: dict[str, Any]) -> Message:
    name = f"{FOLDER}/{notification.kind}"
    if notification.channel == Notification.Channel.SMS:
        text = " ".join(render_to_string(f"{name}.sms.txt", context).split())
        return Message(to=notification.address, subject="", text=text)
    subject = " ".join(render_to_string(f"{name}.subject.txt", context).split())
    if notification.channel in SHORT:
        text, link = _short(name, context), _page(notification, context)
        return Message(to="", subject=subject, text=text, link=link, reference=reference_of(notification))
    stop = _stop_link(notification)
    context = {**context, "stop_link": stop}
    return Message(
        to=notification.address,
        subject=subject,
        unsubscribe=stop,
        text=f"{render_to_string(f'{name}.txt', context).strip()}\n{render_to_string(STOP, context)}",
        html=render_to_string(f"{name}.html", context),
        reference=reference_of(notification),
    )


def _short(name: str, context: dict[str, Any]) -> str:
    """A text message without its addresses: what it tells of is a tap away. "" for kinds that have none."""
    try:
        text = render_to_string(f"{name}.sms.txt", context | dict.fromkeys(LINKS, ""))
    except TemplateDoesNotExist:
        return ""
    words = " ".join(text.split()).rstrip(" :")
    return words if words.endswith((".", "।", "?", "!")) else f"{words}."


def _stop_link(notification: Notification) -> str:
    """The way out of mails like this one, for whoever can choose; "" where there is none, or nothing to choose."""
    spec = KINDS[notification.kind]
    person = notification.recipient
    if person is None or is_contact_only(person) or not spec.can_be_switched_off:
        return ""
    return stop_url(person.pk, spec.group)


def _page(notification: Notification, context: dict[str, Any]) -> str:
    """The page of ours that it tells of, from the root."""
    keys = ("order_page", "link") if notification.role == Role.CUSTOMER else ("staff_link", "vendor_link", "link")
    found = next((str(context[key]) for key in keys if context.get(key)), "")
    return found.removeprefix(settings.SITE_URL)


def reference_of(notification: Notification) -> str:
    """A message id that is the same at every attempt, so that the receiving side can tell a repetition."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    return f"<notification.{notification.pk}.{int(notification.created_at.timestamp())}@{domain}>"


def _order_context(notification: Notification) -> dict[str, Any]:
    """A guest has no way to sign in: theirs is the tracking link, and one that makes the order somebody's own."""
    facts = order_facts(notification.data["order_id"])
    tracking = link_to_tracking(facts.delivery) if facts.delivery else ""
    is_guest = is_contact_only(facts.customer)
    cancel_reason = facts.cancel_reason
    hold = open_hold_of(facts.order)
    return {
        "order": facts.order,
        "slot": facts.order.slot,
        "lines": facts.lines,
        "missing": facts.missing,
        "is_line_missing": cancel_reason == LINE_MISSING,
        "is_out_of_stock": cancel_reason == NOBODY_CAN_FILL,
        "is_lapsed": cancel_reason == LAPSED,
        "is_missed": cancel_reason == MISSED,
        "why_not": _WHY_NOT.get(notification.data.get("reason", ""), ""),
        "hold": hold,
        "findings": read_findings(hold.findings) if hold else [],
        "order_page": link_to_order(facts.order),
        "staff_link": site_link("admin:orders_order_change", facts.order.pk),
        "first_name": facts.first_name,
        "delivery": facts.delivery,
        "cash_due": facts.cash_due,
        "paid": facts.paid,
        "held": facts.held,
        "is_unpaid": cancel_reason in UNPAID,
        "is_by_staff": facts.order.source == Order.Source.STAFF,
        "pay_link": pay_url(facts.order) if facts.order.status == Order.Status.CREATED else "",
        "pay_until": pay_until(facts.payments),
        "change_until": facts.change_until,
        "driver_name": facts.driver_name,
        "cart_link": site_link("cart:page"),
        "order_link": tracking if is_guest else link_to_order(facts.order),
        "tracking_link": tracking,
        "claims_page": claims_link(facts.order) if is_guest else site_link("orders:claims", facts.order.number),
        "take_over_link": take_over_url(facts.order) if is_guest else "",
        "has_account": is_guest and contact_is_known(facts.customer),
    }


def _vendor_context(notification: Notification) -> dict[str, Any]:
    order_id, vendor_id = notification.data["order_id"], notification.data["vendor_id"]
    if notification.kind == Kind.VENDOR_CANCELLATION and not was_told_of_assignment(order_id, vendor_id):
        raise NoLongerSo("the dairy was never told of the order")
    facts = vendor_facts(order_id, vendor_id)
    return {
        "order": facts.order,
        "slot": facts.order.slot,
        "lines": facts.lines,
        "vendor": facts.vendor,
        "pack_by": facts.pack_by,
        "vendor_link": site_link("vendors:portal"),
    }


def _welcome_context(notification: Notification) -> dict[str, Any]:
    person = notification.recipient
    if person is None or not person.is_active:
        raise NoLongerSo("the account is closed")
    return {"first_name": greeting_of(person), "link": site_link("home"), "account_link": site_link("account")}


def _waiting_context(notification: Notification) -> dict[str, Any]:
    """To somebody without an account: the place, and the way off the list."""
    waiting_id, code = notification.data["waiting_id"], notification.data["pincode"]
    if waiting_of(waiting_id) is None:
        raise NoLongerSo("they left the list")
    place = place_of(code)
    if notification.kind == Kind.AREA_OPENED and not (place and place.is_served):
        raise NoLongerSo("we don't come there any more")
    return {"pincode": code, "place": place.name if place else "", "leave_link": leave_url(waiting_id)}
