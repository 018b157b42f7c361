"""The bell: what one was told, in every role one has; and the way out of mails that can be switched off."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from accounts.rules.messages import Group
from accounts.signin.adapter import LANDINGS
from accounts.views.profile import OwnPage
from milkdelivery.core.actors import Role
from milkdelivery.core.errors import NotFound
from milkdelivery.core.web import actor_of
from milkdelivery.paging import page_number, page_of
from milkdelivery.shopping import shopping_of
from notifications.actions import mark_read, stop_mails
from notifications.models import Notification
from notifications.queries import bell_of, can_still_be_stopped
from notifications.rules import KINDS, Severity
from notifications.tokens import Stop, stop_of
from notifications.words import GROUP_NAMES, PLACES

PER_PAGE = 20


class Bell(OwnPage):
    """The latest first. What is unread stands out; the rest stays to be read again."""

    section = "notifications"
    folder = "notifications"

    def get(self, request: HttpRequest) -> HttpResponse:
        shopping = shopping_of(request)
        shopping.region  # noqa: B018 - from here on the page tells times as they are there
        page = page_of(bell_of(self.person.pk), number=page_number(request.GET.get("page")), size=PER_PAGE)
        is_household = self.person.role == Role.CUSTOMER
        return self.page(
            "bell",
            frame="layouts/account.html" if is_household else "layouts/staff.html",
            page=page,
            rows=[_row(told, is_household=is_household) for told in page.rows],
            unread=self.person.unread_count,
            today=shopping.today,
            work=LANDINGS.get(self.person.role, ""),
        )


class Open(OwnPage):
    """Read one, and go where it leads."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        told = bell_of(self.person.pk).filter(pk=pk).first()
        if told is None:
            raise Http404
        mark_read(self.person.pk, only=pk, by=actor_of(request))
        is_ours = told.link.startswith("/") and url_has_allowed_host_and_scheme(told.link, None)
        return redirect(told.link if is_ours else reverse("notifications:list"))


class ReadAll(OwnPage):
    def post(self, request: HttpRequest) -> HttpResponse:
        count = mark_read(self.person.pk, by=actor_of(request))
        if count:
            text = ngettext("%(n)s message marked as read.", "%(n)s messages marked as read.", count) % {"n": count}
            messages.success(request, text)
        return redirect("notifications:list")


def _row(told: Notification, *, is_household: bool) -> dict[str, Any]:
    """What a line shows. Where it belongs is said to whoever has more roles than that of a household."""
    spec = KINDS.get(told.kind)
    severity = spec.severity if spec else None
    return {
        "told": told,
        "text": told.body or told.subject,
        "place": "" if is_household and told.role == Role.CUSTOMER else PLACES.get(told.role, ""),
        "icon": ICONS.get(spec.group, "bell") if spec else "bell",
        "is_critical": severity == Severity.CRITICAL,
        "is_warning": severity == Severity.WARNING,
    }


ICONS = {
    Group.ORDERS: "box",
    Group.DELIVERIES: "truck",
    Group.MONEY: "wallet",
    Group.SECURITY: "shield",
    Group.NEWS: "star",
    Group.WORK: "bell",
}


@method_decorator([never_cache, csrf_exempt], name="dispatch")
class Unsubscribe(View):
    """Ends mails of a group for whoever holds the link of one: mail programs post there with one tap and no cookie
    (RFC 8058). A look changes nothing, since programs look at links before people do; the page has a button."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        stop = self._stop(token)
        return self._page(request, stop, is_done=stop is not None and not can_still_be_stopped(stop))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        stop = self._stop(token)
        if stop is None:
            return self._page(request, None)
        try:
            stop_mails(stop.user_id, stop.group, by=actor_of(request))
        except NotFound:
            return self._page(request, None)
        return self._page(request, stop, is_done=True)

    def _stop(self, token: str) -> Stop | None:
        return stop_of(token)

    def _page(self, request: HttpRequest, stop: Stop | None, *, is_done: bool = False) -> HttpResponse:
        context = {"stop": stop, "is_done": is_done, "name": GROUP_NAMES[stop.group] if stop else ""}
        title = _("Mails") if stop else _("This link is not ours")
        return render(
            request, "notifications/unsubscribe.html", {**context, "title": title}, status=200 if stop else 404
        )
