"""The dispatcher's desk: the rounds of a slot side by side, what nobody drives, and the buttons that change it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.db.models import Case, QuerySet, When
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.http import parse_etags
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from unfold.decorators import action

from deliveries import actions
from deliveries.models import Delivery, Hub, Route
from deliveries.printing import sheet_of
from deliveries.queries import Desk, at_stake, desk_of, drops_of, next_slot, paid_already
from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.forms import ReasonForm
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.errors import DomainError, NotFound
from milkdelivery.core.models import DeliverySlot
from milkdelivery.core.queries import region_book
from milkdelivery.core.web import actor_of

LARGEST_ID = 2**63 - 1
MOST_STOPS = 500
"""Doors moved at once."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which desk: a hub, a day, a slot."""

    hub: Hub
    on: date
    slot: DeliverySlot

    @property
    def query(self) -> str:
        return urlencode({"hub": self.hub.pk, "on": self.on.isoformat(), "slot": self.slot.pk})

    @property
    def url(self) -> str:
        return f"{reverse('admin:deliveries_route_desk')}?{self.query}"

    @property
    def words(self) -> str:
        return f"{self.hub} · {date_format(self.on, 'l, j F')} · {self.slot.label}"

    def at(self, day: date) -> str:
        return Place(self.hub, day, self.slot).url

    @property
    def deliveries(self) -> QuerySet[Delivery]:
        return Delivery.objects.filter(hub=self.hub, delivery_date=self.on, slot=self.slot)


def desk_url(route: Route) -> str:
    """The desk that a round is on, at that round."""
    query = urlencode({"hub": route.hub_id, "on": route.date.isoformat(), "slot": route.slot_id})
    return f"{reverse('admin:deliveries_route_desk')}?{query}#round-{route.pk}"


class DispatchActions(ReadOnlyAdmin):
    """The desk, and calling off. A part of the round's admin."""

    @action(description=gettext_lazy("Dispatch"), permissions=["operate"], url_path="desk", icon="alt_route")
    def desk(self, request: HttpRequest) -> HttpResponse:
        """A hub's slot: the one that is on or comes next, unless the address names another."""
        place = _place(request.GET)
        if place is None:
            return self._shown(request, "admin/deliveries/route/no_desk.html", {})
        if "call-off" in request.GET:
            return self._call_off_slot(request, place)
        if "live" in request.GET:
            return self._live(request, place)
        if request.method != "POST":
            return self._desk(request, place)
        try:
            done = _do(place, request.POST, by=actor_of(request))
        except DomainError as refusal:
            return self._desk(request, place, problem=str(refusal), status=_status_for(request, refusal))
        if request.headers.get("HX-Request"):
            return self._desk(request, place, done=done)
        if done:
            messages.success(request, done)
        return HttpResponseRedirect(place.url)

    def _desk(
        self, request: HttpRequest, place: Place, *, problem: str = "", done: str = "", status: int = 200
    ) -> HttpResponse:
        with timezone.override(ZoneInfo(place.hub.region.time_zone)):
            desk: Desk = desk_of(place.hub, on=place.on, slot=place.slot)
            context = {**self._context(place, desk), "problem": problem, "done": done}
            return self._shown(request, "admin/deliveries/route/desk.html", context, status=status)

    def _live(self, request: HttpRequest, place: Place) -> HttpResponse:
        """The desk by itself, for a page that asks whether something changed: 304 while nothing did."""
        desk = desk_of(place.hub, on=place.on, slot=place.slot)
        context = self._context(place, desk)
        etag = f'"{context["edition"]}"'
        response: HttpResponse
        if etag in parse_etags(request.headers.get("If-None-Match", "")):
            response = HttpResponseNotModified()
        else:
            with timezone.override(ZoneInfo(place.hub.region.time_zone)):
                response = render(request, "admin/deliveries/route/desk_body.html", context)
        response["ETag"] = etag
        patch_cache_control(response, private=True, no_cache=True)
        return response

    def _context(self, place: Place, desk: Desk) -> dict[str, Any]:
        today = clock.today(place.hub.region)
        shown = (desk.edition, today, get_language())
        return {
            "desk": desk,
            "place": place,
            "edition": sha256(repr(shown).encode()).hexdigest()[:24],
            "today": today,
            "hubs": list(Hub.objects.filter(is_active=True).order_by("name")),
            "slots": region_book().slots_of(place.hub.region_id),
            "before": place.at(place.on - timedelta(days=1)),
            "after": place.at(place.on + timedelta(days=1)),
        }

    def _shown(
        self, request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
    ) -> HttpResponse:
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "title": _("Dispatch")}
        page = TemplateResponse(request, template, {**frame, **context}, status=status)
        return page.render()

    def _call_off_slot(self, request: HttpRequest, place: Place) -> HttpResponse:
        def perform(answer: dict[str, Any]) -> str:
            count = actions.call_off_slot(
                place.hub.pk,
                on=place.on,
                slot_id=place.slot.pk,
                reason=answer["reason"],
                by=actor_of(request),
            )
            return _called_off(count)

        question = Question(
            title=_("Call off %(what)s?") % {"what": place.words},
            intro=_(
                "Nobody drives in this slot. Each household is told with your reason, and its money goes back. "
                "There is no way back."
            ),
            submit=_("Call it off"),
            form=ReasonForm,
            facts=_stakes(place.deliveries, place.hub),
            perform=perform,
            is_dangerous=True,
        )
        return ask(self, request, place.hub, question, back=place.url)

    @action(description=gettext_lazy("Call off"), permissions=["operate"], url_path="call-off", icon="event_busy")
    def call_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        route: Route = self.record(request, object_id)
        on_round = Delivery.objects.filter(stop__route=route)

        def perform(answer: dict[str, Any]) -> str:
            count = at_stake(on_round, currency=route.hub.region.currency).orders
            actions.call_off_route(route.pk, reason=answer["reason"], by=actor_of(request))
            return _called_off(count)

        question = Question(
            title=_("Call off round %(number)d of %(driver)s?")
            % {"number": route.number, "driver": route.driver or _("nobody")},
            intro=_(
                "What was not brought is cancelled. Each household is told with your reason, and its money goes back. "
                "There is no way back: to keep its orders, give the round to another driver instead."
            ),
            submit=_("Call it off"),
            form=ReasonForm,
            facts=_stakes(on_round, route.hub),
            perform=perform,
            is_dangerous=True,
        )
        return ask(self, request, route, question, back=desk_url(route))

    @action(description=gettext_lazy("On the desk"), permissions=["operate"], url_path="on-the-desk", icon="alt_route")
    def on_the_desk(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(desk_url(self.record(request, object_id)))

    @action(description=gettext_lazy("Round sheet"), permissions=["operate"], url_path="sheet", icon="print")
    def sheet(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The round on paper, with what to load. A PDF that opens in the browser and is kept by nobody."""
        route: Route = self.record(request, object_id)
        with timezone.override(ZoneInfo(route.hub.region.time_zone)):
            response = HttpResponse(sheet_of(route, drops_of(route.pk)), content_type="application/pdf")
        name = f"round-{route.date.isoformat()}-{route.number}.pdf"
        response["Content-Disposition"] = f'inline; filename="{name}"'
        response["Cache-Control"] = "private, no-store"
        return response


def _called_off(count: int) -> str:
    words = ngettext("%(count)d order is called off.", "%(count)d orders are called off.", count)
    return words % {"count": count}


def _stakes(deliveries: QuerySet[Delivery], hub: Hub) -> list[tuple[str, Any]]:
    """How many households get nothing, and how much money that is. Two queries."""
    currency = hub.region.currency
    found = at_stake(deliveries, currency=currency)
    return [
        (_("Orders"), found.orders),
        (_("Households"), found.households),
        (_("Worth"), found.worth),
        (_("Paid already, goes back"), paid_already(deliveries, currency=currency)),
    ]


def _status_for(request: HttpRequest, refusal: DomainError) -> int:
    """htmx swaps in what came out well only, here."""
    return 200 if request.headers.get("HX-Request") else refusal.status


def _place(query: QueryDict) -> Place | None:
    """The desk that an address names; what it does not name, or names wrongly, is what is on or comes next
    at home."""
    at_home = Case(When(region__code=settings.HOME_REGION, then=0), default=1)
    hubs = Hub.objects.filter(is_active=True).select_related("region").order_by(at_home, "name")
    hub = hubs.filter(pk=_key(query.get("hub", ""))).first() or hubs.first()
    coming = next_slot(hub, now=clock.now()) if hub else None
    if hub is None or coming is None:
        return None
    slots = {slot.pk: slot for slot in region_book().slots_of(hub.region_id)}
    return Place(hub, _day(query.get("on", "")) or coming[0], slots.get(_key(query.get("slot", "")), coming[1]))


def _day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and date(2000, 1, 1) <= day <= date(2200, 1, 1) else None


def _key(text: str) -> int:
    """A primary key that was sent; 0, which is nobody's, where it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _keys(text: str, count: int) -> tuple[int, ...]:
    """`count` keys with dashes between, zeros where they are none."""
    parts = [_key(part) for part in text.split("-")]
    return tuple(parts) if len(parts) == count else (0,) * count


def _do(place: Place, data: QueryDict, *, by: Actor) -> str:
    """Do what a button of the desk says; what was done, in words. Raises DomainError."""
    name, _sep, value = data.get("do", "").partition(":")
    do = _BUTTONS.get(name)
    return do(place, data, value, by) if do else ""


def _plan(place: Place, data: QueryDict, value: str, by: Actor) -> str:
    found = actions.plan_routes(place.hub.pk, on=place.on, slot_id=place.slot.pk, by=by, replan=value == "anew")
    words = ngettext("Planned: %(stops)d stop", "Planned: %(stops)d stops", found.stops) % {"stops": found.stops}
    words += " " + ngettext("on %(count)d round.", "on %(count)d rounds.", found.routes) % {"count": found.routes}
    if found.left_over:
        left = ngettext("%(count)d order nobody drives.", "%(count)d orders nobody drives.", found.left_over)
        words += " " + left % {"count": found.left_over}
    return words


def _add(place: Place, data: QueryDict, value: str, by: Actor) -> str:
    route = actions.add_route(
        place.hub.pk,
        on=place.on,
        slot_id=place.slot.pk,
        driver_id=_key(data.get("driver", "")) or None,
        vehicle_id=_key(data.get("vehicle", "")) or None,
        by=by,
    )
    return _("Round %(number)d is added.") % {"number": route.number}


def _here(place: Place, route_id: int) -> int:
    """The round, where it is one of this desk. Raises NotFound: a page of another day has nothing to say about it."""
    found = Route.objects.filter(pk=route_id, hub=place.hub, date=place.on, slot=place.slot)
    if not found.exists():
        raise NotFound(_("There is no such round."))
    return route_id


def _lock(place: Place, data: QueryDict, value: str, by: Actor) -> str:
    route = actions.lock_route(_here(place, _key(value)), is_locked=True, by=by)
    return _("Round %(number)d is locked: planning leaves it alone.") % {"number": route.number}


def _unlock(place: Place, data: QueryDict, value: str, by: Actor) -> str:
    route = actions.lock_route(_here(place, _key(value)), is_locked=False, by=by)
    return _("Round %(number)d is open for planning.") % {"number": route.number}


def _give(place: Place, data: QueryDict, value: str, by: Actor) -> str:
    driver, vehicle = _keys(data.get("seen", ""), 2)
    route = actions.give_route(
        _here(place, _key(value)),
        driver_id=_key(data.get("driver", "")) or None,
        vehicle_id=_key(data.get("vehicle", "")) or None,
        by=by,
        seen=(driver or None, vehicle or None),
    )
    return _("Round %(number)d: %(driver)s.") % {"number": route.number, "driver": _driver_of(route.pk)}


def _driver_of(route_id: int) -> str:
    """Who drives it, as it is now."""
    route = Route.objects.select_related("driver__user").get(pk=route_id)
    return str(route.driver or _("nobody drives it"))


def _move(place: Place, data: QueryDict, value: str, by: Actor) -> str:
    """Chosen doors to another round, each where it costs least."""
    return _moved(data.getlist("stop")[:MOST_STOPS], to=_here(place, _key(data.get("to", ""))), by=by)


def _shift(place: Place, data: QueryDict, value: str, by: Actor) -> str:
    """One door up or down: `value` is the stop as it was seen, and the one that it comes before; 0 for the end."""
    *stop, before = _keys(value, 4)
    _pk, route_id, _number = stop
    return _moved(["-".join(map(str, stop))], to=_here(place, route_id), before=before, by=by)


def _drop(place: Place, data: QueryDict, value: str, by: Actor) -> str:
    """A door that was dragged: to a round, before one of its stops or last."""
    to, before = _here(place, _key(data.get("to", ""))), _key(data.get("before", ""))
    return _moved(data.getlist("stop")[:1], to=to, before=before, by=by)


def _moved(stops: Sequence[str], *, to: int, by: Actor, before: int | None = None) -> str:
    seen = {pk: (route_id, number) for pk, route_id, number in (_keys(each, 3) for each in stops) if pk}
    if not seen:
        return _("Choose the stops first.")
    route = actions.move_stops(list(seen), to_route=to, before=before or None, is_last=before == 0, seen=seen, by=by)
    words = ngettext("%(count)d stop is on round %(number)d.", "%(count)d stops are on round %(number)d.", len(seen))
    return words % {"count": len(seen), "number": route.number}


def _take(place: Place, data: QueryDict, value: str, by: Actor) -> str:
    """Orders that nobody drives, to a round."""
    to = _here(place, _key(data.get("to", "")))
    chosen = [_key(each) for each in data.getlist("delivery")[:MOST_STOPS]]
    known = place.deliveries.filter(pk__in=chosen).order_by("pk").values_list("pk", flat=True)
    for delivery_id in known:
        actions.give_delivery(delivery_id, route_id=to, by=by)
    count = len(known)
    if not count:
        return _("Choose the orders first.")
    return ngettext("%(count)d order has a round.", "%(count)d orders have a round.", count) % {"count": count}


def _of_hub(place: Place, driver_id: int) -> int:
    """The driver, where they are one of this hub's. Raises NotFound."""
    if not place.hub.drivers.filter(pk=driver_id).exists():
        raise NotFound(_("This hub has no such driver."), field="driver")
    return driver_id


def _absent(place: Place, data: QueryDict, value: str, by: Actor) -> str:
    driver_id = _of_hub(place, _key(data.get("driver", "")))
    found = actions.report_absent(driver_id, on=place.on, slot_id=place.slot.pk, by=by)
    if found.left_over:
        words = ngettext(
            "Noted. %(count)d order nobody drives now.", "Noted. %(count)d orders nobody drives now.", found.left_over
        )
        return words % {"count": found.left_over}
    return _("Noted. Their stops are shared out.")


def _back(place: Place, data: QueryDict, value: str, by: Actor) -> str:
    actions.report_back(_of_hub(place, _key(value)), on=place.on, slot_id=place.slot.pk, by=by)
    return _("Noted. Plan the slot to give them a round.")


_BUTTONS: dict[str, Callable[[Place, QueryDict, str, Actor], str]] = {
    "plan": _plan,
    "add": _add,
    "lock": _lock,
    "unlock": _unlock,
    "give": _give,
    "move": _move,
    "shift": _shift,
    "drop": _drop,
    "take": _take,
    "absent": _absent,
    "back": _back,
}
