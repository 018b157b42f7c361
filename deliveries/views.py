"""The driver's round on a phone, and the page on which a household follows its delivery."""

import re
import secrets
from collections.abc import Callable, Mapping
from datetime import date
from functools import wraps
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.dateparse import parse_date
from django.utils.http import parse_etags
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from deliveries.actions import PhotoSent, Sent, attach_photo, rate_delivery, tap
from deliveries.forms import FailureForm, HandOverForm, RatingForm
from deliveries.models import Delivery, Driver, DriverAction
from deliveries.photos import DOOR_PHOTOS, read_photo
from deliveries.queries import (
    Drop,
    Followed,
    current_day,
    days_of,
    delivery_by_token,
    driver_of,
    follow,
    for_the_link,
    is_kept,
    load_round,
    rating_of,
    stop_of,
    summary_seen_by,
    undoable_of,
)
from deliveries.rules import UNDER_WAY
from deliveries.rules.status import KeyOfAnotherTap
from milkdelivery.core import clock
from milkdelivery.core.access import role_required
from milkdelivery.core.actors import Role
from milkdelivery.core.errors import DomainError, NotFound
from milkdelivery.core.photos import KeptPhoto, private_photo
from milkdelivery.core.web import actor_of

MOST_AT_ONCE = 200
"""Orders in one tap of "picked up"."""

KEY = re.compile(r"[A-Za-z0-9-]{8,64}")
Kind = DriverAction.Kind

MAP = "https://www.google.com/maps/dir/?"


def for_drivers(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Hand the view its driver, in the time of the driver's hub."""

    @never_cache
    @role_required(Role.DRIVER)
    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        driver = driver_of(request.user.pk or 0)
        if driver is None:
            return render(request, "deliveries/no_hub.html")
        with timezone.override(ZoneInfo(driver.hub.region.time_zone)):
            return view(request, driver, **kwargs)

    return guarded


@require_safe
@for_drivers
def round_page(request: HttpRequest, driver: Driver) -> HttpResponse:
    """The next stop, what to load, what is done. `?on=` chooses the day, `?stop=` another stop of it."""
    return _show_round(request, driver, on=_day(request.GET.get("on")), stop=_number(request.GET.get("stop")))


@require_POST
@for_drivers
def pick_up(request: HttpRequest, driver: Driver) -> HttpResponse:
    """Take one packed order, or all that are shown. Each stands for itself: one that can't go keeps none back."""
    problems: dict[int, str] = {}
    taken = 0
    key = _key(request)
    for value in request.POST.getlist("delivery")[:MOST_AT_ONCE]:
        delivery_id = _number(value)
        if delivery_id is None:
            raise Http404
        refusal = _tap(request, driver, Kind.PICKED_UP, delivery_id, key=f"{key}-{delivery_id}")
        if refusal is None:
            taken += 1
        else:
            problems[delivery_id] = str(refusal)
    day = _day(request.POST.get("on"))
    if problems:
        return _show_round(request, driver, on=day, problems=problems, status=409)
    if taken:
        messages.success(request, ngettext("%(n)d order picked up.", "%(n)d orders picked up.", taken) % {"n": taken})
    return _back(day)


@require_POST
@for_drivers
def deliver(request: HttpRequest, driver: Driver, delivery_id: int) -> HttpResponse:
    """It is at the door. Where cash is owed the form says how much was taken. A second tap changes nothing.

    A photo is stored when the form is checked, and kept under the form's key once the tap counts.
    """
    stop = stop_of(driver, delivery_id)
    if stop is None:
        raise Http404
    day = stop.delivery.delivery_date
    form = HandOverForm(request.POST, request.FILES, stop=stop)
    if not form.is_valid():
        return _show_round(request, driver, on=day, stop=delivery_id, form=form, status=422)
    told: dict[str, Any] = {"empties": form.empties}
    if form.cash_collected is not None:
        told |= {"cash": form.cash_collected.minor, "currency": form.cash_collected.currency}
    if form.kept_photo is not None:
        told["has_photo"] = True
    key = _key(request)
    refusal = _tap(request, driver, Kind.DELIVERED, delivery_id, key=key, payload=told)
    if refusal is not None:
        problems = {delivery_id: str(refusal)}
        if refusal.field in form.fields:
            form.add_error(refusal.field, str(refusal))
            problems = {}
        return _show_round(
            request, driver, on=day, stop=delivery_id, form=form, problems=problems, status=refusal.status
        )
    if form.kept_photo is not None:
        _attach(request, PhotoSent(delivery_id, key, driver), form.kept_photo)
    return _back(day)


def _attach(request: HttpRequest, sent: PhotoSent, photo: KeptPhoto) -> None:
    """A tap that was sent twice has its photo already, and one that was taken back meanwhile needs none."""
    used = ""
    try:
        used = attach_photo(sent, photo, by=actor_of(request)).photo
    except DomainError as refusal:
        messages.error(request, str(refusal))
    if used != photo.stem:
        DOOR_PHOTOS.forget(photo.stem)


@require_POST
@for_drivers
def fail(request: HttpRequest, driver: Driver, delivery_id: int) -> HttpResponse:
    """It could not be handed over. The order is brought again or given back its money; the next stop comes up.

    A reason that ends the order asks once whether it is meant.
    """
    stop = stop_of(driver, delivery_id)
    if stop is None:
        raise Http404
    day = stop.delivery.delivery_date
    form = FailureForm(request.POST)
    if not form.is_valid():
        problems = {delivery_id: _("Choose why it could not be handed over.")}
        return _show_round(request, driver, on=day, stop=delivery_id, problems=problems, status=422)
    told = form.cleaned_data
    if _is_final(told["reason"]) and stop.is_open and not told["sure"]:
        return render(request, "deliveries/fail_sure.html", {"stop": stop, "form": form, "key": _key(request)})
    refusal = _tap(request, driver, Kind.FAILED, delivery_id, payload={"reason": told["reason"], "note": told["note"]})
    if refusal is not None:
        problems = {delivery_id: str(refusal)}
        return _show_round(request, driver, on=day, stop=delivery_id, problems=problems, status=refusal.status)
    return _back(day)


def _is_final(reason: str) -> bool:
    """Whether an order that fails for this reason is brought again by no rule."""
    return reason not in settings.DELIVERY_RETRY_REASONS


@require_POST
@for_drivers
def undo(request: HttpRequest, driver: Driver, delivery_id: int) -> HttpResponse:
    """The last tap at a stop was wrong: it is in the van, and is the next stop again."""
    stop = stop_of(driver, delivery_id)
    if stop is None:
        raise Http404
    day = stop.delivery.delivery_date
    refusal = _tap(request, driver, Kind.UNDO, delivery_id)
    if refusal is not None:
        return _show_round(request, driver, on=day, problems={0: str(refusal)}, status=refusal.status)
    messages.success(request, _("Order %(number)s is taken back: it is in your van.") % {"number": stop.order.number})
    return _back(day, stop=delivery_id)


@require_POST
@for_drivers
def start(request: HttpRequest, driver: Driver, route_id: int) -> HttpResponse:
    """The van leaves the hub."""
    day = _day(request.POST.get("on"))
    refusal = _tap(request, driver, Kind.START, route_id)
    if refusal is not None:
        return _show_round(request, driver, on=day, problems={0: str(refusal)}, status=refusal.status)
    return _back(day)


@require_POST
@for_drivers
def close(request: HttpRequest, driver: Driver, route_id: int) -> HttpResponse:
    """The van is back: what was not brought is given back its money."""
    day = _day(request.POST.get("on"))
    refusal = _tap(request, driver, Kind.CLOSE, route_id)
    if refusal is not None:
        return _show_round(request, driver, on=day, problems={0: str(refusal)}, status=refusal.status)
    found = summary_seen_by(actor_of(request), route_id)
    words = _("Round closed: %(delivered)d delivered, %(failed)d not handed over, %(missed)d not reached.")
    messages.success(request, words % {"delivered": found.delivered, "failed": found.failed, "missed": found.missed})
    return _back(day)


def _tap(
    request: HttpRequest,
    driver: Driver,
    kind: str,
    subject_id: int,
    *,
    key: str = "",
    payload: Mapping[str, Any] | None = None,
) -> DomainError | None:
    """Apply the tap of a form, under the form's key; why it was refused, where it was. Another's stop is no page."""
    sent = Sent(key or _key(request), kind, subject_id, payload=payload or {})
    try:
        refusal = tap(sent, driver=driver, by=actor_of(request)).refusal
    except KeyOfAnotherTap as used:
        return used
    if refusal is not None and refusal.code == NotFound.code:
        raise Http404
    return refusal


def _key(request: HttpRequest) -> str:
    """Of the form, so that sending it twice taps once; a new one where it brings none of ours."""
    key = request.POST.get("key", "")
    return key if KEY.fullmatch(key) else secrets.token_hex(16)


def _show_round(
    request: HttpRequest,
    driver: Driver,
    *,
    on: date | None,
    stop: int | None = None,
    form: HandOverForm | None = None,
    problems: Mapping[int, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    today = clock.today(driver.hub.region)
    days = days_of(driver, today=today)
    day = on or current_day(days, today=today)
    the_round = load_round(driver, on=day)
    next_stop = the_round.next_stop(stop)
    after = [entry for entry in the_round.under_way if entry is not next_stop]
    lost = dict(problems or {})
    for entry in the_round.stops:
        entry.problem = lost.pop(entry.delivery.pk, "") if entry.is_open else ""
    context = {
        "driver": driver,
        "key": secrets.token_hex(16),
        "undoable": undoable_of(driver),
        "reasons": [(value, label, _is_final(value)) for value, label in Delivery.FailureReason.choices],
        "days": days,
        "today": today,
        "is_due": day <= today,
        "round": the_round,
        "next_stop": next_stop,
        "after": after,
        "offline": [(entry, HandOverForm(stop=entry), _map_link(entry)) for entry in after],
        "form": form or (HandOverForm(stop=next_stop) if next_stop else None),
        "map_link": _map_link(next_stop) if next_stop else "",
        "lost": list(lost.values()),
    }
    return render(request, "deliveries/round.html", context, status=status)


def _map_link(stop: Drop) -> str:
    return MAP + urlencode({"api": 1, "destination": stop.destination})


def _back(day: date | None, *, stop: int | None = None) -> HttpResponse:
    """To the round, at its next stop. What was sent is not sent again by a reload."""
    told = {"on": day.isoformat()} if day else {}
    if stop is not None:
        told["stop"] = str(stop)
    query = f"?{urlencode(told)}" if told else ""
    return redirect(f"{reverse('deliveries:round')}{query}")


def _day(text: str | None) -> date | None:
    try:
        return parse_date(text or "")
    except ValueError:
        return None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else None


@require_safe
def door_photo(request: HttpRequest, token: str) -> HttpResponseBase:
    """What stands at a door, for an hour after a page showed it to somebody who may see the delivery, and only while it
    proves one. Nobody keeps it for others."""
    stem = read_photo(token)
    try:
        if stem is None or not is_kept(stem):
            raise FileNotFoundError
        content = DOOR_PHOTOS.open(stem)
    except FileNotFoundError as missing:
        raise Http404("no such photo") from missing
    return private_photo(content, name="door.webp")


# -- tracking --------------------------------------------------------------------------------------------------------


@require_safe
def track(request: HttpRequest, token: str) -> HttpResponse:
    """Where a delivery is, for whoever holds its link."""
    return _show_tracking(request, token, "deliveries/track.html")


@require_safe
def track_live(request: HttpRequest, token: str) -> HttpResponse:
    """The part of the tracking page that changes. Answers 304 while nothing did."""
    return _show_tracking(request, token, "deliveries/track_live.html")


@require_POST
def rate(request: HttpRequest, token: str) -> HttpResponse:
    """Stars and a word for a delivery, by its household or whoever holds its link. Back to where it was given."""
    delivery = delivery_by_token(token)
    if delivery is None:
        raise Http404
    form = RatingForm(request.POST)
    if form.is_valid():
        told = form.cleaned_data
        try:
            rate_delivery(delivery.pk, stars=told["stars"], words=told["words"], by=actor_of(request))
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Thank you."))
            if request.POST.get("back") == "order":
                return redirect("orders:detail", delivery.order.number)
            return redirect("deliveries:track", token)
    return _show_tracking(request, token, "deliveries/track.html", form=form)


def _show_tracking(request: HttpRequest, token: str, template: str, *, form: RatingForm | None = None) -> HttpResponse:
    delivery = delivery_by_token(token)
    if delivery is None:
        raise Http404
    followed = follow(delivery.order)
    tag = _tag(delivery, followed)
    etag = f'"{tag}"'
    if template.endswith("live.html") and etag in parse_etags(request.headers.get("If-None-Match", "")):
        response: HttpResponse = HttpResponseNotModified()
    else:
        with timezone.override(ZoneInfo(delivery.order.region.time_zone)):
            context = {**_tracking_context(delivery, followed, tag), "rated": rating_of(delivery), "form": form}
            response = render(request, template, context, status=422 if form else 200)
    response["ETag"] = etag
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _tracking_context(delivery: Delivery, followed: Followed, tag: str) -> dict[str, Any]:
    """No address, contents or payment, no reason of a failed try, and no name but the driver's first, and that only on
    the way."""
    is_coming = delivery.status in UNDER_WAY
    driver = delivery.driver
    return {
        "order": followed.order,
        "delivery": delivery,
        "steps": for_the_link(followed).timeline,
        "way": followed.way,
        "driver_name": driver.user.get_short_name() if driver and is_coming else "",
        "is_coming": is_coming,
        "is_over": delivery.status in (Delivery.Status.DELIVERED, Delivery.Status.CANCELLED),
        "tag": tag,
        "token": delivery.tracking_token,
    }


def _tag(delivery: Delivery, followed: Followed) -> str:
    """Changes whenever the page would."""
    facts: list[object] = [
        delivery.status,
        delivery.driver_id,
        delivery.delivery_date,
        delivery.slot_id,
        followed.order.status,
        followed.order.delivery_date,
        followed.way,
        get_language(),
    ]
    facts += [(step.name, step.at, step.state) for step in followed.timeline]
    return sha256(repr(facts).encode()).hexdigest()[:24]
