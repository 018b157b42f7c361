"""What we keep of a household: a copy of it to take along, and the end of it."""

import tempfile
import zipfile
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from accounts.actions import WALLET, erase_person
from accounts.forms.closing import CloseForm
from accounts.rules.erasing import NotErasable
from accounts.signin.fresh import is_fresh
from accounts.throttles import Copies
from accounts.views.profile import INVALID, OwnPage
from milkdelivery.core import clock
from milkdelivery.core.api.throttles import is_too_often
from milkdelivery.core.erasing import Obstacle, obstacles_of
from milkdelivery.core.outside import ensure_outside_transaction
from milkdelivery.core.personal import as_json, enclosures_of, everything_about
from milkdelivery.core.web import DEVICE_COOKIE, actor_of

IN_MEMORY = 1_000_000
"""Bytes of a copy that are kept in memory; a larger one goes to a file of the system's."""

READY = "ready"
"""In the address, once somebody has shown that it is them and may press again."""


class FreshPage(OwnPage):
    """A page for which a session that somebody left open is not enough."""

    section = "data"
    back = "account_data"
    """Where whoever had to show that it is them goes on."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not is_fresh(request.session, self.person):
            return self._ask_who()
        return super().dispatch(request, *args, **kwargs)

    def _ask_who(self) -> HttpResponse:
        """Their password; whoever has none signs in by code again."""
        onward = f"{reverse(self.back)}?{READY}=1"
        if self.person.has_usable_password():
            return redirect(reverse("account_reauthenticate", query={"next": onward}))
        return self.page("sign_in_again", onward=onward)


class YourData(OwnPage):
    """What can be done with all that we keep of a household."""

    section = "data"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page("data", is_ready=READY in request.GET)


class Copy(FreshPage):
    """Everything, as a file to keep."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if is_too_often(Copies, request):
            messages.error(request, _("You had several copies just now. Please wait an hour for the next."))
            return redirect("account_data")
        name = f"{_('your-data')}-{clock.now():%Y-%m-%d}.zip"
        return FileResponse(_packed(self.person.pk), as_attachment=True, filename=name, content_type="application/zip")


class Close(FreshPage):
    """What happens when an account is closed, what stands in the way, and the button."""

    back = "account_close"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(obstacles_of(self.person.pk))

    def post(self, request: HttpRequest) -> HttpResponse:
        found = obstacles_of(self.person.pk)
        form = CloseForm(request.POST, wallet=_left(found))
        if not form.is_valid():
            return self._page(found, form, status=INVALID)
        try:
            erase_person(
                self.person.pk, gives_up_money=form.cleaned_data.get("gives_up_money", False), by=actor_of(request)
            )
        except NotErasable as refusal:
            return self._page(refusal.obstacles, form, status=INVALID)
        request.session.flush()
        answer = redirect("account_closed")
        answer.delete_cookie(DEVICE_COOKIE)
        return answer

    def _page(self, found: Sequence[Obstacle], form: CloseForm | None = None, *, status: int = 200) -> HttpResponse:
        wallet = _left(found)
        in_the_way = [(each.text, _link(each)) for each in found if each.code != WALLET]
        return self.page(
            "close", status=status, in_the_way=in_the_way, wallet=wallet, form=form or CloseForm(wallet=wallet)
        )


class Closed(TemplateView):
    """Goodbye, to nobody in particular."""

    template_name = "accounts/closed.html"


def _left(found: Sequence[Obstacle]) -> str:
    """What is in wallets and may be given up, in words; empty where nothing is."""
    return ", ".join(each.facts["amount"] for each in found if each.code == WALLET)


def _link(obstacle: Obstacle) -> str:
    if not obstacle.page:
        return ""
    return reverse(obstacle.page, args=[obstacle.key] if obstacle.key else [])


class SignInAgain(OwnPage):
    """Ends this session and asks for a code: for people without a password, who have nothing else to show."""

    def post(self, request: HttpRequest) -> HttpResponse:
        onward = self.next if self.next.startswith("/account/") else reverse("account_data")
        logout(request)
        return redirect(reverse("account_request_login_code", query={"next": onward}))


def _packed(user_id: int) -> Any:
    """The copy as JSON and the files that belong to it, zipped. Slow: never inside a transaction."""
    ensure_outside_transaction("packing a copy")
    packed = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the response closes it
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", as_json(everything_about(user_id), indent=2))
        for enclosure in enclosures_of(user_id):
            try:
                archive.writestr(enclosure.name, enclosure.read())
            except FileNotFoundError:
                continue  # deleted since the row was read
    packed.seek(0)
    return packed
