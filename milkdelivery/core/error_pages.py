"""What is answered when no view did: a problem document under the API, a plain page elsewhere."""

import sys
from dataclasses import dataclass
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.csrf import requires_csrf_token

from milkdelivery.core.api.problems import Problem, internal_error, not_found, problem_of, problem_page

API_PREFIX = "/api/"
_PLACES = {
    "/admin/": _lazy("To the back office"),
    "/vendor/": _lazy("To your dairy’s page"),
    "/driver/": _lazy("To your round"),
}


@dataclass(frozen=True, slots=True)
class Onward:
    """Where the person came from to the page that refuses."""

    href: str
    label: str


def onward_of(path: str) -> Onward | None:
    """The way back for those who work here; None for households, whose way is the shop."""
    return next((Onward(place, str(label)) for place, label in _PLACES.items() if path.startswith(place)), None)


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    problem = problem_of(exception)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        problem = Problem(400, "bad_request", _("The request could not be read."))
    return _answer(request, problem, "400.html")


@requires_csrf_token
def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, Problem(403, "permission_denied", _("You may not do this.")), "403.html")


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    problem = Problem(403, "csrf_failed", _("The page this came from is out of date. Load it again and send it anew."))
    return _answer(request, problem, "403_csrf.html")


@requires_csrf_token
def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, not_found(), "404.html")


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Also where a database that is busy or away ends up: 503 with Retry-After, not 500."""
    failure = sys.exception()
    problem = problem_of(failure) if failure else internal_error()
    if problem.status != HTTPStatus.SERVICE_UNAVAILABLE:
        problem = internal_error()
    return _answer(request, problem, f"{problem.status}.html")


def _answer(request: HttpRequest, problem: Problem, template: str) -> HttpResponse:
    if request.path_info.startswith(API_PREFIX):
        return problem_page(request, problem)
    # Whatever is broken, the page that says so must not touch it: no request, no context processors.
    is_ours = problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    page = loader.get_template(template).render({"onward": onward_of(request.path_info)}, None if is_ours else request)
    return HttpResponse(page, status=problem.status, headers=dict(problem.headers))
