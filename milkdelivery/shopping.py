"""What the shop knows of whoever looks: where they are, what they may have there, and their cart.

A guest needs no session: the pincode lives in a plain cookie that is checked at every look, the cart's token in a
signed one. A signed-in person's cart is found by who they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cached_property
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.cache import patch_cache_control

from accounts.models import Address, User
from cart.actions import mark_told, merge_guest_cart, open_cart
from cart.models import Cart
from cart.queries import (
    EMPTY,
    CartView,
    Contents,
    contents_of,
    guest_cart,
    next_day,
    open_cart_of,
    untold_of,
    view_cart,
)
from cart.rules import News
from milkdelivery.core import clock
from milkdelivery.core.models import DeliverySlot, Pincode, Region
from milkdelivery.core.queries import RegionBook, region_book
from milkdelivery.core.rules import DeliveryDay
from milkdelivery.core.web import actor_of
from milkdelivery.gaps import Gaps

PINCODE_COOKIE = "milk_pincode"
CART_COOKIE = "milk_cart"
CART_SALT = "milk.cart"
PINCODE_AGE = 365 * 86_400
"""Seconds."""
CART_AGE = 60 * 86_400
"""Seconds."""
PERSONAL = ("text/html", "application/json", "application/problem+json")
"""Kinds of answers that may tell of a person; what is the same for everybody says so itself."""


class Shopping:
    """One request's view of the shop. Reads nothing before it is asked, and nothing twice."""

    gaps: Gaps | None = None
    """Where this is a page that will be kept: the places in it to be filled for each visitor."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._cookies: dict[str, str | None] = {}

    # -- where and when --------------------------------------------------------------------------------------------

    @property
    def user(self) -> User | None:
        """The signed-in person."""
        user = getattr(self._request, "user", None)
        return cast(User, user) if user is not None and user.is_authenticated else None

    @property
    def book(self) -> RegionBook:
        return region_book()

    @cached_property
    def pincode(self) -> Pincode | None:
        """Where to deliver: what was chosen here, or else the address used last."""
        chosen = self.book.pincode(self._request.COOKIES.get(PINCODE_COOKIE, "")[:12])
        return chosen or self._pincode_of_last_address()

    def _pincode_of_last_address(self) -> Pincode | None:
        if self.user is None or self.user.last_selected_address_id is None:
            return None
        code = Address.objects.filter(pk=self.user.last_selected_address_id).values_list("pincode", flat=True).first()
        pincode = self.book.pincode(code)
        if pincode is not None:
            self._cookies[PINCODE_COOKIE] = pincode.code  # saves the question next time
        return pincode

    def choose_pincode(self, pincode: Pincode) -> None:
        """Remember where to deliver, in this browser."""
        self.__dict__.update(pincode=pincode)
        self.__dict__.pop("region", None)
        self._cookies[PINCODE_COOKIE] = pincode.code

    @property
    def code(self) -> str | None:
        return self.pincode.code if self.pincode else None

    @cached_property
    def region(self) -> Region:
        """The market of the pincode, or the home one. From here on the page tells times as they are there.

        Raises Http404 while there is no market at all.
        """
        region = self.pincode.region if self.pincode else self._home_region()
        timezone.activate(region.time_zone)
        return region

    def _home_region(self) -> Region:
        found = self.book.region(settings.HOME_REGION) or next(iter(self.book.regions.values()), None)
        if found is None:
            raise Http404("no region")
        return found

    @cached_property
    def next_delivery(self) -> tuple[DeliverySlot, DeliveryDay] | None:
        """The soonest delivery that can still be ordered."""
        return self.book.next_delivery(self.region.id)

    @property
    def today(self) -> date:
        return clock.today(self.region)

    @property
    def day(self) -> date:
        """The delivery day that prices are shown for."""
        return next_day(self.book, self.region)

    @property
    def seconds_left(self) -> int:
        """Until the cut-off of the next delivery."""
        if self.next_delivery is None:
            return 0
        return max(0, int((self.next_delivery[1].cutoff_at - clock.now()).total_seconds()))

    # -- the cart --------------------------------------------------------------------------------------------------

    @cached_property
    def token(self) -> UUID | None:
        """The cart token of this browser, if its signature is ours."""
        text = self._request.get_signed_cookie(CART_COOKIE, default=None, salt=CART_SALT, max_age=CART_AGE)
        try:
            return UUID(text) if text else None
        except ValueError:
            return None

    @cached_property
    def contents(self) -> Contents:
        """What is in the cart. One query at most."""
        return contents_of(customer_id=self.user.pk if self.user else None, token=self.token)

    @property
    def quantities(self) -> Mapping[int, int]:
        """Pieces by variant in the cart."""
        return self.contents.quantities

    @property
    def cart_count(self) -> int:
        return sum(self.quantities.values())

    @cached_property
    def cart(self) -> Cart | None:
        """The open cart, if there is one."""
        if self.user is not None:
            return open_cart_of(self.user.pk)
        return guest_cart(self.token) if self.token else None

    def cart_to_fill(self) -> int:
        """The id of the open cart, made where there is none; a guest's browser remembers it."""
        if self.contents.cart_id is not None:
            return self.contents.cart_id
        user = self.user
        cart = open_cart(customer_id=user.pk if user else None, token=self.token)
        self.__dict__.update(cart=cart)
        if user is None and cart.token != self.token:
            self.__dict__.update(token=cart.token)
            self._cookies[CART_COOKIE] = str(cart.token)
        return cart.pk

    def view(self) -> CartView:
        """The cart priced for the next delivery."""
        view = view_cart(self.cart, region=self.region, book=self.book, pincode=self.code, on=self.day)
        self.note_cart(view)
        return view

    def tell_news(self, view: CartView) -> tuple[News, ...]:
        """What changed in the cart without its household, for an answer that shows it: it is told this once."""
        untold = untold_of(view)
        if view.cart is not None and untold.is_any:
            mark_told(view.cart.pk, untold, by=actor_of(self._request))
        return untold.news

    def look_anew(self) -> None:
        """The cart was changed besides its pieces: what was read of it is old."""
        self.__dict__.pop("cart", None)

    def note_cart(self, view: CartView) -> None:
        """This is what the cart holds; nothing has to ask again."""
        quantities = {line.line.variant_id: line.quantity for line in view.lines if line.sold}
        self.__dict__.update(contents=Contents(view.cart.pk, quantities) if view.cart and quantities else EMPTY)

    def note_pieces(self, cart_id: int, variant_id: int, quantity: int) -> None:
        """The cart was changed, and this is what the rest of the request sees."""
        others = {known: count for known, count in self.quantities.items() if known != variant_id}
        quantities = {**others, variant_id: quantity} if quantity else others
        self.__dict__.update(contents=Contents(cart_id, quantities))

    def forget_cart(self) -> None:
        """This browser's guest cart is no more: ordered, or joined into a person's."""
        if CART_COOKIE in self._request.COOKIES:
            self._cookies[CART_COOKIE] = None
        self.__dict__.update(token=None)
        for known in ("cart", "contents"):
            self.__dict__.pop(known, None)

    # -- the browser -----------------------------------------------------------------------------------------------

    def write_cookies(self, response: HttpResponseBase) -> None:
        ages = {PINCODE_COOKIE: PINCODE_AGE, CART_COOKIE: CART_AGE}
        for name, value in self._cookies.items():
            if value is None:
                response.delete_cookie(name, samesite="Lax")
                continue
            flags: dict[str, Any] = {
                "max_age": ages[name],
                "httponly": True,
                "samesite": "Lax",
                "secure": settings.SESSION_COOKIE_SECURE,
            }
            if name == CART_COOKIE:
                response.set_signed_cookie(name, value, salt=CART_SALT, **flags)
            else:
                response.set_cookie(name, value, **flags)


class ShoppingMiddleware:
    """`request.shopping`; its cookies; and what holds a name or a cart stays out of shared caches."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        shopping = Shopping(request)
        request.shopping = shopping  # type: ignore[attr-defined]
        try:
            response = self.get_response(request)
        finally:
            timezone.deactivate()
        shopping.write_cookies(response)
        if response.get("Content-Type", "").startswith(PERSONAL) and not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_cache=True)
        return response


def shopping_of(request: HttpRequest) -> Shopping:
    shopping: Shopping = request.shopping  # type: ignore[attr-defined]
    return shopping


@receiver(user_logged_in, dispatch_uid="shopping.join_carts")
def join_carts(sender: object, request: HttpRequest | None, user: User, **_: object) -> None:
    """A guest signed in: what was in this browser's cart joins their own."""
    shopping: Shopping | None = getattr(request, "shopping", None)
    if request is None or shopping is None or shopping.token is None:
        return
    token = shopping.token
    shopping.forget_cart()
    merge_guest_cart(token, customer_id=user.pk, by=actor_of(request))
