"""What is answered when no view did: a problem document under the API, a plain page elsewhere.

The pages are rendered without the request: whatever is broken, they must not touch it.
"""

import sys
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist, loader
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token

from milkdelivery.core.api.problems import Problem, internal_error, not_found, problem_of, problem_page

API_PREFIX = "/api/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    problem = problem_of(exception)
    known = problem if problem.status < 500 else Problem(400, "bad_request", _("The request could not be read."))
    return _answer(request, known)


@requires_csrf_token
def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, Problem(403, "permission_denied", _("You may not do this.")))


@requires_csrf_token
def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, not_found())


def server_error(request: HttpRequest) -> HttpResponse:
    """Also where a database that is busy or away ends up: 503 with Retry-After, not 500."""
    failure = sys.exception()
    problem = problem_of(failure) if failure else internal_error()
    return _answer(request, problem if problem.status >= 500 else internal_error())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _answer(
        request, Problem(403, "csrf_failed", _("This form is out of date. Please go back, reload and try again."))
    )


def _answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    if request.path_info.startswith(API_PREFIX):
        return problem_page(request, problem)
    response = HttpResponse(_page(problem), status=problem.status)
    for name, value in problem.headers.items():
        response[name] = value
    return response


def _page(problem: Problem) -> str:
    context: dict[str, Any] = {"problem": problem}
    try:
        return loader.select_template([f"{problem.status}.html", "error.html"]).render(context)
    except TemplateDoesNotExist:
        return str(problem.detail)
