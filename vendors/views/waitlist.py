"""Where we don't come yet: tell me when you do."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from milkdelivery.core.api.throttles import is_too_often
from milkdelivery.core.queries import region_book
from milkdelivery.core.web import actor_of
from vendors.actions import join_waitlist, leave_waitlist
from vendors.forms import WaitlistForm
from vendors.links import read_leave
from vendors.throttles import Waitlist

UNPROCESSABLE, TOO_MANY = 422, 429


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def waitlist(request: HttpRequest) -> HttpResponse:
    """Wait for us. Says the same to somebody who waits already as to anybody else."""
    if request.method != "POST":
        form = WaitlistForm(book=region_book(), initial={"pincode": request.GET.get("pincode", "")[:12]})
        return render(request, "vendors/waitlist.html", {"form": form})
    form = WaitlistForm(request.POST, book=region_book())
    if is_too_often(Waitlist, request):
        form.full_clean()
        form.add_error(None, _("That was often. Please try again in an hour."))
        return render(request, "vendors/waitlist.html", {"form": form}, status=TOO_MANY)
    if not form.is_valid():
        return render(request, "vendors/waitlist.html", {"form": form}, status=UNPROCESSABLE)
    asked = form.cleaned_data
    join_waitlist(asked["pincode"], asked["contact"], language=get_language() or "en", by=actor_of(request))
    return render(request, "vendors/waiting.html", {"pincode": asked["pincode"]})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """From the link of a message: a mail programme that looks at links changes nothing, the button does."""
    waiting_id = read_leave(token)
    if waiting_id is None:
        raise Http404
    if request.method == "POST":
        leave_waitlist(waiting_id, by=actor_of(request))
    return render(request, "vendors/leave.html", {"is_done": request.method == "POST"})
