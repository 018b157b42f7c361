"""Pages that many see alike, rendered once: for guests, and where a page asks for it, for households too.

A page is rendered for a stand-in: a request without cookies, headers or a person, so that nothing of whoever asked can
get into what is kept. What differs from one to the next is a gap (`gaps.py`) and filled at each request: CSRF token,
messages, the person's name, pincode and its place, the cart's count and steppers, the seconds until the cut-off.

A kept page is found by everything else that it depends on: its address with the query parameters that it knows, the
market, who serves the pincode, the language, the next delivery and today's date there (so no text outlives a cut-off or
midnight), and the edition of the shop. It is kept for `FRESH_FOR` seconds: how much is left of a product may be that
old, and cart and checkout count it anew.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from functools import cached_property, lru_cache, wraps
from http import HTTPStatus
from time import monotonic
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, QueryDict
from django.middleware.csrf import get_token
from django.template.loader import get_template
from django.utils.cache import patch_vary_headers
from django.utils.crypto import salted_hmac
from django.utils.http import parse_etags
from django.utils.translation import get_language
from django_htmx.middleware import HtmxDetails

from milkdelivery.context_processors import Shell
from milkdelivery.core.edition import edition
from milkdelivery.core.models import Pincode
from milkdelivery.dairies import dairies_at
from milkdelivery.gaps import Gaps, KeptPage
from milkdelivery.shopping import Shopping, shopping_of

FRESH_FOR = 60.0
"""Seconds."""
MOST_PAGES = 500
MOST_BYTES = 24_000_000
LONGEST_QUERY = 200
"""Characters of the known parameters together: what is longer is nobody's bookmark."""

View = Callable[..., HttpResponse]


def kept_for_guests(
    *, known: Collection[str] = (), own: Collection[str] = (), parts: Collection[str] = (), households: bool = False
) -> Callable[[View], View]:
    """Keep the pages of a view for guests, and with `households` for signed-in people: their name is all that differs.

    Others, and whoever sends a parameter of `own`, get a page of their own.

    `known` are the query parameters that the page depends on; it never sees any other. `parts` are the htmx targets
    that it answers with a part of itself.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if shopping_of(request).user is not None and not households:
                response = view(request, *args, **kwargs)
            else:
                response = _kept_answer(view, request, args, kwargs, known=known, own=own, parts=parts)
            if parts:
                patch_vary_headers(response, ["HX-Request", "HX-Target"])
            return response

        return answer

    return decorate


def forget_guest_pages() -> None:
    """Render them anew at the next look."""
    _store.clear()


# -- one request -------------------------------------------------------------------------------------------------------


def _kept_answer(
    view: View,
    request: HttpRequest,
    args: Any,
    kwargs: Any,
    *,
    known: Collection[str],
    own: Collection[str],
    parts: Collection[str],
) -> HttpResponse:
    shopping = shopping_of(request)
    query = [(name, value) for name in known for value in request.GET.getlist(name)]
    is_long = sum(len(name) + len(value) for name, value in query) > LONGEST_QUERY
    if is_long or any(name in request.GET for name in own):
        return view(request, *args, **kwargs)
    part = _part(request, parts)
    key = _key(request, shopping, query, part)
    page = _store.get(key)
    if page is None:
        gaps = Gaps()
        response = view(_stand_in(request, shopping, gaps, query, part), *args, **kwargs)
        page = KeptPage.of(response.content.decode(), gaps, status=response.status_code)
        if response.status_code == HTTPStatus.OK:
            _store.put(key, page)
    if not page.is_for(shopping.quantities):
        return view(request, *args, **kwargs)
    return _filled(page, request, shopping)


def _part(request: HttpRequest, parts: Collection[str]) -> str:
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    target = htmx.target or ""
    return target if htmx and target in parts and not htmx.history_restore_request else ""


def _key(request: HttpRequest, shopping: Shopping, query: list[tuple[str, str]], part: str) -> Hashable:
    pincode, upcoming = shopping.pincode, shopping.next_delivery
    return (
        request.path,
        part,
        tuple(query),
        shopping.region.pk,
        (pincode.is_served, frozenset(dairies_at(pincode.code))) if pincode else None,
        get_language(),
        (upcoming[0].pk, upcoming[1].date, upcoming[1].cutoff_at) if upcoming else None,
        shopping.today,
        edition(),
    )


def _filled(page: KeptPage, request: HttpRequest, shopping: Shopping) -> HttpResponse:
    token = get_token(request)
    messages = get_messages(request)
    told = ""
    if len(messages):
        told = get_template("components/messages.html").render({"messages": messages})
    is_tagged = not told and page.status == HTTPStatus.OK and shopping.user is None
    tag = _tag(page, request, shopping) if is_tagged else ""
    if tag and tag in (known.removeprefix("W/") for known in parse_etags(request.headers.get("If-None-Match", ""))):
        response: HttpResponse = HttpResponseNotModified()
    else:
        values = {
            "csrf_token": token,
            "messages": told,
            "cart_count": _cart_count(shopping.cart_count, get_language() or ""),
            **_person(Shell(request), token),
            "pincode": shopping.code or "",
            "place": shopping.pincode.name if shopping.pincode else "",
            "seconds_left": str(shopping.seconds_left) if "seconds_left" in page.names else "",
        }
        response = HttpResponse(page.filled(values, shopping.quantities), status=page.status)
    if tag:
        response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    return response


def _tag(page: KeptPage, request: HttpRequest, shopping: Shopping) -> str:
    """Names what this browser gets: another token, pincode or cart is another page.

    A countdown goes on from the seconds that stand in the page, so a page that has one is the same for a minute only,
    and in the last ten minutes for five seconds.
    """
    left = shopping.seconds_left if "seconds_left" in page.names else 0
    step = 60 if left > 600 else 5
    facts = [
        page.tag,
        request.META["CSRF_COOKIE"],
        shopping.code or "",
        shopping.pincode.name if shopping.pincode else "",
        str(sorted(shopping.quantities.items())),
        str(left // step),
    ]
    return f'"{salted_hmac("milk.guest_page", chr(0).join(facts), algorithm="sha256").hexdigest()[:32]}"'


def _person(shell: Shell, token: str) -> dict[str, str]:
    """Where the page names who is signed in, and says how much they have to read."""
    if not shell.person_name:
        return _nobody(get_language() or "")
    context = {"name": shell.person_name, "unread": shell.unread, "csrf_token": token}
    return {gap: get_template(f"layouts/parts/{gap}.html").render(context) for gap in ("person_link", "person_foot")}


@lru_cache(maxsize=8)
def _nobody(_language: str) -> dict[str, str]:
    return {gap: get_template(f"layouts/parts/{gap}.html").render({}) for gap in ("person_link", "person_foot")}


@lru_cache(maxsize=256)
def _cart_count(count: int, _language: str) -> str:
    return get_template("layouts/parts/cart_count.html").render({"count": count})


# -- what a kept page is rendered for ----------------------------------------------------------------------------------


class StandIn(Shopping):
    """A guest at the same place as the one who asked, of whom nothing else is known."""

    def __init__(self, request: HttpRequest, real: Shopping, gaps: Gaps) -> None:
        super().__init__(request)
        self._real = real
        self.gaps = gaps

    @cached_property
    def pincode(self) -> Pincode | None:
        real = self._real.pincode
        if real is None:
            return None
        return Pincode(code=Gaps.pincode, name=Gaps.place, region=real.region, is_served=real.is_served)

    @property
    def code(self) -> str | None:
        """The real one, to ask what there is: the same for all pincodes with the same dairies. Never shown."""
        return self._real.code

    @property
    def seconds_left(self) -> int:
        return Gaps.seconds_left  # type: ignore[return-value]


def _stand_in(
    request: HttpRequest, shopping: Shopping, gaps: Gaps, query: list[tuple[str, str]], part: str
) -> HttpRequest:
    bare: Any = HttpRequest()
    bare.method = "GET"
    bare.path, bare.path_info, bare.resolver_match = request.path, request.path_info, request.resolver_match
    asked = urlencode(query)
    bare.GET = QueryDict(asked)
    bare.META = {"SERVER_NAME": "localhost", "SERVER_PORT": "80", "QUERY_STRING": asked}
    if part:
        bare.META |= {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": part}
    bare.user = AnonymousUser()
    bare.htmx = HtmxDetails(bare)
    bare.shopping = StandIn(bare, shopping, gaps)
    found: HttpRequest = bare
    return found


# -- where they are kept -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Kept:
    page: KeptPage
    until: float


class _Store:
    """Pages of this process, the one used longest ago dropped first. Bounded in number and in bytes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable) -> KeptPage | None:
        with self._lock:
            kept = self._pages.get(key)
            if kept is None or kept.until < monotonic():
                return None
            self._pages.move_to_end(key)
            return kept.page

    def put(self, key: Hashable, page: KeptPage) -> None:
        with self._lock:
            self._drop(key)
            self._pages[key] = _Kept(page, monotonic() + FRESH_FOR)
            self._bytes += page.size
            while len(self._pages) > MOST_PAGES or self._bytes > MOST_BYTES:
                self._drop(next(iter(self._pages)))

    def clear(self) -> None:
        with self._lock:
            self._pages.clear()
            self._bytes = 0

    def _drop(self, key: Hashable) -> None:
        old = self._pages.pop(key, None)
        if old is not None:
            self._bytes -= old.page.size


_store = _Store()
